package feel

import "github.com/woodsbury/decimal128"

// loop is one compiled iterator.
type loop struct {
	slot      int
	list, end node
	at        at
}

func (c *compiler) loops(its []Iterator, pos at) []loop {
	out := make([]loop, len(its))
	for i, it := range its {
		out[i].at = pos
		out[i].list = c.node(it.List)
		if it.End != nil {
			out[i].end = c.node(it.End)
		}
		out[i].slot = c.bind(it.Name)
	}
	return out
}

// each runs body for every combination of the loops' values, the last loop
// fastest. It stops when body returns false; ok is false when a loop has
// nothing to run over because its list is wrong.
func each(e *env, loops []loop, body func() bool) (ok, goOn bool) {
	if len(loops) == 0 {
		return true, body()
	}
	l := &loops[0]
	v := l.list(e)
	if l.end != nil {
		return l.span(e, v, l.end(e), true, loops[1:], body)
	}
	var items []Value
	switch v.kind {
	case KindList:
		items = v.Items()
	case KindNull:
		e.null(l.at, "there is no list to run over")
		return false, false
	case KindRange:
		r := v.rng()
		if r.op != "" || !r.lowClosed || !r.highClosed {
			e.null(l.at, "only a closed range can be run over")
			return false, false
		}
		return l.span(e, r.low, r.high, false, loops[1:], body)
	default:
		items = []Value{v}
	}
	for _, item := range items {
		e.callPos = l.at
		e.step(1)
		e.setLocal(l.slot, item)
		if ok, goOn := each(e, loops[1:], body); !ok || !goOn {
			return ok, goOn
		}
	}
	return true, true
}

// span runs over numbers in steps of one, or over dates, from low to high;
// downwards only when down allows it.
func (l *loop) span(e *env, low, high Value, down bool, rest []loop, body func() bool) (ok, goOn bool) {
	bad := func() (bool, bool) {
		e.null(l.at, "cannot run from %s to %s", low, high)
		return false, false
	}
	var from, to int64
	var value func(i int64) Value
	switch {
	case low.kind == KindNumber && high.kind == KindNumber: // in steps of one from low
		n, ok := decimalInt(truncate(decSub(high.num(), low.num())))
		if !ok {
			e.callPos = l.at
			e.room(-1)
		}
		to = n
		value = func(i int64) Value { return number(decAdd(low.num(), decimal128.FromInt64(i))) }
	case low.kind == KindDate && high.kind == KindDate:
		from, to = low.days(), high.days()
		value = func(i int64) Value {
			y, m, d := dateAt(i)
			return dateOf(y, int64(m), int64(d))
		}
	default:
		return bad()
	}
	if c, _ := compare(low, high); c > 0 && !down {
		return bad()
	}
	step := int64(1)
	n := to - from
	if n < 0 {
		step, n = -1, -n
	}
	e.callPos = l.at
	if n < 0 || n >= int64(e.cfg.maxList) {
		e.room(-1)
	}
	for i := range n + 1 {
		e.callPos = l.at
		e.step(1)
		e.setLocal(l.slot, value(from+step*i))
		if ok, goOn := each(e, rest, body); !ok || !goOn {
			return ok, goOn
		}
	}
	return true, true
}

func (c *compiler) forReturn(n *For) node {
	loops := c.loops(n.Iterators, n.at)
	partial := c.bind("partial")
	used := false
	c.fn.locals[len(c.fn.locals)-1].used = &used
	body := c.node(n.Body)
	c.unbind(len(loops) + 1)
	return func(e *env) Value {
		var out ListBuilder
		ok, _ := each(e, loops, func() bool {
			if used {
				e.setLocal(partial, out.List())
			}
			e.callPos = n.at
			e.room(out.Len() + 1)
			out.Append(body(e))
			return true
		})
		if !ok {
			return Value{}
		}
		return e.list(n.at, out.List())
	}
}

func (c *compiler) quantified(n *Quantified) node {
	loops := c.loops(n.Iterators, n.at)
	body := c.node(n.Body)
	c.unbind(len(loops))
	return func(e *env) Value {
		result := Bool(n.Every)
		ok, _ := each(e, loops, func() bool {
			v := body(e)
			switch {
			case v.kind == KindBoolean && (v.a == 1) != n.Every:
				result = v // decides
				return false
			case v.kind != KindBoolean:
				if v.kind != KindNull {
					e.null(n.at, "the condition of \"satisfies\" is a %s", v.kind)
				}
				result = Value{}
			}
			return true
		})
		if !ok {
			return Value{}
		}
		return result
	}
}
