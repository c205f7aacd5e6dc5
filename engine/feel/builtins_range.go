package feel

import "strings"

// Range functions (DMN 1.5, 10.3.4.9), and range() of 10.3.4.1.

func init() {
	define("before", "point1:a, point2:a", relation(before),
		"point:a, range:a", relation(before), "range:a, point:a", relation(before), "range1:a, range2:a", relation(before))
	define("after", "point1:a, point2:a", relation(after),
		"point:a, range:a", relation(after), "range:a, point:a", relation(after), "range1:a, range2:a", relation(after))
	define("meets", "range1:r, range2:r", relation(meets))
	define("met by", "range1:r, range2:r", relation(func(x, y *rangeData) verdict { return meets(y, x) }))
	define("overlaps", "range1:r, range2:r", relation(overlaps))
	define("overlaps before", "range1:r, range2:r", relation(overlapsBefore))
	define("overlaps after", "range1:r, range2:r", relation(func(x, y *rangeData) verdict { return overlapsBefore(y, x) }))
	define("finishes", "point:a, range:r", relation(finishes), "range1:a, range2:r", relation(finishes))
	define("finished by", "range:r, point:a", relation(flip(finishes)), "range1:r, range2:a", relation(flip(finishes)))
	define("includes", "range:r, point:a", relation(flip(during)), "range1:r, range2:a", relation(flip(during)))
	define("during", "point:a, range:r", relation(during), "range1:a, range2:r", relation(during))
	define("starts", "point:a, range:r", relation(starts), "range1:a, range2:r", relation(starts))
	define("started by", "range:r, point:a", relation(flip(starts)), "range1:r, range2:a", relation(flip(starts)))
	define("coincides", "point1:a, point2:a", relation(coincides), "range1:a, range2:a", relation(coincides))
	define("range", "from:s", parseRange)
}

func flip(f func(x, y *rangeData) verdict) func(x, y *rangeData) verdict {
	return func(x, y *rangeData) verdict { return f(y, x) }
}

// relation makes a builtin of a relation of two ranges; a point is the range
// that holds only itself.
func relation(f func(x, y *rangeData) verdict) builtinFunc {
	return func(c callCtx, a []Value) Value {
		c.env.step(a[0].weight() + a[1].weight())
		x, okX := asRange(a[0])
		y, okY := asRange(a[1])
		if !okX || !okY {
			return c.null("%s and %s cannot be related", a[0], a[1])
		}
		r := f(x, y)
		if r == unknown {
			return c.null("%s and %s have no order", a[0], a[1])
		}
		return Bool(r == yes)
	}
}

func asRange(v Value) (*rangeData, bool) {
	v = single(v)
	if v.kind == KindRange {
		r := v.rng()
		return r, !r.bad && r.op != "!="
	}
	if _, ok := compare(v, v); !ok {
		return nil, false
	}
	return &rangeData{low: v, high: v, lowClosed: true, highClosed: true}, true
}

// ends compares an end of x with an end of y; unbounded ends lie outside
// everything.
func ends(x Value, xHigh bool, y Value, yHigh bool) (int, bool) {
	if x.IsNull() || y.IsNull() {
		return compareInt(side(x, xHigh), side(y, yHigh)), true
	}
	return compare(x, y)
}

func side(v Value, high bool) int64 {
	switch {
	case !v.IsNull():
		return 0
	case high:
		return 1
	}
	return -1
}

func before(x, y *rangeData) verdict {
	c, ok := ends(x.high, true, y.low, false)
	if !ok {
		return unknown
	}
	return verdictOf(c < 0 || c == 0 && !(x.highClosed && y.lowClosed))
}

func after(x, y *rangeData) verdict { return before(y, x) }

func meets(x, y *rangeData) verdict {
	c, ok := ends(x.high, true, y.low, false)
	if !ok {
		return unknown
	}
	return verdictOf(c == 0 && x.highClosed && y.lowClosed)
}

func overlaps(x, y *rangeData) verdict {
	a, b := before(x, y), before(y, x)
	if a == unknown || b == unknown {
		return unknown
	}
	return verdictOf(a == no && b == no)
}

// overlapsBefore: x starts before y, reaches into it, and ends in it.
func overlapsBefore(x, y *rangeData) verdict {
	lows, ok1 := ends(x.low, false, y.low, false)
	highs, ok2 := ends(x.high, true, y.high, true)
	if !ok1 || !ok2 {
		return unknown
	}
	startsFirst := lows < 0 || lows == 0 && x.lowClosed && !y.lowClosed
	endsFirst := highs < 0 || highs == 0 && (!x.highClosed || y.highClosed)
	return both(verdictOf(startsFirst && endsFirst), overlaps(x, y))
}

func finishes(x, y *rangeData) verdict {
	highs, ok := ends(x.high, true, y.high, true)
	if !ok {
		return unknown
	}
	return both(verdictOf(highs == 0 && x.highClosed == y.highClosed), lowWithin(x, y))
}

func starts(x, y *rangeData) verdict {
	lows, ok := ends(x.low, false, y.low, false)
	if !ok {
		return unknown
	}
	return both(verdictOf(lows == 0 && x.lowClosed == y.lowClosed), highWithin(x, y))
}

func lowWithin(x, y *rangeData) verdict {
	c, ok := ends(x.low, false, y.low, false)
	if !ok {
		return unknown
	}
	return verdictOf(c > 0 || c == 0 && (!x.lowClosed || y.lowClosed))
}

func highWithin(x, y *rangeData) verdict {
	c, ok := ends(x.high, true, y.high, true)
	if !ok {
		return unknown
	}
	return verdictOf(c < 0 || c == 0 && (!x.highClosed || y.highClosed))
}

func during(x, y *rangeData) verdict { return both(lowWithin(x, y), highWithin(x, y)) }

func coincides(x, y *rangeData) verdict {
	return both(both(equal(x.low, y.low), equal(x.high, y.high)),
		verdictOf(x.lowClosed == y.lowClosed && x.highClosed == y.highClosed))
}

// parseRange reads a range whose ends are literals.
func parseRange(c callCtx, a []Value) Value {
	text := strings.TrimSpace(a[0].str())
	n, err := Compile(text, MaxDepth(10))
	if err != nil {
		return c.null("%s is no range: %s", brief(String(text)), err)
	}
	r, ok := n.ast.(*RangeLiteral)
	if !ok || !literalEnd(r.Low) || !literalEnd(r.High) {
		if cmp, ok := n.ast.(*Comparison); !ok || !literalEnd(cmp.X) {
			return c.null("%s is no range of literals", brief(String(text)))
		}
	}
	v, _ := n.Eval(nil)
	if v.kind != KindRange {
		return c.null("%s is no range", brief(String(text)))
	}
	if cmp, ok := compare(v.rng().low, v.rng().high); ok && cmp > 0 {
		return c.null("%s runs backwards", brief(String(text)))
	}
	return v
}

// literalEnd accepts a literal, a negative number, and a date, time or duration
// made of a literal string.
func literalEnd(n Node) bool {
	switch n := n.(type) {
	case *Literal:
		return !n.Value.IsNull()
	case *Negation:
		_, ok := n.X.(*Literal)
		return ok
	case *Invocation:
		f, ok := n.Fn.(*Name)
		if !ok || len(n.Args) != 1 {
			return false
		}
		switch f.Name {
		case "date", "time", "date and time", "duration":
			_, ok = n.Args[0].(*Literal)
			return ok
		}
	}
	return false
}
