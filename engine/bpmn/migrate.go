package bpmn

import (
	"fmt"
	"slices"
	"strings"

	"passerelle/engine/feel"
)

// Mapping says as which elements of another process those of this one go on.
type Mapping struct {
	// Elements names the counterpart of an element by its id, "" for none. What is
	// not named keeps its id, if the other process has it; what is inside a call
	// activity follows it.
	Elements map[string]string `json:"elements,omitempty"`
	// Restart lists the timers, by their id in the other process, that begin again.
	// All others keep the time at which they fire.
	Restart []string `json:"restart,omitempty"`
}

// MisfitReason says why an element cannot go on as another.
type MisfitReason string

// The reasons of misfits.
const (
	MisfitUnknown      MisfitReason = "unknown"      // the mapping names an element that is not there
	MisfitTwice        MisfitReason = "twice"        // two elements have the same counterpart
	MisfitGone         MisfitReason = "gone"         // the other process has no counterpart
	MisfitKind         MisfitReason = "kind"         // the counterpart is another kind of element
	MisfitScope        MisfitReason = "scope"        // it stands in another subprocess
	MisfitHost         MisfitReason = "host"         // a boundary event is attached to another activity
	MisfitJoin         MisfitReason = "join"         // a join where a token waits has other incoming flows
	MisfitRepetition   MisfitReason = "repetition"   // a repeated activity that has begun repeats otherwise
	MisfitCall         MisfitReason = "call"         // a call that is under way would be another one
	MisfitCompensation MisfitReason = "compensation" // what was done can no longer be compensated
	MisfitOpen         MisfitReason = "open"         // what is to be waited for cannot be computed; Detail says why
	MisfitState        MisfitReason = "state"        // the state would not be sound; Detail says why
)

// Misfit is one reason why a process cannot go on under another.
type Misfit struct {
	Element string       `json:"element,omitempty"` // in this process; of what is new, in the other
	To      string       `json:"to,omitempty"`      // the counterpart, "" for none
	Reason  MisfitReason `json:"reason"`
	Detail  string       `json:"detail,omitempty"`
}

func (m Misfit) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s → %s: %s %s", m.Element, m.To, m.Reason, m.Detail))
}

// migration is one mapping between two processes.
type migration struct {
	from, to *Process
	m        Mapping
	back     map[string]string // counterpart → element
	misfits  []Misfit
}

func newMigration(from, to *Process, m Mapping) *migration {
	g := &migration{from: from, to: to, m: m, back: map[string]string{}}
	for _, n := range from.order {
		id := g.target(n.ID)
		if id == "" {
			continue
		}
		if first, twice := g.back[id]; twice {
			g.misfit(n.ID, id, MisfitTwice, first)
			continue
		}
		g.back[id] = n.ID
	}
	for id, to := range m.Elements {
		if from.nodes[id] == nil || to != "" && g.to.nodes[to] == nil {
			g.misfit(id, to, MisfitUnknown, "")
		}
	}
	for _, id := range m.Restart {
		if n := g.to.nodes[id]; n == nil || n.event.kind != evTimer {
			g.misfit("", id, MisfitUnknown, "")
		}
	}
	slices.SortFunc(g.misfits, func(a, b Misfit) int { return strings.Compare(a.Element+"\x00"+a.To, b.Element+"\x00"+b.To) })
	return g
}

func (g *migration) misfit(element, to string, why MisfitReason, detail string) {
	x := Misfit{Element: element, To: to, Reason: why, Detail: detail}
	if !slices.Contains(g.misfits, x) {
		g.misfits = append(g.misfits, x)
	}
}

// target is the id of an element's counterpart, "" for none.
func (g *migration) target(id string) string {
	if to, named := g.m.Elements[id]; named {
		if g.to.nodes[to] == nil {
			return ""
		}
		return to
	}
	if n := g.from.nodes[id]; n != nil {
		for up := n.up; up != nil; up = up.up {
			if up.kind != kCall {
				continue
			}
			if inner := g.target(up.ID) + "/" + strings.TrimPrefix(id, up.ID+"/"); g.to.nodes[inner] != nil {
				return inner
			}
			return ""
		}
	}
	if g.to.nodes[id] == nil {
		return ""
	}
	return id
}

// fit returns the counterpart of an element where a process can stand, or nil
// and has said why not.
func (g *migration) fit(id string) (old, now *node) {
	old = g.from.nodes[id]
	if old == nil {
		g.misfit(id, "", MisfitGone, "")
		return nil, nil
	}
	to := g.target(id)
	if now = g.to.nodes[to]; now == nil {
		g.misfit(id, "", MisfitGone, "")
		return old, nil
	}
	up := old.up.ID
	if up != "" {
		up = g.target(up)
	}
	switch {
	case old.kind != now.kind || old.event.kind != now.event.kind || old.forComp != now.forComp:
		g.misfit(id, to, MisfitKind, "")
	case (old.up.ID == "") != (up == "") || now.up.ID != up:
		g.misfit(id, to, MisfitScope, "")
	case old.kind == kBoundary && now.host.ID != g.target(old.host.ID):
		g.misfit(id, to, MisfitHost, "")
	default:
		return old, now
	}
	return old, nil
}

