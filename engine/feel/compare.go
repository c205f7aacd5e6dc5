package feel

import "strings"

// verdict is FEEL's three-valued logic.
type verdict uint8

const (
	no verdict = iota
	yes
	unknown
)

func (v verdict) value() Value {
	if v == unknown {
		return Value{}
	}
	return Bool(v == yes)
}

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// equal compares as "=" does (DMN 1.5, 10.3.2.13): null equals only null, and
// values of different kinds cannot be compared.
func equal(x, y Value) verdict {
	if x.kind != y.kind {
		if x.kind == KindNull || y.kind == KindNull {
			return no
		}
		return unknown
	}
	switch x.kind {
	case KindNull:
		return yes
	case KindBoolean, KindMonthsDuration:
		return verdictOf(x.a == y.a)
	case KindNumber:
		return verdictOf(decCompare(x.num(), y.num()) == 0)
	case KindString:
		return verdictOf(x.str() == y.str())
	case KindDate:
		return verdictOf(x.a == y.a)
	case KindDaysDuration:
		return verdictOf(x.a == y.a && x.b == y.b)
	case KindTime, KindDateTime:
		c, ok := compareTimes(x, y)
		return verdictOf(ok && c == 0)
	case KindList, KindContext:
		budget := maxEqual
		return equalDeep(x, y, &budget)
	case KindRange:
		a, b := x.rng(), y.rng()
		if a.op != b.op || a.lowClosed != b.lowClosed || a.highClosed != b.highClosed {
			return no
		}
		return both(equal(a.low, b.low), equal(a.high, b.high))
	case KindFunction:
		return verdictOf(x.ptr == y.ptr)
	}
	return unknown
}

// equal is equal, and counts the work of comparing long values.
func (e *env) equal(x, y Value) verdict {
	e.weigh(&x, &y)
	return equal(x, y)
}

// compare is compare, and counts the work of comparing long texts.
func (e *env) compare(x, y Value) (c int, ok bool) {
	e.weigh(&x, &y)
	return compare(x, y)
}

// weigh counts the work of going through the lighter of two values.
func (e *env) weigh(x, y *Value) {
	if x.kind == y.kind && (x.kind == KindString || x.kind >= KindList) {
		if w := min(x.weight(), y.weight()); w > 0 {
			e.step(w)
		}
	}
}

// both is "and" for verdicts of parts: one no decides.
func both(a, b verdict) verdict {
	if a == no || b == no {
		return no
	}
	if a == unknown || b == unknown {
		return unknown
	}
	return yes
}

// maxEqual bounds the work of one comparison: values may share parts so often
// that it would never end.
const maxEqual = 1_000_000

// equalDeep compares lists and contexts.
func equalDeep(x, y Value, budget *int) verdict {
	if *budget--; *budget < 0 {
		return unknown
	}
	if x.kind != y.kind || x.kind != KindList && x.kind != KindContext {
		return equal(x, y)
	}
	if x.ptr == y.ptr {
		return yes
	}
	result := yes
	if x.kind == KindList {
		a, b := x.Items(), y.Items()
		if len(a) != len(b) {
			return no
		}
		for i := range a {
			if result = both(result, equalDeep(a[i], b[i], budget)); result == no {
				return no
			}
		}
		return result
	}
	if len(x.Entries()) != len(y.Entries()) {
		return no
	}
	for _, e := range x.Entries() {
		v, ok := y.Get(e.Name)
		if !ok {
			return no
		}
		if result = both(result, equalDeep(e.Value, v, budget)); result == no {
			return no
		}
	}
	return result
}

