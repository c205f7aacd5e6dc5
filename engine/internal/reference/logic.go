package reference

import (
	"math/big"
	"strings"
	"time"

	"passerelle/engine/feel"
)

// truth is FEEL's logic: false, true, null.
type truth int

const (
	falsehood truth = iota
	verity
	neither
)

func truthOf(b bool) truth {
	if b {
		return verity
	}
	return falsehood
}

func logical(t truth) feel.Value {
	if t == neither {
		return null()
	}
	return feel.Bool(t == verity)
}

func truthFrom(v feel.Value) truth {
	b, ok := v.AsBool()
	if !ok {
		return neither
	}
	return truthOf(b)
}

// The tables of 10.3.2.2, table 50.
var (
	andTable = [3][3]truth{{falsehood, falsehood, falsehood}, {falsehood, verity, neither}, {falsehood, neither, neither}}
	orTable  = [3][3]truth{{falsehood, verity, neither}, {verity, verity, verity}, {neither, verity, neither}}
)

func conjunction(x, y feel.Value) feel.Value { return logical(andTable[truthFrom(x)][truthFrom(y)]) }
func disjunction(x, y feel.Value) feel.Value { return logical(orTable[truthFrom(x)][truthFrom(y)]) }

// equals is "=": null equals null only, other values only those of their kind.
func equals(x, y feel.Value) truth {
	left := 200_000
	return equalWithin(x, y, &left)
}

// equalWithin is equals; values that share parts too often are not compared.
func equalWithin(x, y feel.Value, left *int) truth {
	if *left--; *left < 0 {
		panic(skip("a huge value"))
	}
	if x.IsNull() || y.IsNull() {
		return truthOf(x.IsNull() && y.IsNull())
	}
	if x.Kind() != y.Kind() {
		return neither
	}
	switch x.Kind() {
	case feel.KindBoolean:
		return truthOf(isTrue(x) == isTrue(y))
	case feel.KindList:
		if len(x.Items()) != len(y.Items()) {
			return falsehood
		}
		result := verity
		for i, v := range x.Items() {
			result = andTable[result][equalWithin(v, y.Items()[i], left)]
		}
		return result
	case feel.KindContext:
		if len(x.Entries()) != len(y.Entries()) {
			return falsehood
		}
		result := verity
		for _, e := range x.Entries() {
			v, ok := y.Get(e.Name)
			if !ok {
				return falsehood
			}
			result = andTable[result][equalWithin(e.Value, v, left)]
		}
		return result
	case feel.KindRange:
		a, ac, b, bc, _ := x.Bounds()
		c, cc, d, dc, _ := y.Bounds()
		if ac != cc || bc != dc || operator(x) != operator(y) {
			return falsehood
		}
		return andTable[equals(a, c)][equals(b, d)]
	case feel.KindFunction:
		return truthOf(x.Equal(y))
	}
	c, ok := compare(x, y)
	return truthOf(ok && c == 0)
}

// operator is that of a range which a comparison such as (< 5) makes: only its
// text tells.
func operator(v feel.Value) string {
	text := strings.TrimPrefix(v.String(), "(")
	for _, op := range []string{"<=", ">=", "!=", "<", ">", "="} {
		if strings.HasPrefix(text, op+" ") && strings.HasPrefix(v.String(), "(") {
			return op
		}
	}
	return ""
}

// compare orders two values of one kind; times by the whole second.
func compare(x, y feel.Value) (int, bool) {
	if x.Kind() != y.Kind() {
		return 0, false
	}
	switch x.Kind() {
	case feel.KindNumber:
		return rat(x).Cmp(rat(y)), true
	case feel.KindString:
		a, _ := x.AsString()
		b, _ := y.AsString()
		return strings.Compare(a, b), true
	case feel.KindDate:
		return dayOf(x).Compare(dayOf(y)), true
	case feel.KindDaysDuration:
		return nanosOf(x).Cmp(nanosOf(y)), true
	case feel.KindMonthsDuration:
		a, _ := x.AsMonths()
		b, _ := y.AsMonths()
		return big.NewInt(a).Cmp(big.NewInt(b)), true
	case feel.KindTime, feel.KindDateTime:
		a, za := instant(x)
		b, zb := instant(y)
		if (za == "") != (zb == "") {
			return 0, false
		}
		return big.NewInt(a.Unix()).Cmp(big.NewInt(b.Unix())), true
	}
	return 0, false
}

func satisfies(op string, c int) bool {
	return c < 0 && (op == "<" || op == "<=") || c > 0 && (op == ">" || op == ">=") || c == 0 && (op == "<=" || op == ">=")
}

func compared(op string, x, y feel.Value) feel.Value {
	c, ok := compare(x, y)
	if !ok {
		return null()
	}
	return feel.Bool(satisfies(op, c))
}

