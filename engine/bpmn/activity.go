package bpmn

import (
	"strconv"

	"passerelle/engine/feel"
)

// activity begins an activity: first what is attached to it, then its
// repetition or itself (BPMN 2.0.2, 13.3.2).
func (r *run) activity(t *Token, n *node) {
	for _, b := range n.boundaries {
		if why := r.subscribe(b, t.ID); why != "" {
			r.dropSubs(t.ID)
			r.fail(t, "open", string(evNames[b.event.kind]), b.ID+": "+why)
			return
		}
	}
	if n.multi != nil {
		r.repeat(t, n)
		return
	}
	r.perform(t, n)
}

// perform does the activity itself, once.
func (r *run) perform(t *Token, n *node) {
	switch n.kind {
	case kTask:
		r.complete(t, feel.Null())
	case kUser:
		r.ask(t, n, WaitUser, CreateUserTask)
	case kService:
		r.ask(t, n, WaitService, CallService)
	case kRule:
		r.ask(t, n, WaitDecision, CallDecision)
	case kScript:
		v, why := n.script.eval(r.scope(t))
		if v.IsNull() && why != "null" {
			r.fail(t, "act", "script", why)
			return
		}
		r.complete(t, v)
	case kSend:
		if r.send(t, n) {
			r.complete(t, feel.Null())
		}
	case kReceive:
		r.await(t, n)
	case kSub, kCall, kEventSub:
		t.Wait = waitScope
		if why := r.openEventSubs(t.ID, n); why != "" {
			r.dropSubsOf(t.ID, n)
			r.fail(t, "act", "timer", why)
			return
		}
		for _, s := range n.starts {
			r.arrive(s, t.ID, nil)
		}
	}
}

// ask hands a task to the caller and waits for the answer.
func (r *run) ask(t *Token, n *node, w WaitKind, c CommandType) {
	t.Wait = w
	cmd := Command{Type: c, ID: effect(t), Token: t.ID, Element: n.ID, Name: n.ref}
	if ls := r.locals(t); len(ls) > 0 {
		cmd.Locals = feel.Context(ls...)
	}
	r.emit(cmd)
}

// effect is the id of a task's command: the token, and after failures the
// number of the attempt.
func effect(t *Token) string {
	if t.Tries == 0 {
		return t.ID
	}
	return t.ID + "!" + strconv.Itoa(t.Tries)
}

// completed is the answer to a task.
func (r *run) completed(ev Event) error {
	t := r.task(ev.Token)
	if t == nil {
		return ErrNotWaiting
	}
	if t.Wait == WaitIncident {
		r.clear(t)
	}
	r.complete(t, ev.Result)
	return nil
}

// complete ends one performance of an activity with its result.
func (r *run) complete(t *Token, result feel.Value) {
	n := r.node(t)
	if t.Inst > 0 {
		r.instanceDone(t, n, result)
		return
	}
	if n.kind == kEventSub {
		r.dropSubs(t.ID)
		r.remove(t)
		return
	}
	if n.result != "" && !result.IsNull() {
		r.set(n.ID, n.result, result)
	}
	r.dropSubs(t.ID)
	r.remember(t, n)
	if t.For != "" {
		r.remove(t)
		r.compensated(t.For)
		return
	}
	r.leave(t)
}

// completeScope completes the first subprocess in which no token is left
// (BPMN 2.0.2, 13.3.4).
func (r *run) completeScope() bool {
	used := map[string]bool{}
	for _, t := range r.tokens {
		used[t.In] = true
	}
	for _, t := range r.tokens {
		if t.Wait == waitScope && !used[t.ID] {
			r.dropSubsOf(t.ID, r.node(t))
			r.complete(t, feel.Null())
			return true
		}
	}
	return false
}

