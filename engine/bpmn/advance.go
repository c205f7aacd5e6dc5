package bpmn

import (
	"fmt"
	"slices"
	"strconv"

	"passerelle/engine/feel"
)

// Bounds of what one event may do to a process; beyond them it runs in a circle.
const (
	maxSteps  = 100_000
	maxTokens = 2 * maxInstances
)

// run is one call of Advance: a private copy of the state and what is collected.
type run struct {
	p      *Process
	s      State
	tokens []*Token
	queue  []*Token
	vars   feel.Value
	cmds   []Command
	steps  int
	how    string // how the process ended
}

// Advance carries the process from one wait state to the next: a pure function
// of its arguments. vars is a context of the variables; SetVariable commands
// change it for later steps (see Apply). On an error the state is returned as it
// was. An event that nobody waits for is ErrNotWaiting.
func (p *Process) Advance(s State, ev Event, vars feel.Value) (State, []Command, error) {
	next, cmds, _, err := p.advance(s, ev, vars)
	return next, cmds, err
}

func (p *Process) advance(s State, ev Event, vars feel.Value) (State, []Command, feel.Value, error) {
	if s.V > StateVersion {
		return s, nil, vars, fmt.Errorf("bpmn: state version %d is newer than %d", s.V, StateVersion)
	}
	r := &run{p: p, s: s.clone(), vars: vars, tokens: make([]*Token, len(s.Tokens))}
	for i := range s.Tokens {
		t := s.Tokens[i]
		if t.Multi != nil {
			m := *t.Multi
			m.Results = append([]string(nil), m.Results...)
			t.Multi = &m
		}
		r.tokens[i] = &t
	}
	for _, e := range ev.Set.Entries() {
		r.set("", e.Name, e.Value)
	}
	if err := r.apply(ev); err != nil {
		return s, nil, vars, err
	}
	if err := r.settle(); err != nil {
		return s, nil, vars, err
	}
	r.s.Tokens = nil
	for _, t := range r.tokens {
		r.s.Tokens = append(r.s.Tokens, *t)
	}
	return r.s, compact(r.cmds), r.vars, nil
}

// Apply returns the variables after the SetVariable commands.
func Apply(vars feel.Value, cmds []Command) feel.Value {
	for _, c := range cmds {
		if c.Type == SetVariable {
			vars = vars.Put(c.Name, c.Value)
		}
	}
	return vars
}

func (r *run) apply(ev Event) error {
	if !r.s.Started {
		return r.start(ev)
	}
	if r.s.Ended {
		return ErrNotWaiting
	}
	switch ev.Type {
	case EvCompleted:
		return r.completed(ev)
	case EvFailed:
		t := r.task(ev.Token)
		if t == nil {
			return ErrNotWaiting
		}
		if t.Wait == WaitIncident {
			return ErrNotWaiting
		}
		r.fail(t, "act", "failed", ev.Message)
	case EvError:
		t := r.task(ev.Token)
		if t == nil {
			return ErrNotWaiting
		}
		was := t.Wait
		if was != WaitIncident {
			t.Wait = "" // answered: nobody need cancel it
		}
		if !r.throw(evError, ev.Code, t) {
			if was == WaitIncident {
				return ErrNotWaiting
			}
			r.fail(t, "act", "error", first(ev.Message, ev.Code))
		}
	case EvEscalated:
		t := r.task(ev.Token)
		if t == nil {
			return ErrNotWaiting
		}
		r.escalate(ev.Code, t)
	case EvTimer:
		for i := range r.s.Subs {
			if b := r.s.Subs[i]; b.ID == ev.Token && b.Kind == WaitTimer {
				r.fire(b, ev.Result)
				return nil
			}
		}
		return ErrNotWaiting
	case EvMessage:
		return r.message(ev)
	case EvSignal:
		r.broadcast(ev.Name)
	case EvChanged:
	case EvResume:
		return r.resume(ev.Token)
	case EvCancel:
		r.how = "cancelled"
		r.s.End = ""
		r.dropInside("")
	default:
		return ErrNotWaiting
	}
	return nil
}