// literalRange is the range of a literal: null when an end that is given is of
// no ordered kind, or the ends are of two kinds.
func literalRange(n *feel.RangeLiteral, low, high feel.Value) feel.Value {
	if low.IsNull() && n.LowClosed || high.IsNull() && n.HighClosed || low.IsNull() && high.IsNull() {
		return null()
	}
	if !low.IsNull() && !high.IsNull() {
		if low.Kind() != high.Kind() {
			return null()
		}
		if _, ok := compare(low, low); !ok {
			return null()
		}
		return feel.Range(low, n.LowClosed, high, n.HighClosed)
	}
	panic(skip("a range with one end null"))
}

func unaryRange(op string, x feel.Value) feel.Value {
	if _, ok := compare(x, x); !ok && op != "=" && op != "!=" {
		return null()
	}
	e, err := feel.Compile("("+op+" x)", feel.Names("x"))
	if err != nil {
		panic(skip("no range"))
	}
	v, _ := e.Eval(feel.NewScope(null()).With("x", x)) // there is no exported way to make one
	return v
}

// within is "v in range".
func within(v, r feel.Value) truth {
	low, lowClosed, high, highClosed, _ := r.Bounds()
	switch operator(r) {
	case "=":
		return equals(v, low)
	case "!=":
		if t := equals(v, low); t != neither {
			return 1 - t
		}
		return neither
	}
	return between(v, low, lowClosed, high, highClosed, true)
}

// between: open says that an end which is null is no end at all.
func between(v, low feel.Value, lowClosed bool, high feel.Value, highClosed, open bool) truth {
	end := func(x feel.Value, closed bool, sign int) truth {
		if x.IsNull() && open {
			return verity
		}
		c, ok := compare(v, x)
		if !ok {
			return neither
		}
		return truthOf(c == sign || c == 0 && closed)
	}
	a, b := end(low, lowClosed, 1), end(high, highClosed, -1)
	if a == neither || b == neither {
		return neither
	}
	return andTable[a][b]
}

// anyTest is "v in (tests)".
func (in *interpreter) anyTest(tests []feel.Node, v feel.Value, f *frame) truth {
	result := falsehood
	for _, t := range tests {
		result = orTable[result][in.test(t, v, f)]
	}
	return result
}

func (in *interpreter) test(t feel.Node, v feel.Value, f *frame) truth {
	switch t := t.(type) {
	case *feel.Comparison:
		x := in.eval(t.X, f)
		if t.Op == "=" || t.Op == "!=" {
			r := equals(v, x)
			if r != neither && t.Op == "!=" {
				r = 1 - r
			}
			return r
		}
		return truthFrom(compared(t.Op, v, x))
	case *feel.RangeLiteral:
		return between(v, in.eval(t.Low, f), t.LowClosed, in.eval(t.High, f), t.HighClosed, false)
	}
	return member(v, in.eval(t, f))
}

// member is "v in x" for a value x: a range that holds v, a list that has v or a
// range that holds it, or v itself.
func member(v, x feel.Value) truth {
	switch {
	case x.Kind() == feel.KindRange && v.Kind() != feel.KindRange:
		return within(v, x)
	case x.Kind() == feel.KindList:
		for _, item := range x.Items() {
			if equals(v, item) == verity || item.Kind() == feel.KindRange && v.Kind() != feel.KindRange && within(v, item) == verity {
				return verity
			}
		}
		if v.Kind() == feel.KindList {
			return equals(v, x)
		}
		return falsehood
	}
	return equals(v, x)
}

// cell is a cell of a decision table (7.3.3 and table 55): "?" is what is
// tested. A test that uses "?" is the answer itself; so is one that is true or
// false while what is tested is no boolean.
func (in *interpreter) cell(n *feel.UnaryTests, f *frame) feel.Value {
	if len(n.Tests) == 0 {
		return feel.Bool(true)
	}
	v, _ := in.lookup(f, "?")
	result := falsehood
	for _, t := range n.Tests {
		var r truth
		switch t.(type) {
		case *feel.Comparison, *feel.RangeLiteral, *feel.Literal:
			r = in.test(t, v, f)
		default:
			x := in.eval(t, f)
			_, isBool := x.AsBool()
			switch {
			case mentions(t):
				r = truthFrom(x)
			case isBool && v.Kind() != feel.KindBoolean:
				r = truthFrom(x)
			default:
				r = member(v, x)
			}
		}
		if r == verity {
			result = verity
			break
		}
		if r == neither {
			result = neither
		}
	}
	if n.Not && result != neither {
		result = 1 - result
	}
	return logical(result)
}