// compareTimes orders times, or dates and times, by the whole second, as the
// DMN test suite wants it. One with a zone and one without cannot be compared.
func compareTimes(x, y Value) (int, bool) {
	if (x.zone == zoneNone) != (y.zone == zoneNone) {
		return 0, false
	}
	var a, b int64
	if x.kind == KindTime {
		ox, _ := x.offsetAt()
		oy, _ := y.offsetAt()
		a, b = x.nanos()/secondNanos-ox, y.nanos()/secondNanos-oy
	} else {
		a, _, _ = x.epoch()
		b, _, _ = y.epoch()
	}
	return compareInt(a, b), true
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compare orders two values of one kind; ok is false when they have no order.
func compare(x, y Value) (c int, ok bool) {
	if x.kind != y.kind {
		return 0, false
	}
	switch x.kind {
	case KindNumber:
		return decCompare(x.num(), y.num()), true
	case KindString:
		return strings.Compare(x.str(), y.str()), true
	case KindDate, KindMonthsDuration:
		return compareInt(int64(x.a), int64(y.a)), true
	case KindDaysDuration:
		if x.a != y.a {
			return compareInt(int64(x.a), int64(y.a)), true
		}
		return compareInt(int64(x.b), int64(y.b)), true
	case KindTime, KindDateTime:
		return compareTimes(x, y)
	}
	return 0, false
}

func holds(op string, c int) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return false
}

// order is x op y for <, <=, > and >=.
func order(e *env, p at, op string, x, y Value) Value {
	c, ok := e.compare(x, y)
	if !ok {
		return e.null(p, "a %s and a %s have no order", x.kind, y.kind)
	}
	return Bool(holds(op, c))
}

// and is the conjunction of DMN 1.5, table 50: what is no boolean counts as
// null.
func and(x, y Value) Value {
	if x.kind == KindBoolean && x.a == 0 || y.kind == KindBoolean && y.a == 0 {
		return Bool(false)
	}
	if x.kind == KindBoolean && y.kind == KindBoolean {
		return Bool(true)
	}
	return Value{}
}

func or(x, y Value) Value {
	if x.kind == KindBoolean && x.a == 1 || y.kind == KindBoolean && y.a == 1 {
		return Bool(true)
	}
	if x.kind == KindBoolean && y.kind == KindBoolean {
		return Bool(false)
	}
	return Value{}
}

// contains reports whether a range holds v.
func (r *rangeData) contains(e *env, v Value) verdict {
	switch r.op {
	case "=":
		return e.equal(v, r.low)
	case "!=":
		if eq := e.equal(v, r.low); eq != unknown {
			return 1 - eq
		}
		return unknown
	}
	if r.bad || v.IsNull() {
		return unknown
	}
	result := yes
	if !r.low.IsNull() {
		c, ok := e.compare(v, r.low)
		if !ok {
			return unknown
		}
		result = verdictOf(c > 0 || c == 0 && r.lowClosed)
	}
	if !r.high.IsNull() {
		c, ok := e.compare(v, r.high)
		if !ok {
			return unknown
		}
		result = both(result, verdictOf(c < 0 || c == 0 && r.highClosed))
	}
	return result
}

// comparisonRange is the range that a unary comparison such as (< 5) stands
// for.
func comparisonRange(e *env, p at, op string, x Value) Value {
	r := rangeData{op: op}
	switch op {
	case "<", "<=":
		r.high, r.highClosed = x, op == "<="
	case ">", ">=":
		r.low, r.lowClosed = x, op == ">="
	default:
		r.low, r.high, r.lowClosed, r.highClosed = x, x, op == "=", op == "="
		return rangeValue(r)
	}
	if _, ok := compare(x, x); !ok {
		return e.null(p, "a %s has no order", x.kind)
	}
	return rangeValue(r)
}

// inTest is x in t: t is a range that holds x, a list that has x or a range
// that holds it, or equal to x.
func inTest(e *env, x, t Value) verdict {
	switch t.kind {
	case KindRange:
		if x.kind == KindRange {
			return e.equal(x, t)
		}
		return t.rng().contains(e, x)
	case KindList:
		e.step(len(t.Items()))
		for _, item := range t.Items() {
			if e.equal(x, item) == yes || item.kind == KindRange && x.kind != KindRange && item.rng().contains(e, x) == yes {
				return yes
			}
		}
		if x.kind == KindList {
			return e.equal(x, t)
		}
		return no
	}
	return e.equal(x, t)
}