// repeat begins a repeated activity (BPMN 2.0.2, 13.3.6 and 13.3.7).
func (r *run) repeat(t *Token, n *node) {
	m := &Multi{Next: 1}
	vars := r.scope(t)
	switch {
	case n.multi.loop:
		m.N = n.multi.max
	case n.multi.items != nil:
		v, why := n.multi.items.eval(vars)
		if v.Kind() != feel.KindList {
			r.failRepeat(t, n.multi.items.src+" is no list ("+first(why, v.Kind().String())+")")
			return
		}
		m.N = len(v.Items())
		if m.N <= maxInstances {
			for _, item := range v.Items() {
				m.Items = append(m.Items, literal(item))
			}
		}
	default:
		v, why := n.multi.count.eval(vars)
		k, ok := v.AsInt()
		if !ok || k < 0 {
			r.failRepeat(t, n.multi.count.src+" is no count ("+first(why, v.Kind().String())+")")
			return
		}
		m.N = int(min(k, maxInstances+1))
	}
	if m.N > maxInstances {
		r.failRepeat(t, "more than "+strconv.Itoa(maxInstances)+" instances")
		return
	}
	t.Multi, t.Wait = m, waitScope
	if n.multi.loop {
		r.nextInstance(t)
		return
	}
	if m.N == 0 {
		r.complete(t, feel.Null())
		return
	}
	r.instance(t, n)
	for !n.multi.sequential && m.Next <= m.N {
		r.instance(t, n)
	}
}

func (r *run) failRepeat(t *Token, why string) {
	r.dropSubs(t.ID)
	r.fail(t, "open", "repetition", why)
}

// instance starts the next instance in the repeated activity t.
func (r *run) instance(t *Token, n *node) {
	i := t.Multi.Next
	t.Multi.Next++
	in := &Token{ID: t.ID + "." + strconv.Itoa(i), El: t.El, In: t.ID, Inst: i,
		Local: []Local{{"loopCounter", strconv.Itoa(i)}}}
	if t.Multi.Items != nil {
		in.Local = append(in.Local, Local{n.multi.item, t.Multi.Items[i-1]})
	}
	r.tokens = append(r.tokens, in)
	r.queue = append(r.queue, in)
}

// instanceDone counts a completed instance, keeps its result and goes on.
func (r *run) instanceDone(t *Token, n *node, result feel.Value) {
	body := r.token(t.In)
	r.dropSubs(t.ID)
	r.remember(t, n)
	r.remove(t)
	m := body.Multi
	m.Done++
	if !result.IsNull() {
		if n.multi.loop {
			r.set(n.ID, n.result, result)
		} else {
			for len(m.Results) < t.Inst {
				m.Results = append(m.Results, "")
			}
			m.Results[t.Inst-1] = literal(result)
		}
	}
	r.nextInstance(body)
}

// nextInstance decides after an instance, or before the first round of a loop,
// how a repeated activity goes on. When the completion condition is true, the
// other instances are cancelled.
func (r *run) nextInstance(body *Token) {
	n, m := r.node(body), body.Multi
	active := m.Next - 1 - m.Done
	finished := !n.multi.loop && m.Done >= m.N
	if n.multi.loop {
		finished = m.N > 0 && m.Done >= m.N
		if !finished && n.multi.while != nil && (m.Done > 0 || n.multi.before) {
			ok, why := n.multi.while.test(r.scope(body).Put("loopCounter", feel.Int(int64(m.Done))))
			if why != "" {
				r.fail(body, "next", "condition", why)
				return
			}
			finished = !ok
		}
	} else if n.multi.done != nil && !finished {
		vars := r.scope(body)
		for _, c := range []struct {
			name string
			n    int
		}{{"numberOfInstances", m.N}, {"numberOfActiveInstances", active}, {"numberOfCompletedInstances", m.Done},
			{"nrOfInstances", m.N}, {"nrOfActiveInstances", active}, {"nrOfCompletedInstances", m.Done}} {
			vars = vars.Put(c.name, feel.Int(int64(c.n)))
		}
		if n.result != "" {
			vars = vars.Put(n.result, m.results())
		}
		ok, why := n.multi.done.test(vars)
		if why != "" {
			r.fail(body, "next", "condition", why)
			return
		}
		finished = ok
	}
	body.Wait = waitScope
	switch {
	case finished:
		r.dropInside(body.ID)
		result := feel.Null()
		if len(m.Results) > 0 {
			result = m.results()
		}
		r.complete(body, result)
	case n.multi.sequential && active == 0:
		r.instance(body, n)
	}
}

// results lists the results so far, in the order of the instances.
func (m *Multi) results() feel.Value {
	var items []feel.Value
	for _, s := range m.Results {
		if s != "" {
			items = append(items, fromLiteral(s))
		}
	}
	return feel.List(items...)
}