func (r *run) start(ev Event) error {
	starts := r.p.root.starts
	var at []*node
	switch {
	case ev.Type == EvMessage, ev.Type == EvStart && ev.Token != "":
		for _, n := range starts {
			if ev.Type == EvMessage && n.event.kind == evMessage && n.event.name == ev.Name || ev.Type == EvStart && n.ID == ev.Token {
				at = append(at, n)
				break
			}
		}
	case ev.Type == EvStart && starts[0].kind != kStart:
		at = starts // nothing leads to them: all begin (BPMN 2.0.2, 13.2)
	case ev.Type == EvStart && len(starts) == 1:
		at = starts
	case ev.Type == EvStart:
		for _, n := range starts {
			if n.event.kind == evNone {
				at = append(at, n)
			}
		}
	}
	if len(at) == 0 {
		return ErrNotWaiting
	}
	r.s.Started = true
	if why := r.openEventSubs("", r.p.root); why != "" {
		return fmt.Errorf("bpmn: the process cannot start: %s", why)
	}
	for _, n := range at {
		if n.result != "" && !ev.Result.IsNull() {
			r.set("", n.result, ev.Result)
		}
		r.arrive(n, "", nil)
	}
	return nil
}

// settle moves tokens until every one of them waits.
func (r *run) settle() error {
	for {
		for len(r.queue) > 0 {
			t := r.queue[0]
			r.queue = r.queue[1:]
			if t.gone {
				continue
			}
			if r.steps++; r.steps > maxSteps || len(r.tokens) > maxTokens {
				return fmt.Errorf("%w: %s", ErrEndless, t.El)
			}
			r.process(t)
		}
		if r.completeScope() || r.inclusiveJoins() || r.conditions() {
			if r.steps++; r.steps > maxSteps {
				return ErrEndless
			}
			continue
		}
		if r.unblock() {
			continue
		}
		break
	}
	if len(r.tokens) == 0 && !r.s.Ended {
		r.dropSubs("")
		r.s.Ended, r.s.Undo = true, nil
		r.emit(Command{Type: EndProcess, ID: "end", Element: r.s.End, Name: first(r.how, "ended")})
	}
	return nil
}

func (r *run) process(t *Token) {
	n := r.node(t)
	switch n.kind {
	case kStart, kBoundary, kExclusive:
		r.leave(t)
	case kEnd:
		r.end(t, n)
	case kThrow:
		r.throwEvent(t, n)
	case kCatch:
		if n.event.kind == evLink {
			r.leave(t)
			return
		}
		r.await(t, n)
	case kParallel:
		if n.joins() {
			r.parallelJoin(t, n)
			return
		}
		r.leave(t)
	case kInclusive:
		if n.joins() {
			t.Wait = waitJoin
			return
		}
		r.leave(t)
	case kEventGateway:
		t.Wait = waitEvent
		for _, f := range n.out {
			if why := r.subscribe(f.to, t.ID); why != "" {
				r.dropSubs(t.ID)
				r.fail(t, "open", string(evNames[f.to.event.kind]), why)
				return
			}
		}
	default:
		if t.Inst > 0 {
			r.perform(t, n)
			return
		}
		r.activity(t, n)
	}
}

// arrive puts a new token on n.
func (r *run) arrive(n *node, in string, by *flow) *Token {
	r.s.Count[n.ID]++
	t := &Token{ID: n.ID + ":" + strconv.Itoa(r.s.Count[n.ID]), El: n.ID, In: in}
	if by != nil && n.joins() {
		t.Flow = by.id
	}
	r.tokens = append(r.tokens, t)
	r.queue = append(r.queue, t)
	return t
}

// leave takes the token along the outgoing flows of its element; without one it
// ends there (BPMN 2.0.2, 13.3.2).
func (r *run) leave(t *Token) {
	n := r.node(t)
	flows, why := r.choose(n, t)
	if why != "" {
		r.fail(t, "leave", "condition", why)
		return
	}
	r.remove(t)
	for _, f := range flows {
		r.s.Count[f.id]++
		r.arrive(f.to, t.In, f)
	}
}

func (r *run) node(t *Token) *node { return r.p.nodes[t.El] }

