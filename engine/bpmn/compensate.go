package bpmn

import "slices"

// remember keeps a completed activity that can be compensated: one with a
// handler, or a subprocess with such activities inside (BPMN 2.0.2, 13.5.5).
func (r *run) remember(t *Token, n *node) {
	inside := slices.ContainsFunc(r.s.Undo, func(u Undo) bool { return u.In == t.ID })
	if n.compensator == nil && !inside {
		return
	}
	if n.multi != nil && t.Inst == 0 && n.compensator != nil {
		return // its instances are remembered
	}
	in := t.In
	if t.Inst > 0 && n.compensator != nil {
		in = r.token(t.In).In // instances of a repeated activity are compensated one by one
	}
	r.s.Undo = append(r.s.Undo, Undo{El: n.ID, Token: t.ID, In: in, Local: t.Local})
}

// forget drops what a cancelled scope could have compensated: only completed
// activities are.
func (r *run) forget(t *Token) {
	r.s.Undo = slices.DeleteFunc(r.s.Undo, func(u Undo) bool { return u.In == t.ID })
}

// compensationScope is the scope whose activities a throw event compensates;
// from an event subprocess it is the one around it.
func compensationScope(n *node) *node {
	s := n.up
	for s.kind == kEventSub && s.up != nil {
		s = s.up
	}
	return s
}

// compensate starts the handlers, the last completed first, one after another;
// false when there is nothing to compensate.
func (r *run) compensate(t *Token, n *node) bool {
	scope := t.In
	for scope != "" {
		s := r.token(scope)
		if r.node(s).kind != kEventSub {
			break
		}
		scope = s.In
	}
	prefix := ""
	if s := compensationScope(n); len(s.kids) > 0 {
		prefix = s.kids[0].ID[:len(s.kids[0].ID)-len(s.kids[0].x.attr("id"))]
	}
	t.Plan = r.plan(scope, prefix, n.event.ref)
	if len(t.Plan) == 0 {
		return false
	}
	t.Wait = waitUndo
	r.undoNext(t)
	return true
}

// plan takes what is to be compensated in a scope out of the memory, in order.
func (r *run) plan(scope, prefix, ref string) []Undo {
	var mine []Undo
	r.s.Undo = slices.DeleteFunc(r.s.Undo, func(u Undo) bool {
		if u.In == scope && (ref == "" || u.El == prefix+ref) {
			mine = append(mine, u)
			return true
		}
		return false
	})
	var out []Undo
	for _, u := range slices.Backward(mine) {
		if r.p.nodes[u.El].compensator != nil {
			r.s.Undo = slices.DeleteFunc(r.s.Undo, func(v Undo) bool { return v.In == u.Token })
			out = append(out, u)
			continue
		}
		out = append(out, r.plan(u.Token, "", "")...)
	}
	return out
}

// undoNext starts the next handler of the token's plan.
func (r *run) undoNext(t *Token) {
	u := t.Plan[0]
	t.Plan = slices.Clone(t.Plan[1:])
	// A handler stands in the scope of the token that asked for it: when that is
	// cancelled, so is the handler.
	h := r.arrive(r.p.nodes[u.El].compensator, t.In, nil)
	h.For, h.Local = t.ID, u.Local
}

// compensated goes on after a handler.
func (r *run) compensated(id string) {
	t := r.token(id)
	if t == nil {
		return
	}
	if len(t.Plan) > 0 {
		r.undoNext(t)
		return
	}
	t.Wait = ""
	if r.node(t).kind == kEnd {
		r.remove(t)
		return
	}
	r.leave(t)
}
