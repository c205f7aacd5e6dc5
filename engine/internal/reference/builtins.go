package reference

import (
	"math/big"
	"slices"
	"strings"
	"unicode"

	"passerelle/engine/feel"
)

// overload is one form of a built-in function: its parameters in the notation
// "name:kind", a "?" after the name for those that may be left out, and "..."
// for one that takes all further arguments.
type overload struct {
	params string
	fn     func(in *interpreter, a []feel.Value) feel.Value
}

// kinds of parameters: n number, s string, l list, c context, f function,
// r range, d date or date and time, a anything.
var accepts = map[string]func(feel.Value) bool{
	"n": is(feel.KindNumber), "s": is(feel.KindString), "c": is(feel.KindContext), "f": is(feel.KindFunction), "r": is(feel.KindRange),
	"d": func(v feel.Value) bool { return v.Kind() == feel.KindDate || v.Kind() == feel.KindDateTime },
}

func is(k feel.Kind) func(feel.Value) bool { return func(v feel.Value) bool { return v.Kind() == k } }

// fit converts an argument to a parameter (10.3.2.9.4).
func fit(kind string, optional bool, v feel.Value) (feel.Value, bool) {
	switch {
	case kind == "a":
		return v, true
	case v.IsNull():
		return v, optional
	case kind == "l":
		return feel.List(asList(v)...), true
	}
	return alone(v), accepts[kind](alone(v))
}

func alone(v feel.Value) feel.Value {
	if v.Kind() == feel.KindList && len(v.Items()) == 1 {
		return v.Items()[0]
	}
	return v
}

// builtinOf names the built-in function that a value is.
func builtinOf(fn feel.Value) string {
	for name, v := range engineValues {
		if v.Equal(fn) {
			return name
		}
	}
	return ""
}

func (in *interpreter) builtin(name string, names []string, args []feel.Value) feel.Value {
	for _, a := range args {
		in.work(len(a.Items()))
	}
	forms, ok := builtins[name]
	if !ok {
		if names != nil {
			panic(skip("named arguments of a function that the reference leaves to the engine"))
		}
		v, _ := engineFunction(name).Invoke(args)
		return v
	}
	for _, form := range forms {
		a := args
		if names != nil {
			if a, ok = ordered(form.params, names, args); !ok {
				continue
			}
		}
		if fitted, ok := fitAll(form.params, a); ok {
			return form.fn(in, fitted)
		}
	}
	return null()
}

func ordered(params string, names []string, args []feel.Value) ([]feel.Value, bool) {
	var out []feel.Value
	used := 0
	for _, p := range split(params) {
		name, _, _ := strings.Cut(p, ":")
		i := slices.Index(names, strings.TrimRight(name, "?."))
		if i < 0 {
			if !strings.HasSuffix(name, "?") {
				return nil, false
			}
			out = append(out, null())
			continue
		}
		used++
		if strings.HasSuffix(name, "...") {
			out = append(out, asList(args[i])...)
			continue
		}
		out = append(out, args[i])
	}
	return out, used == len(names)
}

func split(params string) []string {
	if params == "" {
		return nil
	}
	return strings.Split(params, ", ")
}

