package bpmn

import (
	"slices"
	"strconv"

	"passerelle/engine/feel"
)

var waitOf = [...]WaitKind{evTimer: WaitTimer, evMessage: WaitMessage, evSignal: WaitSignal, evConditional: WaitCondition, evTerminate: ""}

// await makes the token wait for its own event.
func (r *run) await(t *Token, n *node) {
	t.Wait = waitEvent
	if why := r.subscribe(n, t.ID); why != "" {
		stage := "open"
		if n.activity() {
			stage = "act"
		}
		r.fail(t, stage, evNames[n.event.kind], why)
	}
}

// subscribe opens what event n waits for, owned by a token or scope. Errors,
// escalations and compensation need no subscription: they are looked up.
func (r *run) subscribe(n *node, own string) (why string) {
	kind := waitOf[n.event.kind]
	if kind == "" {
		return ""
	}
	b := Sub{El: n.ID, Own: own, Kind: kind, Name: n.event.name}
	vars := r.scope(r.token(own))
	var at feel.Value
	switch kind {
	case WaitTimer:
		d, reason := n.event.time.evaluate(vars)
		if reason != "" {
			return reason
		}
		at = d.at
		if d.again != 0 && repeats(n) {
			b.Again, b.Every = d.again, literal(d.every)
		}
	case WaitMessage:
		if b.Key, why = key(n, vars); why != "" {
			return why
		}
	}
	r.open(b, at)
	return ""
}

// repeats reports whether a timer cycle may fire more than once at n.
func repeats(n *node) bool {
	return (n.kind == kBoundary || n.kind == kStart) && !n.interrupt
}

// open gives the subscription its id and tells the caller.
func (r *run) open(b Sub, at feel.Value) {
	r.s.Count[b.El+"~"]++
	b.ID = b.El + "~" + strconv.Itoa(r.s.Count[b.El+"~"])
	r.s.Subs = append(r.s.Subs, b)
	c := Command{ID: b.ID, Token: b.Own, Element: b.El, Name: b.Name, Key: b.Key, Value: at}
	switch b.Kind {
	case WaitTimer:
		c.Type = StartTimer
	case WaitMessage:
		c.Type = AwaitMessage
	case WaitSignal:
		c.Type = AwaitSignal
	default:
		return
	}
	r.emit(c)
}

// key computes the correlation key of a message.
func key(n *node, vars feel.Value) (k, why string) {
	if n.event.key == nil {
		return "", ""
	}
	v, reason := n.event.key.eval(vars)
	if s, ok := v.AsString(); ok {
		return s, ""
	}
	if v.IsNull() {
		return "", "the key of message " + n.event.name + " has no value: " + n.event.key.src + " (" + reason + ")"
	}
	return v.String(), ""
}

// openEventSubs opens the starts of the event subprocesses of a scope.
func (r *run) openEventSubs(own string, s *node) (why string) {
	for _, e := range s.eventSubs {
		if why = r.subscribe(e.starts[0], own); why != "" {
			return e.ID + ": " + why
		}
	}
	return ""
}

// fire lets the event of a subscription happen.
func (r *run) fire(b Sub, result feel.Value) {
	n := r.p.nodes[b.El]
	if n.result != "" && !result.IsNull() && n.kind != kReceive {
		r.set(n.ID, n.result, result)
	}
	own := r.token(b.Own)
	switch {
	case n.kind == kBoundary:
		r.spend(b, n)
		r.boundary(n, own)
	case n.kind == kStart:
		r.spend(b, n)
		r.eventSub(n, b.Own)
	case own.El == n.ID: // its own wait
		r.dropSub(b.ID, false)
		if n.kind == kReceive {
			r.complete(own, result)
			return
		}
		r.dropSubs(own.ID)
		r.leave(own)
	default: // event-based gateway: the first event wins
		r.dropSub(b.ID, false)
		r.dropSubs(own.ID)
		r.remove(own)
		for _, f := range n.in {
			r.s.Count[f.id]++
		}
		r.s.Count[n.ID]++
		t := &Token{ID: n.ID + ":" + strconv.Itoa(r.s.Count[n.ID]), El: n.ID, In: own.In}
		r.tokens = append(r.tokens, t)
		if n.kind == kReceive {
			r.complete(t, result)
			return
		}
		r.leave(t)
	}
}

// spend closes a subscription that fired, or keeps it for the next time when it
// does not interrupt.
func (r *run) spend(b Sub, n *node) {
	if n.interrupt {
		r.dropSub(b.ID, false)
		return
	}
	if b.Kind != WaitTimer {
		return
	}
	r.dropSub(b.ID, false)
	if b.Again != 0 {
		if b.Again > 0 {
			b.Again--
		}
		every := fromLiteral(b.Every)
		if b.Again == 0 {
			b.Every = ""
		}
		r.open(b, every)
	}
}

// boundary takes the flow of a boundary event; an interrupting one first drops
// the activity with all inside (BPMN 2.0.2, 13.5.3).
func (r *run) boundary(n *node, host *Token) {
	in := host.In
	if n.interrupt {
		r.drop(host)
	}
	r.arrive(n, in, nil)
}

// eventSub starts the event subprocess that begins with n; an interrupting one
// first drops everything else in the scope (BPMN 2.0.2, 13.5.4).
func (r *run) eventSub(n *node, scope string) {
	e := n.up
	if n.interrupt {
		r.dropInside(scope)
		r.dropSubsOf(scope, r.scopeNode(scope))
	}
	r.s.Count[e.ID]++
	t := &Token{ID: e.ID + ":" + strconv.Itoa(r.s.Count[e.ID]), El: e.ID, In: scope}
	r.tokens = append(r.tokens, t)
	r.perform(t, e)
}

