package bpmn

import "slices"

// check holds the structural rules of a scope and those inside it.
func (c *compiler) check(s *node) {
	plain, reached := 0, map[*node]bool{}
	for _, n := range s.kids {
		if n.kind == kStart && n.event.kind == evNone {
			plain++
		}
	}
	if plain > 1 {
		c.refuse(s, s.Pos, "there are %d plain start events: one is enough", plain)
	}
	if s.kind == kEventSub {
		c.checkEventSub(s)
	} else if s.kind == kSub {
		for _, n := range s.kids {
			if n.kind == kStart && n.event.kind != evNone {
				c.refuse(n, n.Pos, "a subprocess begins with a plain start event; a %s start needs an event subprocess", n.Event)
			}
		}
	}
	if s.kind == kProcess {
		for _, n := range s.kids {
			if n.kind == kStart && (n.event.kind == evError || n.event.kind == evEscalation) {
				c.refuse(n, n.Pos, "a process cannot begin with a %s event", n.Event)
			}
		}
		if len(s.starts) == 0 {
			c.refuse(s, s.Pos, "the process has no beginning")
		}
	}
	for _, n := range s.kids {
		c.checkNode(n)
		if n.isScope() && !(n.kind == kCall && n.kids == nil) {
			c.check(n)
		}
	}
	// Nothing may stand where no token can come (BPMN 2.0.2, 10.5.2).
	todo := append([]*node(nil), s.starts...)
	visit := func(n *node) {
		if !reached[n] {
			todo = append(todo, n)
		}
	}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		if reached[n] {
			continue
		}
		reached[n] = true
		for _, f := range n.out {
			visit(f.to)
		}
		for _, b := range n.boundaries {
			visit(b)
		}
		if n.compensator != nil {
			visit(n.compensator)
		}
		if n.kind == kThrow && n.event.kind == evLink {
			if to := s.links[n.event.name]; to != nil {
				visit(to)
			}
		}
	}
	for _, n := range s.kids {
		if !reached[n] && n.kind != kEventSub && (n.kind != kBoundary || n.host != nil) {
			c.refuse(n, n.Pos, "nothing leads to this element")
		}
	}
}

func (c *compiler) checkEventSub(s *node) {
	starts := 0
	for _, n := range s.kids {
		if n.kind == kStart {
			starts++
			if n.event.kind == evNone {
				c.refuse(n, n.Pos, "an event subprocess begins with an event, not with a plain start")
			}
		}
	}
	if starts != 1 {
		c.refuse(s, s.Pos, "an event subprocess begins with one start event, not %d", starts)
	}
	if len(s.in)+len(s.out) > 0 {
		c.refuse(s, s.Pos, "no sequence flow leads to or from an event subprocess")
	}
}

func (c *compiler) checkNode(n *node) {
	c.checkFlows(n)
	switch n.kind {
	case kBoundary:
		if n.event.kind == evCompensate {
			if len(n.out) > 0 {
				c.refuse(n, n.Pos, "a compensation event has an association, not a sequence flow")
			}
		} else if len(n.out) == 0 {
			c.refuse(n, n.Pos, "no sequence flow leaves the boundary event")
		}
	case kThrow:
		if n.event.kind == evLink && n.up.links[n.event.name] == nil {
			c.refuse(n, n.Pos, "the link %q leads nowhere", n.event.name)
		}
		if n.event.kind == evLink && len(n.out) > 0 {
			c.refuse(n, n.Pos, "no sequence flow leaves a link throw event")
		}
	case kCatch:
		if n.event.kind == evLink && len(n.in) > 0 {
			c.refuse(n, n.Pos, "no sequence flow leads to a link catch event")
		}
	case kEventGateway:
		if len(n.out) < 2 {
			c.refuse(n, n.Pos, "an event-based gateway needs two events or more")
		}
		for _, f := range n.out {
			t := f.to
			if t.kind != kReceive && (t.kind != kCatch || t.event.kind == evLink) {
				c.refuse(n, n.Pos, "an event-based gateway leads to catch events and receive tasks, not to %q", t.ID)
			} else if len(t.in) > 1 || len(t.boundaries) > 0 || t.multi != nil {
				c.refuse(t, t.Pos, "after an event-based gateway an event has one incoming flow, no boundary event and no repetition")
			}
		}
	}
	if ref := n.event.ref; n.event.kind == evCompensate && ref != "" && n.kind != kBoundary {
		found := false
		for _, k := range compensationScope(n).kids {
			found = found || k.x.attr("id") == ref && k.activity()
		}
		if !found {
			c.refuse(n, n.Pos, "the activity %q to compensate is not in the same scope", ref)
		}
	}
	if n.forComp && len(n.in)+len(n.out) > 0 {
		c.refuse(n, n.Pos, "a compensation activity has no sequence flows")
	}
}

func (c *compiler) checkFlows(n *node) {
	if n.kind == kStart && len(n.in) > 0 || n.kind == kBoundary && len(n.in) > 0 {
		c.refuse(n, n.Pos, "no sequence flow leads to this event")
	}
	if n.kind == kEnd && len(n.out) > 0 {
		c.refuse(n, n.Pos, "no sequence flow leaves an end event")
	}
	conditional := n.kind == kExclusive || n.kind == kInclusive || n.activity()
	if n.def != nil && !conditional {
		c.refuse(n, n.Pos, "this element cannot have a default flow")
	}
	for _, f := range n.out {
		switch {
		case f.cond != nil && !conditional:
			c.refuse(n, f.pos, "the sequence flow %q cannot have a condition here", f.id)
		case f.cond != nil && f == n.def:
			c.refuse(n, f.pos, "the default flow %q cannot have a condition", f.id)
		case f.cond == nil && f != n.def && n.kind == kExclusive && len(n.out) > 1:
			c.refuse(n, f.pos, "the sequence flow %q to %q needs a condition, or must be the default flow", f.id, f.to.ID)
		}
	}
	if n.def != nil && !slices.ContainsFunc(n.out, func(f *flow) bool { return f.cond != nil }) && n.kind != kExclusive || n.def != nil && len(n.out) == 1 {
		c.refuse(n, n.Pos, "a default flow needs another flow with a condition")
	}
	if gateway := n.kind >= kExclusive; gateway && len(n.out) == 0 {
		c.refuse(n, n.Pos, "no sequence flow leaves the gateway")
	}
}

// reach computes for each incoming flow of a join from which nodes of the scope
// a token can still arrive on it without passing the join (BPMN 2.0.2, 13.4.3).
func (n *node) reach() {
	n.back = make([]map[*node]bool, len(n.in))
	for i, f := range n.in {
		seen := map[*node]bool{}
		todo := []*node{f.from}
		for len(todo) > 0 {
			m := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if m == n || seen[m] {
				continue
			}
			seen[m] = true
			for _, in := range m.in {
				todo = append(todo, in.from)
			}
			if m.host != nil {
				todo = append(todo, m.host)
			}
			if m.kind == kCatch && m.event.kind == evLink {
				for _, k := range n.up.kids {
					if k.kind == kThrow && k.event.kind == evLink && k.event.name == m.event.name {
						todo = append(todo, k)
					}
				}
			}
		}
		n.back[i] = seen
	}
}
