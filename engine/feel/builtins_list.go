package feel

import (
	"sort"

	"github.com/woodsbury/decimal128"
)

// List functions (DMN 1.5, 10.3.4.4).
func init() {
	define("list contains", "list:l, element:a", func(c callCtx, a []Value) Value {
		return Bool(indexOf(c, a[0].Items(), a[1]) >= 0)
	})
	aggregate("count", func(_ callCtx, items []Value) Value { return Int(int64(len(items))) })
	aggregate("min", func(c callCtx, items []Value) Value { return extreme(c, items, -1) })
	aggregate("max", func(c callCtx, items []Value) Value { return extreme(c, items, 1) })
	aggregate("sum", sum)
	aggregate("product", product)
	aggregate("mean", func(c callCtx, items []Value) Value {
		total := sum(c, items)
		if total.IsNull() {
			return total
		}
		return divide(c.env, c.pos, total, Int(int64(len(items))))
	})
	aggregate("all", func(c callCtx, items []Value) Value { return quantify(c, items, false) })
	aggregate("any", func(c callCtx, items []Value) Value { return quantify(c, items, true) })
	aggregate("median", median)
	aggregate("stddev", stddev)
	aggregate("mode", mode)
	define("sublist", "list:l, start position:n, length?:n", sublist)
	define("append", "list:l, item:a", func(c callCtx, a []Value) Value {
		return appendItems(c, []Value{List(append([]Value(nil), a...)...)})
	}, "list:l, item...:a", appendItems)
	define("concatenate", "list...:l", func(c callCtx, a []Value) Value { return concatenate(c, a[0].Items()) })
	define("insert before", "list:l, position:n, newItem:a", insertBefore)
	define("remove", "list:l, position:n", remove)
	define("list replace", "list:l, position:n, newItem:a", replaceAt, "list:l, match:f, newItem:a", replaceMatching)
	define("reverse", "list:l", func(c callCtx, a []Value) Value {
		items := a[0].Items()
		c.env.step(len(items))
		out := make([]Value, len(items))
		for i, v := range items {
			out[len(items)-1-i] = v
		}
		return List(out...)
	})
	define("index of", "list:l, match:a", func(c callCtx, a []Value) Value {
		c.env.step(len(a[0].Items()))
		out := []Value{}
		for i, item := range a[0].Items() {
			if c.env.equal(item, a[1]) == yes {
				out = append(out, Int(int64(i+1)))
			}
		}
		return List(out...)
	})
	define("union", "list...:l", func(c callCtx, a []Value) Value {
		all := concatenate(c, a[0].Items())
		if all.IsNull() {
			return all
		}
		return distinct(c, all.Items())
	})
	define("distinct values", "list:l", func(c callCtx, a []Value) Value { return distinct(c, a[0].Items()) })
	define("flatten", "list:l", func(c callCtx, a []Value) Value {
		var out []Value
		flatten(c, a[0].Items(), &out)
		return List(out...)
	})
	define("sort", "list:l, precedes?:f", sortList)
}

// aggregate defines a function of one list, or of items as arguments.
func aggregate(name string, fn func(c callCtx, items []Value) Value) {
	run := func(c callCtx, a []Value) Value {
		c.env.step(len(a[0].Items()))
		return fn(c, a[0].Items())
	}
	define(name, "list:l", run, "list...:a", func(c callCtx, a []Value) Value {
		if len(a[0].Items()) < 2 {
			return c.null("%s needs a list", name)
		}
		return run(c, a)
	})
}

func indexOf(c callCtx, items []Value, v Value) int {
	c.env.step(len(items))
	for i, item := range items {
		if c.env.equal(item, v) == yes {
			return i
		}
	}
	return -1
}

func extreme(c callCtx, items []Value, sign int) Value {
	if len(items) == 0 {
		return c.null("the list is empty")
	}
	best := items[0]
	if _, ok := compare(best, best); !ok {
		return c.null("a %s has no order", best.kind)
	}
	for _, v := range items[1:] {
		cmp, ok := c.env.compare(v, best)
		if !ok {
			return c.null("a %s and a %s have no order", v.kind, best.kind)
		}
		if cmp*sign > 0 {
			best = v
		}
	}
	return best
}

