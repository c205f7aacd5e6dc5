package dmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// filterBox is a boxed filter. In its match, "item" is the item; the entries of
// an item that is a context are names too.
type filterBox struct {
	in, match boxed
	place     place
}

func (c *logicCompiler) filter(x *Filter, scope *names) (boxed, *feel.Type) {
	in, shape := c.compile(x.In, scope)
	inner := scope
	var item *feel.Type
	if shape != nil && shape.Kind == feel.TypeList {
		item = shape.Elem
	}
	if item != nil {
		for _, f := range item.Fields {
			inner = inner.with(f.Name, f.Type)
		}
	}
	if item == nil || item.Kind == feel.TypeAny {
		inner = inner.with(anyName, nil)
	}
	match, _ := c.compile(x.Match, inner.with("item", item))
	return &filterBox{in, match, place{c.element, x.Pos, ""}}, shape
}

func (b *filterBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("filter")
	in := b.in.eval(r, s, t.entry("in"))
	items, ok := r.itemsOf(in, b.place)
	var v feel.Value
	if ok {
		v = b.keep(r, s, items, t)
	}
	t.done(v)
	return v
}

// keep returns the items that match. A match that is neither true nor false
// makes the whole result null (DMN 1.5, 10.2.2.9).
func (b *filterBox) keep(r *run, s *feel.Scope, items []feel.Value, t *Logic) feel.Value {
	kept := []feel.Value{}
	for _, item := range items {
		if !r.step(b.place) {
			return feel.Null()
		}
		inner := s
		if item.Kind() == feel.KindContext {
			inner = inner.Extend(item)
		}
		m := b.match.eval(r, inner.With("item", item), t.entry("match"))
		yes, isBool := m.AsBool()
		if !isBool && !m.IsNull() {
			r.warn(b.place, "the match is neither true nor false but "+m.Kind().String())
			return feel.Null()
		}
		if yes {
			kept = append(kept, item)
		}
	}
	return feel.List(kept...)
}

// loopBox is a boxed for, every or some.
type loopBox struct {
	kind, variable string
	in, each       boxed
	place          place
}

func (c *logicCompiler) iteration(x *Iteration, scope *names) boxed {
	in, shape := c.compile(x.In, scope)
	var item *feel.Type
	if shape != nil && shape.Kind == feel.TypeList {
		item = shape.Elem
	}
	inner := scope.with(x.Variable, item)
	if x.Kind == "for" {
		inner = inner.with("partial", nil)
	}
	each, _ := c.compile(x.Each, inner)
	return &loopBox{x.Kind, x.Variable, in, each, place{c.element, x.Pos, ""}}
}

func (b *loopBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind(b.kind)
	in := b.in.eval(r, s, t.entry("in"))
	items, ok := r.itemsOf(in, b.place)
	var v feel.Value
	switch {
	case !ok:
	case b.kind == "for":
		v = b.collect(r, s, items, t)
	default:
		v = b.quantify(r, s, items, t)
	}
	t.done(v)
	return v
}

func (b *loopBox) collect(r *run, s *feel.Scope, items []feel.Value, t *Logic) feel.Value {
	var out feel.ListBuilder
	for _, item := range items {
		if !r.step(b.place) {
			return feel.Null()
		}
		inner := s.With("partial", out.List()).With(b.variable, item)
		out.Append(b.each.eval(r, inner, t.entry("return")))
	}
	return out.List()
}

// quantify visits every item: one that gives neither true nor false makes the
// result null, as the official suite has it.
func (b *loopBox) quantify(r *run, s *feel.Scope, items []feel.Value, t *Logic) feel.Value {
	result := b.kind == "every"
	for _, item := range items {
		if !r.step(b.place) {
			return feel.Null()
		}
		sat := b.each.eval(r, s.With(b.variable, item), t.entry("satisfies"))
		yes, isBool := sat.AsBool()
		if !isBool {
			r.warn(b.place, "what must be satisfied is neither true nor false but "+sat.Kind().String())
			return feel.Null()
		}
		if yes != (b.kind == "every") {
			result = yes
		}
	}
	return feel.Bool(result)
}

// maxRange is how many integers of a range an iteration visits at most.
const maxRange = 1_000_000

// itemsOf returns what an iteration visits: the items of a list, the integers
// of a range, or one value as a list of itself.
func (r *run) itemsOf(v feel.Value, p place) ([]feel.Value, bool) {
	switch v.Kind() {
	case feel.KindList:
		return v.Items(), true
	case feel.KindNull:
		r.warn(p, "there is no list to visit: it is null")
		return nil, false
	case feel.KindRange:
		low, lowClosed, high, highClosed, _ := v.Bounds()
		from, ok1 := low.AsInt()
		to, ok2 := high.AsInt()
		if !ok1 || !ok2 {
			r.warn(p, "only a range of integers can be visited")
			return nil, false
		}
		if !lowClosed {
			from++
		}
		if !highClosed {
			to--
		}
		if to-from >= maxRange || to-from < -1 && to > from {
			r.warn(p, fmt.Sprintf("the range has more than %d integers", maxRange))
			return nil, false
		}
		r.ev.Spend(int(to - from))
		var out []feel.Value
		for i := from; i <= to; i++ {
			out = append(out, feel.Int(i))
		}
		return out, true
	}
	return []feel.Value{v}, true
}
