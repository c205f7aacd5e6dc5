package bpmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// Resolver answers a service call or a decision at once, in the caller's own
// transaction. It returns the answering event (TaskCompleted, ErrorThrown,
// TaskFailed) and true, or false to leave the command to be done later. An
// error ends the run.
type Resolver func(c Command, vars feel.Value) (ev Event, done bool, err error)

// Step is what came of an event.
type Step struct {
	State    State
	Commands []Command  // what is left to do
	Vars     feel.Value // the variables after the step
}

// Run advances the process and answers service calls and decisions with the
// resolver until none is left that it can answer. Commands that were answered,
// or asked for and cancelled on the way, are not in the Step. On an error
// nothing has happened.
func (p *Process) Run(s State, ev Event, vars feel.Value, resolve Resolver) (Step, error) {
	st := Step{State: s, Vars: vars}
	tried := map[string]bool{}
	for calls := 0; ; calls++ {
		if calls > maxInstances {
			return Step{State: s, Vars: vars}, fmt.Errorf("%w: more than %d calls", ErrEndless, maxInstances)
		}
		next, cmds, after, err := p.advance(st.State, ev, st.Vars)
		if err != nil {
			return Step{State: s, Vars: vars}, err
		}
		st.State, st.Vars = next, after
		st.Commands = compact(append(st.Commands, cmds...))
		again := false
		for i := 0; i < len(st.Commands) && resolve != nil; i++ {
			c := st.Commands[i]
			if c.Type != CallService && c.Type != CallDecision || tried[c.ID] {
				continue
			}
			tried[c.ID] = true
			answer, done, err := resolve(c, st.Vars)
			if err != nil {
				return Step{State: s, Vars: vars}, err
			}
			if done {
				if answer.Token != c.Token {
					return Step{State: s, Vars: vars}, fmt.Errorf("bpmn: the answer to %s is for %q", c.ID, answer.Token)
				}
				st.Commands = append(st.Commands[:i:i], st.Commands[i+1:]...)
				ev, again = answer, true
				break
			}
		}
		if !again {
			return st, nil
		}
	}
}

// Elements lists the elements of the process in the order of the file, those of
// subprocesses and called processes after their container.
func (p *Process) Elements() []Element {
	var out []Element
	var walk func(s *node)
	walk = func(s *node) {
		for _, n := range s.kids {
			out = append(out, n.Element)
			walk(n)
		}
	}
	walk(p.root)
	return out
}

// Element returns the element with the id.
func (p *Process) Element(id string) (Element, bool) {
	if n := p.nodes[id]; n != nil {
		return n.Element, true
	}
	return Element{}, false
}

// Trigger is a start event of the process for which the caller watches.
type Trigger struct {
	Element string
	Kind    WaitKind   // WaitTimer, WaitMessage, WaitSignal, WaitCondition; "" is a plain start
	Name    string     // message, signal
	Value   feel.Value // timer: first date, date and time, or duration
	Again   int        // timer: firings after the first, -1 without end
	Every   feel.Value // timer: duration between firings
}

// Starts lists the start events, timers evaluated with the variables.
func (p *Process) Starts(vars feel.Value) ([]Trigger, error) {
	var out []Trigger
	for _, n := range p.root.starts {
		if n.kind != kStart {
			continue
		}
		t := Trigger{Element: n.ID, Kind: waitOf[n.event.kind], Name: n.event.name}
		if n.event.kind == evTimer {
			d, why := n.event.time.evaluate(vars)
			if why != "" {
				return nil, fmt.Errorf("bpmn: start event %s: %s", n.ID, why)
			}
			t.Value, t.Again, t.Every = d.at, d.again, d.every
		}
		out = append(out, t)
	}
	return out, nil
}

// Use is a FEEL expression of the process and the names it needs from outside.
type Use struct {
	Element string // element or sequence flow
	From    string // sequence flows: the element that it leaves
	Pos     Pos
	Source  string
	Names   []string
}

// Uses lists all expressions, so that a caller can check names and types before
// a process is published.
func (p *Process) Uses() []Use {
	out := make([]Use, len(p.exprs))
	for i, e := range p.exprs {
		out[i] = Use{Element: e.elem, Pos: e.pos, Source: e.src, Names: e.e.Names()}
		if f := p.flows[e.elem]; f != nil {
			out[i].From = f.from.ID
		}
	}
	return out
}
