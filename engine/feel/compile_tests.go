package feel

// in compiles x in tests.
func (c *compiler) in(n *In) node {
	x := c.node(n.X)
	tests := make([]func(e *env, v Value) verdict, len(n.Tests))
	for i, t := range n.Tests {
		tests[i] = c.test(t)
	}
	if len(tests) == 1 {
		test := tests[0]
		return func(e *env) Value {
			v := x(e)
			r := test(e, v)
			if r == unknown {
				return e.null(n.at, "a %s cannot be tested like this", v.kind)
			}
			return Bool(r == yes)
		}
	}
	return func(e *env) Value {
		v := x(e)
		result := no
		for _, test := range tests {
			switch test(e, v) {
			case yes:
				return Bool(true)
			case unknown:
				result = unknown
			}
		}
		if result == unknown {
			return e.null(n.at, "a %s cannot be tested like this", v.kind)
		}
		return Bool(false)
	}
}

// test compiles one test of a given value.
func (c *compiler) test(t Node) func(e *env, v Value) verdict {
	if cmp, ok := t.(*Comparison); ok {
		x, op := c.node(cmp.X), cmp.Op
		switch op {
		case "=", "!=":
			want := verdictOf(op == "=")
			return func(e *env, v Value) verdict {
				if r := e.equal(v, x(e)); r != unknown {
					return verdictOf(r == want)
				}
				return unknown
			}
		}
		return func(e *env, v Value) verdict {
			c, ok := e.compare(v, x(e))
			if !ok {
				return unknown
			}
			return verdictOf(holds(op, c))
		}
	}
	if r, ok := t.(*RangeLiteral); ok { // a range in place needs no value
		low, high := c.node(r.Low), c.node(r.High)
		return func(e *env, v Value) verdict {
			rd := rangeData{low: low(e), high: high(e), lowClosed: r.LowClosed, highClosed: r.HighClosed}
			rd.bad = rd.low.IsNull() || rd.high.IsNull()
			return rd.contains(e, v)
		}
	}
	x := c.node(t)
	return func(e *env, v Value) verdict { return inTest(e, v, x(e)) }
}

// unaryTests compiles tests of "?". A test that uses "?" itself, or that is
// true or false while the input is no boolean, is the result as it stands.
func (c *compiler) unaryTests(n *UnaryTests) node {
	if len(n.Tests) == 0 {
		return constant(Bool(true))
	}
	tests := make([]func(e *env, v Value) verdict, len(n.Tests))
	for i, t := range n.Tests {
		tests[i] = c.cellTest(t)
	}
	return func(e *env) Value {
		input, _ := e.scope.Lookup("?")
		result := no
		for _, test := range tests {
			r := test(e, input)
			if r == yes {
				result = yes
				break
			}
			if r == unknown {
				result = unknown
			}
		}
		if n.Not && result != unknown {
			result = 1 - result
		}
		return result.value()
	}
}

func (c *compiler) cellTest(t Node) func(e *env, v Value) verdict {
	switch t.(type) {
	case *Comparison, *RangeLiteral, *Literal:
		return c.test(t)
	}
	c.asked = false
	x := c.node(t)
	uses := c.asked
	return func(e *env, v Value) verdict {
		r := x(e)
		if uses || r.kind == KindBoolean && v.kind != KindBoolean {
			if r.kind == KindBoolean {
				return verdictOf(r.a == 1)
			}
			if uses {
				return unknown
			}
		}
		return inTest(e, v, r)
	}
}