func sum(c callCtx, items []Value) Value {
	if len(items) == 0 {
		return c.null("the list is empty")
	}
	switch items[0].kind {
	case KindDaysDuration, KindMonthsDuration:
		total := items[0]
		for _, v := range items[1:] {
			if v.kind != total.kind {
				return c.null("a %s and a %s cannot be added", total.kind, v.kind)
			}
			if total = add(c.env, c.pos, total, v); total.IsNull() {
				return total
			}
		}
		return total
	}
	var total decimal128.Decimal
	for _, v := range items {
		if v.kind != KindNumber {
			return c.null("a %s is no number", v.kind)
		}
		total = decAdd(total, v.num())
	}
	return c.env.finite(c.pos, total)
}

func product(c callCtx, items []Value) Value {
	if len(items) == 0 {
		return c.null("the list is empty")
	}
	total := decimal128.FromInt64(1)
	for _, v := range items {
		if v.kind != KindNumber {
			return c.null("a %s is no number", v.kind)
		}
		total = decMul(total, v.num())
	}
	return c.env.finite(c.pos, total)
}

// quantify is any (decisive true) or all (decisive false).
func quantify(c callCtx, items []Value, decisive bool) Value {
	result := Bool(!decisive)
	for _, v := range items {
		if v.kind != KindBoolean {
			result = Value{}
			if v.kind != KindNull {
				return c.null("a %s is neither true nor false", v.kind)
			}
			continue
		}
		if (v.a == 1) == decisive {
			return v
		}
	}
	return result
}

func numbers(c callCtx, items []Value) ([]Value, bool) {
	for _, v := range items {
		if v.kind != KindNumber {
			c.null("a %s is no number", v.kind)
			return nil, false
		}
	}
	out := append([]Value(nil), items...)
	sort.SliceStable(out, func(i, j int) bool { return decCompare(out[i].num(), out[j].num()) < 0 })
	return out, true
}

func median(c callCtx, items []Value) Value {
	sorted, ok := numbers(c, items)
	if !ok {
		return Value{}
	}
	n := len(sorted)
	if n == 0 {
		return c.null("the list is empty")
	}
	if n%2 == 1 {
		return sorted[n/2]
	}
	return c.env.finite(c.pos, decQuo(decAdd(sorted[n/2-1].num(), sorted[n/2].num()), decimal128.FromInt64(2)))
}

// stddev is the sample standard deviation.
func stddev(c callCtx, items []Value) Value {
	sorted, ok := numbers(c, items)
	if !ok {
		return Value{}
	}
	n := len(sorted)
	if n < 2 {
		return c.null("stddev needs at least two numbers")
	}
	mean := decQuo(sum(c, sorted).num(), decimal128.FromInt64(int64(n)))
	var squares decimal128.Decimal
	for _, v := range sorted {
		d := decSub(v.num(), mean)
		squares = decAdd(squares, decMul(d, d))
	}
	return c.env.finite(c.pos, sqrt34(decQuo(squares, decimal128.FromInt64(int64(n-1)))))
}

func mode(c callCtx, items []Value) Value {
	sorted, ok := numbers(c, items)
	if !ok {
		return Value{}
	}
	var out []Value
	best := 0
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && decCompare(sorted[i].num(), sorted[j].num()) == 0 {
			j++
		}
		if j-i > best {
			best, out = j-i, nil
		}
		if j-i == best {
			out = append(out, sorted[i])
		}
		i = j
	}
	return List(out...)
}

func whole(v Value) (int64, bool) { return decimalInt(v.num().Round(0, decimal128.ToZero)) }

// position turns a position from 1, or from -1 backwards, into an index.
func position(v Value, n int) (int, bool) {
	i, ok := whole(v)
	if i < 0 {
		i += int64(n) + 1
	}
	return int(i) - 1, ok && i >= 1 && i <= int64(n)
}