func (r *run) token(id string) *Token {
	for _, t := range r.tokens {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// task returns the token of an open task, or of one that stands as an incident.
func (r *run) task(id string) *Token {
	t := r.token(id)
	if t == nil {
		return nil
	}
	switch t.Wait {
	case WaitUser, WaitService, WaitDecision:
		return t
	case WaitIncident:
		if k := r.node(t).kind; t.Fail.Stage == "act" && (k == kUser || k == kService || k == kRule) {
			return t
		}
	}
	return nil
}

func (r *run) remove(t *Token) {
	t.gone = true
	for i, x := range r.tokens {
		if x == t {
			r.tokens = slices.Delete(r.tokens, i, i+1)
			return
		}
	}
}

func (r *run) emit(c Command) {
	if n := r.p.nodes[c.Element]; n != nil {
		c.Label = n.Name
		if c.Attrs == nil {
			c.Attrs = n.Attrs
		}
	}
	r.cmds = append(r.cmds, c)
}

// set changes a variable for the rest of the step and tells the caller.
func (r *run) set(element, name string, v feel.Value) {
	r.vars = r.vars.Put(name, v)
	r.emit(Command{Type: SetVariable, ID: "set", Element: element, Name: name, Value: v})
}

// scope returns the variables as the token sees them: those outside, hidden by
// the local ones of the repeated activities around it.
func (r *run) scope(t *Token) feel.Value {
	vars := r.vars
	for _, l := range r.locals(t) {
		vars = vars.Put(l.Name, l.Value)
	}
	return vars
}

// locals returns the local variables around a token, outermost first.
func (r *run) locals(t *Token) []feel.Entry {
	var out []feel.Entry
	if t == nil {
		return nil
	}
	if t.In != "" {
		out = r.locals(r.token(t.In))
	}
	for _, l := range t.Local {
		out = append(out, feel.Entry{Name: l.Name, Value: fromLiteral(l.Value)})
	}
	return out
}

// fail makes the token an incident: it stands until a person resolves it.
func (r *run) fail(t *Token, stage, code, why string) {
	t.Wait, t.Fail = WaitIncident, &Failure{Stage: stage, Code: code, Message: why}
	t.Tries++
	r.emit(Command{Type: RaiseIncident, ID: t.ID + "!" + strconv.Itoa(t.Tries), Token: t.ID, Element: t.El, Code: code, Message: why})
}

func (r *run) resume(id string) error {
	t := r.token(id)
	if t == nil || t.Wait != WaitIncident {
		return ErrNotWaiting
	}
	stage := t.Fail.Stage
	r.clear(t)
	switch stage {
	case "leave":
		r.leave(t)
	case "act":
		r.perform(t, r.node(t))
	case "next":
		r.nextInstance(t)
	case "join":
		r.merge(t)
	default:
		r.queue = append(r.queue, t)
	}
	return nil
}

// clear ends the incident of a token.
func (r *run) clear(t *Token) {
	r.emit(Command{Type: ClearIncident, ID: t.ID + "!" + strconv.Itoa(t.Tries), Token: t.ID, Element: t.El})
	t.Wait, t.Fail = "", nil
}

// compact drops what a step both asked for and cancelled.
func compact(cmds []Command) []Command {
	made := map[string]int{}
	drop := map[int]bool{}
	for i, c := range cmds {
		switch c.Type {
		case CreateUserTask, CallService, CallDecision:
			made["task "+c.ID] = i
		case StartTimer, AwaitMessage, AwaitSignal:
			made["sub "+c.ID] = i
		case RaiseIncident:
			made["incident "+c.ID] = i
		case CancelTask, CancelTimer, CancelMessage, CancelSignal, ClearIncident:
			key := "sub "
			if c.Type == CancelTask {
				key = "task "
			} else if c.Type == ClearIncident {
				key = "incident "
			}
			if j, ok := made[key+c.ID]; ok {
				drop[i], drop[j] = true, true
			}
		}
	}
	if len(drop) == 0 {
		return cmds
	}
	var out []Command
	for i, c := range cmds {
		if !drop[i] {
			out = append(out, c)
		}
	}
	return out
}