// message delivers a message to one that waits: first to those that wait for one
// message only, so that a handler that stays open does not take them all.
func (r *run) message(ev Event) error {
	var open *Sub
	for i := range r.s.Subs {
		b := &r.s.Subs[i]
		if b.Kind != WaitMessage || b.Name != ev.Name || b.Key != "" && b.Key != ev.Key {
			continue
		}
		n := r.p.nodes[b.El]
		if stays := (n.kind == kBoundary || n.kind == kStart) && !n.interrupt; !stays {
			r.fire(*b, ev.Result)
			return nil
		}
		if open == nil {
			open = b
		}
	}
	if open == nil {
		return ErrNotWaiting
	}
	r.fire(*open, ev.Result)
	return nil
}

// broadcast tells a signal to all that wait for it now.
func (r *run) broadcast(name string) {
	for _, b := range slices.Clone(r.s.Subs) {
		if b.Kind == WaitSignal && b.Name == name && r.sub(b.ID) {
			r.fire(b, feel.Null())
		}
	}
}

func (r *run) sub(id string) bool {
	return slices.ContainsFunc(r.s.Subs, func(b Sub) bool { return b.ID == id })
}

// conditions fires the first condition that has become true. One that cannot be
// computed counts as not true: it is asked again at the next step.
func (r *run) conditions() bool {
	for i := range r.s.Subs {
		b := &r.s.Subs[i]
		if b.Kind != WaitCondition {
			continue
		}
		ok, _ := r.p.nodes[b.El].event.cond.test(r.scope(r.token(b.Own)))
		was := b.Was
		b.Was = ok
		if ok && !was {
			r.fire(*b, feel.Null())
			return true
		}
	}
	return false
}

// throw looks for who catches an error or escalation: outwards from the token,
// at each level the event subprocesses, then the boundary; the exact code
// before the catch-all. What happens inside an event subprocess is not caught by
// those beside it, so that a handler cannot call itself (BPMN 2.0.2, 10.5.7).
func (r *run) throw(kind evKind, code string, t *Token) bool {
	for cur := t; ; {
		n := r.node(cur)
		if cur.Inst == 0 {
			if b := pick(n.boundaries, kind, code); b != nil {
				r.boundary(b, cur)
				return true
			}
			if n.kind != kEventSub {
				var starts []*node
				for _, e := range r.scopeNode(cur.In).eventSubs {
					starts = append(starts, e.starts[0])
				}
				if s := pick(starts, kind, code); s != nil {
					r.eventSub(s, cur.In)
					return true
				}
			}
		}
		if cur.In == "" {
			return false
		}
		cur = r.token(cur.In)
	}
}

func (r *run) scopeNode(scope string) *node {
	if scope == "" {
		return r.p.root
	}
	return r.node(r.token(scope))
}

func pick(catchers []*node, kind evKind, code string) *node {
	var all *node
	for _, n := range catchers {
		if n.event.kind != kind {
			continue
		}
		if n.event.code == code && code != "" {
			return n
		}
		if n.event.code == "" && all == nil {
			all = n
		}
	}
	return all
}

func (r *run) escalate(code string, t *Token) {
	if !r.throw(evEscalation, code, t) {
		r.emit(Command{Type: NoteEscalation, ID: t.ID + "^" + code, Token: t.ID, Element: t.El, Code: code})
	}
}

// send emits a message; false when its key cannot be computed.
func (r *run) send(t *Token, n *node) bool {
	k, why := key(n, r.scope(t))
	if why != "" {
		stage := "open"
		if n.activity() {
			stage = "act"
		}
		r.fail(t, stage, "message", why)
		return false
	}
	r.emit(Command{Type: SendMessage, ID: effect(t), Token: t.ID, Element: n.ID, Name: n.event.name, Key: k})
	return true
}

func (r *run) signal(t *Token, n *node) {
	r.emit(Command{Type: ThrowSignal, ID: t.ID, Token: t.ID, Element: n.ID, Name: n.event.name})
	r.broadcast(n.event.name)
}

// throwEvent is an intermediate throw event.
func (r *run) throwEvent(t *Token, n *node) {
	switch n.event.kind {
	case evMessage:
		if !r.send(t, n) {
			return
		}
	case evSignal:
		r.signal(t, n)
	case evEscalation:
		r.escalate(n.event.code, t)
	case evLink:
		to := n.up.links[n.event.name]
		in := t.In
		r.remove(t)
		r.arrive(to, in, nil)
		return
	case evCompensate:
		if r.compensate(t, n) {
			return
		}
	}
	if !t.gone {
		r.leave(t)
	}
}

// ends reports whether an end in the scope is one of the process: in itself, or
// in an event subprocess that took its place.
func (r *run) ends(scope string) bool {
	for scope != "" {
		t := r.token(scope)
		if n := r.node(t); n.kind != kEventSub || !n.starts[0].interrupt {
			return false
		}
		scope = t.In
	}
	return true
}

// end is an end event (BPMN 2.0.2, 13.5.6).
func (r *run) end(t *Token, n *node) {
	if r.ends(t.In) {
		r.s.End = n.ID
	}
	switch n.event.kind {
	case evMessage:
		if !r.send(t, n) {
			return
		}
	case evSignal:
		r.signal(t, n)
	case evEscalation:
		r.escalate(n.event.code, t)
	case evError:
		if !r.throw(evError, n.event.code, t) {
			r.fail(t, "open", "error", n.event.code)
			return
		}
	case evTerminate:
		in := t.In
		if in == "" {
			r.how = "terminated"
		}
		r.dropInside(in)
		return
	case evCompensate:
		if r.compensate(t, n) {
			return
		}
	}
	if !t.gone {
		r.remove(t)
	}
}
