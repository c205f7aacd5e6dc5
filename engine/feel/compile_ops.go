package feel

import (
	"github.com/woodsbury/decimal128"
)

func (c *compiler) binary(n *Binary) node {
	x, y := c.node(n.X), c.node(n.Y)
	pos := n.at
	switch n.Op {
	case "and":
		return func(e *env) Value {
			a := x(e)
			if a.kind == KindBoolean && a.a == 0 {
				return a
			}
			b := y(e)
			if a.kind == KindBoolean && b.kind == KindBoolean {
				return b
			}
			return logic(e, pos, and, a, b)
		}
	case "or":
		return func(e *env) Value {
			a := x(e)
			if a.kind == KindBoolean && a.a == 1 {
				return a
			}
			b := y(e)
			if a.kind == KindBoolean && b.kind == KindBoolean {
				return b
			}
			return logic(e, pos, or, a, b)
		}
	case "=":
		return func(e *env) Value {
			a, b := x(e), y(e)
			v := e.equal(a, b)
			if v == unknown {
				return e.null(pos, "a %s cannot be compared with a %s", a.kind, b.kind)
			}
			return Bool(v == yes)
		}
	case "!=":
		return func(e *env) Value {
			a, b := x(e), y(e)
			v := e.equal(a, b)
			if v == unknown {
				return e.null(pos, "a %s cannot be compared with a %s", a.kind, b.kind)
			}
			return Bool(v == no)
		}
	case "<", "<=", ">", ">=":
		return ordering(n, x, y)
	case "+":
		return func(e *env) Value { return add(e, pos, x(e), y(e)) }
	case "-":
		return func(e *env) Value { return subtract(e, pos, x(e), y(e)) }
	case "*":
		return func(e *env) Value { return multiply(e, pos, x(e), y(e)) }
	case "/":
		return func(e *env) Value { return divide(e, pos, x(e), y(e)) }
	}
	return func(e *env) Value { // **
		a, b := x(e), y(e)
		if a.kind != KindNumber || b.kind != KindNumber {
			return e.null(pos, "a %s cannot be raised to a %s", a.kind, b.kind)
		}
		return e.finite(pos, decPow(a.num(), b.num()))
	}
}

// ordering compiles <, <=, > and >=. Comparing with a number that stands in the
// text is what decisions do most.
func ordering(n *Binary, x, y node) node {
	op, pos := n.Op, n.at
	accept := [3]bool{holds(op, -1), holds(op, 0), holds(op, 1)}
	if lit, ok := n.Y.(*Literal); ok && lit.Value.kind == KindNumber {
		limit := lit.Value
		return func(e *env) Value {
			a := x(e)
			if a.kind == KindNumber {
				return Bool(accept[decCompare(a.num(), limit.num())+1])
			}
			return order(e, pos, op, a, limit)
		}
	}
	return func(e *env) Value {
		a, b := x(e), y(e)
		if a.kind == KindNumber && b.kind == KindNumber {
			return Bool(accept[decCompare(a.num(), b.num())+1])
		}
		return order(e, pos, op, a, b)
	}
}

func logic(e *env, p at, op func(x, y Value) Value, a, b Value) Value {
	v := op(a, b)
	if v.IsNull() {
		for _, o := range []Value{a, b} {
			if o.kind != KindBoolean && o.kind != KindNull {
				e.null(p, "a %s is neither true nor false", o.kind)
			}
		}
	}
	return v
}

// finite makes a number of a result, or null when it is none.
func (e *env) finite(p at, d decimal128.Decimal) Value {
	v, ok := finiteNumber(d)
	if !ok {
		return e.null(p, "the result is no number")
	}
	return v
}

func (c *compiler) negation(n *Negation) node {
	if lit, ok := n.X.(*Literal); ok && lit.Value.kind == KindNumber {
		return constant(negate(lit.Value))
	}
	x := c.node(n.X)
	return func(e *env) Value {
		v := x(e)
		switch v.kind {
		case KindNumber, KindDaysDuration, KindMonthsDuration:
			return negate(v)
		}
		return e.null(n.at, "a %s has no negative", v.kind)
	}
}

func (c *compiler) rangeLiteral(n *RangeLiteral) node {
	low, high := c.node(n.Low), c.node(n.High)
	return func(e *env) Value {
		r := rangeData{low: low(e), high: high(e), lowClosed: n.LowClosed, highClosed: n.HighClosed}
		return newRange(e, n.at, r)
	}
}

func newRange(e *env, p at, r rangeData) Value {
	if r.low.IsNull() && r.lowClosed || r.high.IsNull() && r.highClosed || r.low.IsNull() && r.high.IsNull() {
		return e.null(p, "an end of the range is null")
	}
	r.bad = r.low.IsNull() || r.high.IsNull()
	if !r.bad && r.low.kind != r.high.kind {
		return e.null(p, "a range cannot go from a %s to a %s", r.low.kind, r.high.kind)
	}
	if x := r.low; !r.bad {
		if _, ok := compare(x, x); !ok {
			return e.null(p, "a range cannot be made of a %s", x.kind)
		}
	}
	return rangeValue(r)
}