func fitAll(params string, args []feel.Value) ([]feel.Value, bool) {
	list := split(params)
	if len(list) == 1 && strings.Contains(list[0], "...") {
		return args, true
	}
	if len(args) > len(list) {
		return nil, false
	}
	var out []feel.Value
	for i, p := range list {
		name, kind, _ := strings.Cut(p, ":")
		optional := strings.HasSuffix(name, "?")
		if i >= len(args) {
			if !optional {
				return nil, false
			}
			out = append(out, null())
			continue
		}
		v, ok := fit(kind, optional, args[i])
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

// one makes a form of a function that needs no interpreter.
func one(params string, fn func(a []feel.Value) feel.Value) overload {
	return overload{params, func(_ *interpreter, a []feel.Value) feel.Value { return fn(a) }}
}

// listOrItems are the two forms of count, sum and their like: a list, or items.
func listOrItems(fn func(items []feel.Value) feel.Value) []overload {
	return []overload{
		one("list:l", func(a []feel.Value) feel.Value { return fn(a[0].Items()) }),
		one("list...:a", func(a []feel.Value) feel.Value {
			if len(a) < 2 {
				return null()
			}
			return fn(a)
		}),
	}
}

func text(v feel.Value) string { s, _ := v.AsString(); return s }

// whole cuts a number to a whole one; ok is false when it is too large to count.
func whole(v feel.Value) (int, bool) {
	r := rat(v)
	n := new(big.Int).Quo(r.Num(), r.Denom())
	return int(n.Int64()), n.BitLen() < 40
}

var (
	builtins     map[string][]overload
	engineValues = map[string]feel.Value{} // the engine's values of them
)

func init() {
	builtins = map[string][]overload{
		"not": {one("negand:a", func(a []feel.Value) feel.Value {
			if b, ok := a[0].AsBool(); ok {
				return feel.Bool(!b)
			}
			return null()
		})},
		"string": {one("from:a", func(a []feel.Value) feel.Value {
			if a[0].IsNull() {
				return null()
			}
			return feel.String(a[0].Text())
		})},
		"string length": {one("string:s", func(a []feel.Value) feel.Value { return feel.Int(int64(len([]rune(text(a[0]))))) })},
		"substring":     {one("string:s, start position:n, length?:n", substring)},
		"upper case": {one("string:s", func(a []feel.Value) feel.Value {
			return feel.String(strings.ReplaceAll(strings.Map(unicode.ToUpper, text(a[0])), "ß", "SS"))
		})},
		"lower case": {one("string:s", func(a []feel.Value) feel.Value { return feel.String(strings.Map(unicode.ToLower, text(a[0]))) })},
		"contains":   {one("string:s, match:s", func(a []feel.Value) feel.Value { return feel.Bool(strings.Contains(text(a[0]), text(a[1]))) })},
		"starts with": {one("string:s, match:s", func(a []feel.Value) feel.Value {
			return feel.Bool(strings.Index(text(a[0]), text(a[1])) == 0)
		})},
		"ends with": {one("string:s, match:s", func(a []feel.Value) feel.Value {
			s, m := text(a[0]), text(a[1])
			return feel.Bool(len(s) >= len(m) && s[len(s)-len(m):] == m)
		})},
		"substring before": {one("string:s, match:s", func(a []feel.Value) feel.Value {
			if i := strings.Index(text(a[0]), text(a[1])); i >= 0 {
				return feel.String(text(a[0])[:i])
			}
			return feel.String("")
		})},
		"substring after": {one("string:s, match:s", func(a []feel.Value) feel.Value {
			if i := strings.Index(text(a[0]), text(a[1])); i >= 0 {
				return feel.String(text(a[0])[i+len(text(a[1])):])
			}
			return feel.String("")
		})},
		"string join": {one("list:l, delimiter?:s", stringJoin)},

		"decimal":         {one("n:n, scale:n", rounding(half(func(odd bool) bool { return odd })))},
		"floor":           {one("n:n", toWhole(downward)), one("n:n, scale:n", rounding(downward))},
		"ceiling":         {one("n:n", toWhole(upward)), one("n:n, scale:n", rounding(upward))},
		"round up":        {one("n:n, scale:n", rounding(func(neg, rest bool, _ int, _ bool) bool { return rest }))},
		"round down":      {one("n:n, scale:n", rounding(func(bool, bool, int, bool) bool { return false }))},
		"round half up":   {one("n:n, scale:n", rounding(half(func(bool) bool { return true })))},
		"round half down": {one("n:n, scale:n", rounding(half(func(bool) bool { return false })))},
		"abs": {one("n:a", func(a []feel.Value) feel.Value {
			v := alone(a[0])
			zero, kind := feel.Int(0), v.Kind()
			if kind == feel.KindDaysDuration {
				zero = feel.DaysDuration(0)
			} else if kind == feel.KindMonthsDuration {
				zero = feel.MonthsDuration(0)
			} else if kind != feel.KindNumber {
				return null()
			}
			if c, _ := compare(v, zero); c < 0 {
				return negative(v)
			}
			return v
		})},
		"modulo": {one("dividend:n, divisor:n", func(a []feel.Value) feel.Value {
			x, y := rat(a[0]), rat(a[1])
			if y.Sign() == 0 {
				return null()
			}
			q := new(big.Rat).Quo(x, y)
			floor := new(big.Rat).SetInt(new(big.Int).Div(q.Num(), q.Denom()))
			return numberOf(x.Sub(x, floor.Mul(floor, y)))
		})},
		"odd":  {one("number:n", parity(1))},
		"even": {one("number:n", parity(0))},

		"list contains": {one("list:l, element:a", func(a []feel.Value) feel.Value {
			return feel.Bool(slices.ContainsFunc(a[0].Items(), func(v feel.Value) bool { return equals(v, a[1]) == verity }))
		})},
		"count":   listOrItems(func(items []feel.Value) feel.Value { return feel.Int(int64(len(items))) }),
		"min":     listOrItems(func(items []feel.Value) feel.Value { return extreme(items, -1) }),
		"max":     listOrItems(func(items []feel.Value) feel.Value { return extreme(items, 1) }),
		"sum":     listOrItems(sum),
		"product": listOrItems(product),
		"mean": listOrItems(func(items []feel.Value) feel.Value {
			if len(items) == 0 {
				return null()
			}
			return over(sum(items), feel.Int(int64(len(items))))
		}),
		"all": listOrItems(func(items []feel.Value) feel.Value { return fold(items, true) }),
		"any": listOrItems(func(items []feel.Value) feel.Value { return fold(items, false) }),
		"median": listOrItems(func(items []feel.Value) feel.Value {
			if len(items) == 0 || !numbers(items) {
				return null()
			}
			s := sorted(items)
			if len(s)%2 == 1 {
				return s[len(s)/2]
			}
			return over(plus(s[len(s)/2-1], s[len(s)/2]), feel.Int(2))
		}),
		"mode": listOrItems(mode),

		"sublist": {one("list:l, start position:n, length?:n", sublist)},
		"append": {one("list:l, item:a", func(a []feel.Value) feel.Value { return feel.List(append(copied(a[0]), a[1])...) }),
			one("list...:a", func(a []feel.Value) feel.Value {
				if len(a) < 2 || a[0].IsNull() {
					return null()
				}
				return feel.List(append(slices.Clone(asList(a[0])), a[1:]...)...)
			})},
		"concatenate": {one("list...:a", concatenate)},
		"union": {one("list...:a", func(a []feel.Value) feel.Value {
			if all := concatenate(a); !all.IsNull() {
				return distinct(all.Items())
			}
			return null()
		})},
		"distinct values": {one("list:l", func(a []feel.Value) feel.Value { return distinct(a[0].Items()) })},
		"insert before": {one("list:l, position:n, newItem:a", func(a []feel.Value) feel.Value {
			i, ok := index(a[0], a[1])
			if !ok {
				return null()
			}
			return feel.List(slices.Insert(copied(a[0]), i, a[2])...)
		})},
		"remove": {one("list:l, position:n", func(a []feel.Value) feel.Value {
			i, ok := index(a[0], a[1])
			if !ok {
				return null()
			}
			return feel.List(slices.Delete(copied(a[0]), i, i+1)...)
		})},
		"list replace": {one("list:l, position:n, newItem:a", func(a []feel.Value) feel.Value {
			i, ok := index(a[0], a[1])
			if !ok {
				return null()
			}
			out := copied(a[0])
			out[i] = a[2]
			return feel.List(out...)
		}), {"list:l, match:f, newItem:a", func(in *interpreter, a []feel.Value) feel.Value {
			out := copied(a[0])
			for i, item := range out {
				r := in.apply(a[1], []feel.Value{item, a[2]})
				if r.Kind() != feel.KindBoolean {
					return null()
				}
				if isTrue(r) {
					out[i] = a[2]
				}
			}
			return feel.List(out...)
		}}},
		"reverse": {one("list:l", func(a []feel.Value) feel.Value {
			out := copied(a[0])
			slices.Reverse(out)
			return feel.List(out...)
		})},
		"index of": {one("list:l, match:a", func(a []feel.Value) feel.Value {
			out := []feel.Value{}
			for i, v := range a[0].Items() {
				if equals(v, a[1]) == verity {
					out = append(out, feel.Int(int64(i+1)))
				}
			}
			return feel.List(out...)
		})},
		"flatten": {one("list:l", func(a []feel.Value) feel.Value { return feel.List(flat(a[0])...) })},
		"sort":    {{"list:l, precedes?:f", insertionSort}},

		"get value": {one("m:c, key:s", func(a []feel.Value) feel.Value { return path(a[0], text(a[1])) }),
			one("context:c, keys:l", func(a []feel.Value) feel.Value {
				v := a[0]
				for _, k := range a[1].Items() {
					got, ok := v.Get(text(k))
					if !ok || k.Kind() != feel.KindString {
						return null()
					}
					v = got
				}
				return v
			})},
		"get entries": {one("m:c", func(a []feel.Value) feel.Value {
			out := []feel.Value{}
			for _, e := range a[0].Entries() {
				out = append(out, feel.Context(feel.Entry{Name: "key", Value: feel.String(e.Name)}, feel.Entry{Name: "value", Value: e.Value}))
			}
			return feel.List(out...)
		})},
		"context": {one("entries:l", contextFrom)},
		"context put": {one("context:c, key:s, value:a", func(a []feel.Value) feel.Value { return put(a[0], text(a[1]), a[2]) }),
			one("context:c, keys:l, value:a", func(a []feel.Value) feel.Value { return putDeep(a[0], a[1].Items(), a[2]) })},
		"context merge": {one("contexts:l", func(a []feel.Value) feel.Value {
			out := feel.Context()
			for _, c := range a[0].Items() {
				if c.Kind() != feel.KindContext {
					return null()
				}
				for _, e := range c.Entries() {
					out = put(out, e.Name, e.Value)
				}
			}
			return out
		})},
		"day of week":   {one("date:d", func(a []feel.Value) feel.Value { return feel.String(dayOf(dateOnly(a[0])).Weekday().String()) })},
		"month of year": {one("date:d", func(a []feel.Value) feel.Value { return feel.String(dayOf(dateOnly(a[0])).Month().String()) })},
		"day of year":   {one("date:d", func(a []feel.Value) feel.Value { return feel.Int(int64(dayOf(dateOnly(a[0])).YearDay())) })},
		"week of year": {one("date:d", func(a []feel.Value) feel.Value {
			_, w := dayOf(dateOnly(a[0])).ISOWeek()
			return feel.Int(int64(w))
		})},
	}
	for name, relation := range relations {
		builtins[name] = []overload{one("x:a, y:a", func(a []feel.Value) feel.Value { return related(name, relation, alone(a[0]), alone(a[1])) })}
	}
	for name := range builtins {
		engineValues[name] = compiled(name)
	}
}