// mentions reports whether an expression uses "?".
func mentions(n feel.Node) bool {
	return strings.Contains(withoutStrings(n.String()), "?")
}

// withoutStrings takes the string literals out of a text.
func withoutStrings(s string) string {
	var b strings.Builder
	inside, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case inside && r == '\\':
			escaped = true
		case r == '"':
			inside = !inside
		case !inside:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// instanceOf is 10.3.2.3; null is an instance of Null alone.
func instanceOf(v feel.Value, t *feel.Type) feel.Value {
	if strings.Contains(t.String(), "unknown") || !known(t) {
		return null()
	}
	if v.IsNull() {
		return feel.Bool(t.Kind == feel.TypeNull)
	}
	return feel.Bool(has(t, v, false))
}

func known(t *feel.Type) bool {
	if t == nil {
		return true
	}
	if t.Kind > feel.TypeFunction || !known(t.Elem) || !known(t.Result) {
		return false
	}
	for _, f := range t.Fields {
		if !known(f.Type) {
			return false
		}
	}
	for _, p := range t.Params {
		if !known(p) {
			return false
		}
	}
	return true
}

var kindOf = map[feel.TypeKind]feel.Kind{feel.TypeBoolean: feel.KindBoolean, feel.TypeNumber: feel.KindNumber,
	feel.TypeString: feel.KindString, feel.TypeDate: feel.KindDate, feel.TypeTime: feel.KindTime, feel.TypeDateTime: feel.KindDateTime,
	feel.TypeDaysDuration: feel.KindDaysDuration, feel.TypeMonthsDuration: feel.KindMonthsDuration}

// has reports whether v, which may be null below the top, is of type t; allowed
// says whether allowed values count.
func has(t *feel.Type, v feel.Value, allowed bool) bool {
	if t == nil {
		return true
	}
	if allowed && t.Allowed != nil {
		if ok := Eval(t.Allowed.AST(), feel.NewScope(null()).With("?", v)); ok.Skip != "" {
			panic(skip(ok.Skip))
		} else if !isTrue(ok.Value) {
			return false
		}
	}
	if weight(v) > 100_000 {
		panic(skip("a huge value"))
	}
	orNull := func(t *feel.Type, v feel.Value) bool { return v.IsNull() || has(t, v, allowed) }
	switch t.Kind {
	case feel.TypeAny:
		return true
	case feel.TypeNull:
		return v.IsNull()
	case feel.TypeList:
		for _, item := range v.Items() {
			if !orNull(t.Elem, item) {
				return false
			}
		}
		return v.Kind() == feel.KindList
	case feel.TypeContext:
		for _, f := range t.Fields {
			if x, ok := v.Get(f.Name); !ok || !orNull(f.Type, x) {
				return false
			}
		}
		return v.Kind() == feel.KindContext
	case feel.TypeRange:
		low, _, high, _, ok := v.Bounds()
		return ok && orNull(t.Elem, low) && orNull(t.Elem, high)
	case feel.TypeFunction:
		if v.Kind() == feel.KindFunction {
			panic(skip("the type of a function"))
		}
		return false
	}
	return v.Kind() == kindOf[t.Kind]
}

// coerce is 10.3.2.9.4.
func coerce(t *feel.Type, v feel.Value) (feel.Value, bool) {
	fits := func(v feel.Value) bool { return v.IsNull() || has(t, v, true) }
	if t == nil || fits(v) {
		return v, true
	}
	if t.Kind == feel.TypeDateTime && v.Kind() == feel.KindDate {
		if d := midnight(v); fits(d) {
			return d, true
		}
	}
	if t.Kind == feel.TypeList && v.Kind() != feel.KindList && fits(feel.List(v)) {
		return feel.List(v), true
	}
	if t.Kind != feel.TypeList && v.Kind() == feel.KindList && len(v.Items()) == 1 && fits(v.Items()[0]) {
		return v.Items()[0], true
	}
	switch {
	case t.Kind == feel.TypeList && v.Kind() == feel.KindList:
		var items []feel.Value
		for _, item := range v.Items() {
			c, ok := coerce(t.Elem, item)
			if !ok {
				return null(), false
			}
			items = append(items, c)
		}
		return feel.List(items...), fits(feel.List(items...))
	case t.Kind == feel.TypeContext && v.Kind() == feel.KindContext:
		for _, f := range t.Fields {
			if x, ok := v.Get(f.Name); ok {
				c, ok := coerce(f.Type, x)
				if !ok {
					return null(), false
				}
				v = v.Put(f.Name, c)
			}
		}
		return v, fits(v)
	}
	return null(), false
}

func midnight(d feel.Value) feel.Value {
	return mustTemporal(dayOf(d).Format(time.DateOnly) + "T00:00:00Z")
}
