package bpmn

import "slices"

// drop removes a token and everything inside it: tokens, tasks, timers and
// subscriptions, in one step.
func (r *run) drop(t *Token) {
	r.dropInside(t.ID)
	r.cancel(t)
	r.dropSubs(t.ID)
	r.remove(t)
	r.forget(t)
}

// dropInside removes all tokens in a scope ("" is the process).
func (r *run) dropInside(scope string) {
	inside := map[string]bool{scope: true}
	var kept []*Token
	var lost []*Token
	for _, t := range r.tokens { // a scope comes before what is in it
		if inside[t.In] {
			inside[t.ID] = true
			lost = append(lost, t)
		} else {
			kept = append(kept, t)
		}
	}
	r.tokens = kept
	for _, t := range slices.Backward(lost) {
		t.gone = true
		r.cancel(t)
	}
	delete(inside, scope)
	var subs []Sub
	for _, b := range r.s.Subs {
		if inside[b.Own] {
			r.unsubscribe(b)
		} else {
			subs = append(subs, b)
		}
	}
	r.s.Subs = subs
	for _, t := range lost {
		r.forget(t)
	}
}

// cancel tells the caller that a token's task or incident is no longer open.
func (r *run) cancel(t *Token) {
	switch t.Wait {
	case WaitUser, WaitService, WaitDecision:
		r.emit(Command{Type: CancelTask, ID: effect(t), Token: t.ID, Element: t.El})
	case WaitIncident:
		r.clear(t)
	}
}

// dropSubs closes all subscriptions of an owner.
func (r *run) dropSubs(own string) {
	r.closeSubs(func(b Sub) bool { return b.Own == own })
}

// dropSubsOf closes the starts of the event subprocesses of scope s, but not
// the boundary events of its activity.
func (r *run) dropSubsOf(own string, s *node) {
	r.closeSubs(func(b Sub) bool {
		n := r.p.nodes[b.El]
		return b.Own == own && n.kind == kStart && n.up.up == s
	})
}

// dropSub closes one subscription; told says whether the caller hears of it,
// which it need not when the subscription has just fired.
func (r *run) dropSub(id string, told bool) {
	for i, b := range r.s.Subs {
		if b.ID == id {
			r.s.Subs = slices.Delete(r.s.Subs, i, i+1)
			if told || b.Kind != WaitTimer {
				r.unsubscribe(b)
			}
			return
		}
	}
}

func (r *run) closeSubs(match func(Sub) bool) {
	var kept []Sub
	for _, b := range r.s.Subs {
		if match(b) {
			r.unsubscribe(b)
		} else {
			kept = append(kept, b)
		}
	}
	r.s.Subs = kept
}

func (r *run) unsubscribe(b Sub) {
	c := Command{ID: b.ID, Token: b.Own, Element: b.El, Name: b.Name, Key: b.Key}
	switch b.Kind {
	case WaitTimer:
		c.Type = CancelTimer
	case WaitMessage:
		c.Type = CancelMessage
	case WaitSignal:
		c.Type = CancelSignal
	default:
		return
	}
	r.emit(c)
}