func sublist(c callCtx, a []Value) Value {
	items := a[0].Items()
	start, ok := position(a[1], len(items))
	if !ok {
		return c.null("sublist: the list has no position %s", a[1])
	}
	end := int64(len(items))
	if !a[2].IsNull() {
		n, ok := whole(a[2])
		if !ok || n < 0 || int64(start)+n > int64(len(items)) {
			return c.null("sublist: the list is too short")
		}
		end = int64(start) + n
	}
	c.env.step(int(end) - start)
	return List(items[start:end:end]...)
}

func appendItems(c callCtx, a []Value) Value {
	items := a[0].Items()
	if len(items) == 0 {
		return c.null("append needs a list")
	}
	list := items[0]
	if list.IsNull() || len(items) < 2 {
		return c.null("append needs a list and items")
	}
	var out []Value
	if list.kind == KindList {
		out = append(out, list.Items()...)
	} else {
		out = append(out, list)
	}
	c.env.step(len(out))
	out = append(out, items[1:]...)
	c.env.room(len(out))
	return List(out...)
}

func concatenate(c callCtx, lists []Value) Value {
	if len(lists) == 0 {
		return c.null("there is no list")
	}
	var out []Value
	for _, l := range lists {
		switch l.kind {
		case KindList:
			out = append(out, l.Items()...)
		case KindNull:
			return c.null("null is no list")
		default:
			out = append(out, l)
		}
		c.env.room(len(out))
	}
	c.env.step(len(out))
	return List(out...)
}

func insertBefore(c callCtx, a []Value) Value {
	items := a[0].Items()
	i, ok := position(a[1], len(items))
	if !ok {
		return c.null("insert before: the list has no position %s", a[1])
	}
	c.env.step(len(items))
	out := append([]Value(nil), items[:i]...)
	out = append(append(out, a[2]), items[i:]...)
	return List(out...)
}

func remove(c callCtx, a []Value) Value {
	items := a[0].Items()
	i, ok := position(a[1], len(items))
	if !ok {
		return c.null("remove: the list has no position %s", a[1])
	}
	c.env.step(len(items))
	return List(append(append([]Value(nil), items[:i]...), items[i+1:]...)...)
}

func replaceAt(c callCtx, a []Value) Value {
	items := a[0].Items()
	i, ok := position(a[1], len(items))
	if !ok {
		return c.null("list replace: the list has no position %s", a[1])
	}
	c.env.step(len(items))
	out := append([]Value(nil), items...)
	out[i] = a[2]
	return List(out...)
}

func replaceMatching(c callCtx, a []Value) Value {
	out := append([]Value(nil), a[0].Items()...)
	for i, item := range out {
		r := c.env.call(a[1], []Value{item, a[2]}, c.pos)
		if r.kind != KindBoolean {
			return c.null("list replace: the function must give true or false")
		}
		if r.a == 1 {
			out[i] = a[2]
		}
	}
	return List(out...)
}

func distinct(c callCtx, items []Value) Value {
	out := []Value{}
	for _, v := range items {
		if indexOf(c, out, v) < 0 {
			out = append(out, v)
		}
	}
	return List(out...)
}

func flatten(c callCtx, items []Value, out *[]Value) {
	for _, v := range items {
		c.env.step(1)
		if v.kind == KindList {
			flatten(c, v.Items(), out)
		} else {
			*out = append(*out, v)
			c.env.room(len(*out))
		}
	}
}

// sortList sorts stably; without a function by the natural order.
func sortList(c callCtx, a []Value) Value {
	out := append([]Value(nil), a[0].Items()...)
	bad := false
	less := func(x, y Value) bool {
		c.env.step(1)
		if bad {
			return false
		}
		if a[1].IsNull() {
			cmp, ok := c.env.compare(x, y)
			bad = !ok
			return cmp < 0
		}
		r := c.env.call(a[1], []Value{x, y}, c.pos)
		if r.kind != KindBoolean {
			bad = true
		}
		return r.kind == KindBoolean && r.a == 1
	}
	sort.SliceStable(out, func(i, j int) bool { return less(out[i], out[j]) })
	if bad {
		return c.null("sort: the order of two items cannot be told")
	}
	return List(out...)
}