// flow returns the counterpart of a sequence flow: the one between the
// counterparts of its ends.
func (g *migration) flow(f *flow) *flow {
	from, to := g.to.nodes[g.target(f.from.ID)], g.target(f.to.ID)
	if from == nil || to == "" {
		return nil
	}
	var found []*flow
	for _, x := range from.out {
		if x.to.ID == to {
			found = append(found, x)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	for _, x := range found {
		if x.id == f.id {
			return x
		}
	}
	return nil
}

// sameJoin reports whether two joins wait for the same.
func (g *migration) sameJoin(old, now *node) bool {
	for _, f := range old.in {
		if x := g.flow(f); x == nil || !slices.Contains(now.in, x) {
			return false
		}
	}
	return len(old.in) == len(now.in)
}

// sameLoop reports whether a repetition that has begun can go on as another:
// what is repeated is the same. Its conditions are those of the future.
func sameLoop(a, b *multi) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.sequential == b.sequential && a.loop == b.loop && a.max == b.max && a.item == b.item &&
		source(a.items) == source(b.items) && source(a.count) == source(b.count)
}

func source(e *expr) string {
	if e == nil {
		return ""
	}
	return e.src
}

// Misfits says what of a mapping can never serve: names that are not there, two
// elements with one counterpart, and for each element what keeps a process that
// stands there from going on.
func (p *Process) Misfits(to *Process, m Mapping) []Misfit {
	g := newMigration(p, to, m)
	for _, n := range p.order {
		g.fit(n.ID)
	}
	return g.misfits
}

// Counterpart returns the element as which one of this process goes on, "" for
// none.
func (p *Process) Counterpart(to *Process, m Mapping, element string) string {
	return newMigration(p, to, m).target(element)
}

// Migrate takes a state of this process over to another. No token moves: each
// stands at the counterpart of its element and keeps its id, so that tasks and
// answers on their way find it. Subscriptions stay, under the message or signal
// of their counterpart; events that only the other process has are opened. The
// commands are what the caller has to do besides: timers that begin again or are
// new, messages and signals under another name.
//
// With a misfit nothing has happened. The identical process changes nothing.
func (p *Process) Migrate(s State, to *Process, m Mapping, vars feel.Value) (State, []Command, []Misfit) {
	g := newMigration(p, to, m)
	if s.V > StateVersion {
		g.misfit("", "", MisfitState, fmt.Sprintf("version %d is newer than %d", s.V, StateVersion))
	}
	if len(g.misfits) > 0 {
		return s, nil, g.misfits
	}
	r := &run{p: to, s: s.clone(), vars: vars}
	for i := range s.Tokens {
		t := s.Tokens[i]
		r.tokens = append(r.tokens, &t)
		g.token(&t)
	}
	for i := range r.s.Undo {
		g.undo(&r.s.Undo[i])
	}
	if s.End != "" {
		r.s.End = g.target(s.End)
	}
	g.count(r.s.Count, s.Count)
	g.subs(r, s.Subs)
	if len(g.misfits) == 0 && s.Started && !s.Ended {
		g.open(r)
	}
	r.s.Tokens = nil
	for _, t := range r.tokens {
		r.s.Tokens = append(r.s.Tokens, *t)
	}
	if len(g.misfits) == 0 {
		if err := to.Verify(r.s); err != nil {
			g.misfit("", "", MisfitState, err.Error())
		}
	}
	if len(g.misfits) > 0 {
		return s, nil, g.misfits
	}
	return r.s, compact(r.cmds), nil
}

// token puts a token on the counterpart of its element.
func (g *migration) token(t *Token) {
	old, now := g.fit(t.El)
	if now == nil {
		return
	}
	switch {
	case old.activity() && !sameLoop(old.multi, now.multi):
		g.misfit(old.ID, now.ID, MisfitRepetition, "")
	case (t.Wait == WaitService || t.Wait == WaitDecision) && old.ref != now.ref:
		g.misfit(old.ID, now.ID, MisfitCall, "")
	case old.joins() && t.Flow != "":
		if !g.sameJoin(old, now) {
			g.misfit(old.ID, now.ID, MisfitJoin, "")
			return
		}
		t.Flow = g.flow(g.from.flows[t.Flow]).id
	}
	t.El = now.ID
	t.Plan = slices.Clone(t.Plan)
	for i := range t.Plan {
		g.undo(&t.Plan[i])
	}
}

// undo keeps a completed activity compensable.
func (g *migration) undo(u *Undo) {
	old, now := g.fit(u.El)
	switch {
	case now == nil:
	case old.compensator != nil && now.compensator == nil:
		g.misfit(old.ID, now.ID, MisfitCompensation, "")
	default:
		u.El = now.ID
	}
}

// count carries over what was passed. Counts from which ids are made never go
// down, also those of elements that are gone: no id is given twice.
func (g *migration) count(counts, before map[string]int) {
	for id := range g.from.flows {
		delete(counts, id)
	}
	for id, f := range g.from.flows {
		if x := g.flow(f); x != nil && before[id] > 0 {
			counts[x.id] = before[id]
		}
	}
	for id := range g.from.nodes {
		to := g.target(id)
		if to == "" || to == id {
			continue
		}
		for _, suffix := range []string{"", "~"} {
			if n := before[id+suffix]; n > counts[to+suffix] {
				counts[to+suffix] = n
			}
		}
	}
}

// subs takes over the subscriptions.
func (g *migration) subs(r *run, before []Sub) {
	var again []Sub
	for i := range before {
		b := &r.s.Subs[i]
		old, now := g.fit(b.El)
		if now == nil {
			continue
		}
		if own := r.token(b.Own); own != nil && r.node(own) != nil && r.node(own).kind == kEventGateway && !follows(r.node(own), now) {
			g.misfit(old.ID, now.ID, MisfitHost, "")
			continue
		}
		b.El = now.ID
		switch {
		case b.Kind == WaitTimer:
			if slices.Contains(g.m.Restart, now.ID) {
				again = append(again, *b)
			}
		case b.Kind == WaitCondition && old.event.cond.src != now.event.cond.src:
			b.Was, _ = now.event.cond.test(r.scope(r.token(b.Own))) // it fires when it becomes true
		case old.event.name != now.event.name, b.Kind == WaitMessage && source(old.event.key) != source(now.event.key):
			again = append(again, *b)
		}
	}
	if len(g.misfits) > 0 {
		return
	}
	for _, b := range again {
		r.dropSub(b.ID, true)
		g.subscribe(r, r.p.nodes[b.El], b.Own)
	}
}

func follows(gateway, n *node) bool {
	return slices.ContainsFunc(gateway.out, func(f *flow) bool { return f.to == n })
}

func (g *migration) subscribe(r *run, n *node, own string) {
	if why := r.subscribe(n, own); why != "" {
		g.misfit(g.back[n.ID], n.ID, MisfitOpen, why)
	}
}

// open subscribes to the events that only the other process has, where the
// process already stands.
func (g *migration) open(r *run) {
	isNew := func(n *node) bool { return g.back[n.ID] == "" }
	g.openScope(r, "", r.p.root)
	for _, t := range slices.Clone(r.tokens) {
		n := r.node(t)
		if n.kind == kEventGateway && t.Wait == waitEvent {
			for _, f := range n.out {
				if isNew(f.to) {
					g.subscribe(r, f.to, t.ID)
				}
			}
		}
		begun := t.Wait != WaitIncident || t.Fail.Stage != "open"
		if n.activity() && t.Inst == 0 && begun {
			for _, b := range n.boundaries {
				if isNew(b) {
					g.subscribe(r, b, t.ID)
				}
			}
		}
		if t.Wait == waitScope && t.Multi == nil {
			g.openScope(r, t.ID, n)
		}
	}
}

// openScope opens event subprocesses that are new, unless one that interrupts
// runs: then the others are closed.
func (g *migration) openScope(r *run, own string, s *node) {
	for _, t := range r.tokens {
		if n := r.node(t); t.In == own && n.kind == kEventSub && n.starts[0].interrupt {
			return
		}
	}
	for _, e := range s.eventSubs {
		if g.back[e.starts[0].ID] == "" {
			g.subscribe(r, e.starts[0], own)
		}
	}
}

// ProposeMapping names counterparts for the elements whose id the other process
// does not have: an element of the same kind in the counterpart of its scope that
// is nobody's yet and has the same name, else the only one there is.
func (p *Process) ProposeMapping(to *Process) Mapping {
	m := Mapping{Elements: map[string]string{}}
	for _, n := range p.order {
		g := newMigration(p, to, m)
		if g.target(n.ID) != "" {
			continue
		}
		var alike, named []*node
		for _, x := range to.order {
			if g.back[x.ID] != "" {
				continue
			}
			try := newMigration(p, to, Mapping{Elements: map[string]string{}})
			for k, v := range m.Elements {
				try.m.Elements[k] = v
			}
			try.m.Elements[n.ID] = x.ID
			if _, now := try.fit(n.ID); now == nil || n.ref != x.ref || n.Attrs["kind"] != x.Attrs["kind"] {
				continue
			}
			alike = append(alike, x)
			if n.Name != "" && n.Name == x.Name {
				named = append(named, x)
			}
		}
		switch {
		case len(named) == 1:
			m.Elements[n.ID] = named[0].ID
		case len(alike) == 1:
			m.Elements[n.ID] = alike[0].ID
		}
	}
	return m
}
