package bpmn

import (
	"errors"
	"fmt"

	"passerelle/engine/feel"
)

// StateVersion is the version of the State format that this package writes.
const StateVersion = 1

// State is where a running process stands. It is plain data: store it as JSON,
// compare it, send it. The zero State has not started. Variables live outside.
// Advance never changes the State it is given.
type State struct {
	V       int            `json:"v"`
	Started bool           `json:"started,omitempty"`
	Ended   bool           `json:"ended,omitempty"`
	End     string         `json:"end,omitempty"` // the last end event of the process, or of an event subprocess that interrupted it
	Tokens  []Token        `json:"tokens,omitempty"`
	Subs    []Sub          `json:"subs,omitempty"`
	Undo    []Undo         `json:"undo,omitempty"`  // completed activities that can be compensated
	Count   map[string]int `json:"count,omitempty"` // how often each element and sequence flow was passed, and ids were given
}

// Token is one place where the process stands. Its ID is "element:n": the n-th
// time the element is reached; "element:n.i" is the i-th instance of a repeated
// activity.
type Token struct {
	ID    string   `json:"id"`
	El    string   `json:"el"`
	In    string   `json:"in,omitempty"` // the token of the subprocess or repetition around it; "" is the process
	Wait  WaitKind `json:"wait,omitempty"`
	Flow  string   `json:"flow,omitempty"` // joins: by which sequence flow it came
	Inst  int      `json:"inst,omitempty"` // instance number in a repeated activity, from 1
	Local []Local  `json:"local,omitempty"`
	Multi *Multi   `json:"multi,omitempty"`
	Fail  *Failure `json:"fail,omitempty"`
	Tries int      `json:"tries,omitempty"` // failures so far
	For   string   `json:"for,omitempty"`   // compensation handlers: the token that waits for them
	Plan  []Undo   `json:"plan,omitempty"`  // compensation still to be done by this token

	gone bool
}

// Local is a variable of one token, its value a FEEL literal.
type Local struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Multi counts the instances of a repeated activity.
type Multi struct {
	N       int      `json:"n"`    // planned; 0 for a loop without maximum
	Next    int      `json:"next"` // number of the next instance to start
	Done    int      `json:"done"`
	Items   []string `json:"items,omitempty"`   // FEEL literals
	Results []string `json:"results,omitempty"` // FEEL literals, in the order of the instances; "" none yet
}

// Failure is why a token stands as an incident, and what to repeat.
type Failure struct {
	Stage   string `json:"stage"` // "open", "act", "next", "leave" or "join"
	Code    string `json:"code"`  // "error", "failed", "condition", "timer", "script", "repetition", "join", "message"
	Message string `json:"message"`
}

// Sub is an open subscription: a timer, message, signal or condition that some
// token or scope waits for.
type Sub struct {
	ID    string   `json:"id"`            // "element~n"
	El    string   `json:"el"`            // the event
	Own   string   `json:"own,omitempty"` // the token that waits; "" is the process
	Kind  WaitKind `json:"kind"`
	Name  string   `json:"name,omitempty"`
	Key   string   `json:"key,omitempty"`
	Again int      `json:"again,omitempty"` // repeating timers
	Every string   `json:"every,omitempty"` // FEEL literal
	Was   bool     `json:"was,omitempty"`   // conditions: last value, they fire when it becomes true
}

// Undo is a completed activity that can be compensated.
type Undo struct {
	El    string  `json:"el"`
	Token string  `json:"token"`
	In    string  `json:"in,omitempty"`
	Local []Local `json:"local,omitempty"`
}

// WaitKind says what a token or subscription waits for.
type WaitKind string

// What a process can wait for.
const (
	WaitUser      WaitKind = "user"      // a person completes a user task
	WaitService   WaitKind = "service"   // a service answers
	WaitDecision  WaitKind = "decision"  // a decision is taken
	WaitTimer     WaitKind = "timer"     // a point in time
	WaitMessage   WaitKind = "message"   // a message with a name and key
	WaitSignal    WaitKind = "signal"    // a signal with a name
	WaitCondition WaitKind = "condition" // variables that make a condition true
	WaitIncident  WaitKind = "incident"  // a person resolves what went wrong

	waitEvent WaitKind = "event" // its subscriptions say for what
	waitJoin  WaitKind = "join"  // other tokens
	waitScope WaitKind = "scope" // tokens inside
	waitUndo  WaitKind = "undo"  // compensation handlers
)

// Wait is one thing a process waits for, by name.
type Wait struct {
	Kind    WaitKind `json:"kind"`
	ID      string   `json:"id"` // token (user, service, decision, incident) or subscription
	Element string   `json:"element"`
	Name    string   `json:"name,omitempty"` // message, signal; incident: its message
	Key     string   `json:"key,omitempty"`
}

// Waits lists everything the process waits for, oldest first within tokens and
// subscriptions. It is empty only before the start and after the end.
func (s State) Waits() []Wait {
	var ws []Wait
	for _, t := range s.Tokens {
		switch t.Wait {
		case WaitUser, WaitService, WaitDecision:
			ws = append(ws, Wait{Kind: t.Wait, ID: t.ID, Element: t.El})
		case WaitIncident:
			ws = append(ws, Wait{Kind: t.Wait, ID: t.ID, Element: t.El, Name: t.Fail.Message})
		}
	}
	for _, b := range s.Subs {
		ws = append(ws, Wait{Kind: b.Kind, ID: b.ID, Element: b.El, Name: b.Name, Key: b.Key})
	}
	return ws
}

// Verify checks the invariants of a state against the process: every element
// and scope exists, every subscription has its owner, a process that has ended
// holds nothing, and one that runs waits for something named.
func (p *Process) Verify(s State) error {
	if s.V > StateVersion {
		return fmt.Errorf("bpmn: state version %d is newer than %d", s.V, StateVersion)
	}
	if !s.Started || s.Ended {
		if len(s.Tokens)+len(s.Subs)+len(s.Undo) > 0 {
			return errors.New("bpmn: a process that does not run holds tokens or subscriptions")
		}
		return nil
	}
	ids := map[string]*Token{"": nil}
	for i := range s.Tokens {
		t := &s.Tokens[i]
		n := p.nodes[t.El]
		switch _, twice := ids[t.ID]; {
		case n == nil:
			return fmt.Errorf("bpmn: token %s stands at an unknown element", t.ID)
		case twice:
			return fmt.Errorf("bpmn: two tokens are called %s", t.ID)
		case t.Wait == "":
			return fmt.Errorf("bpmn: token %s waits for nothing", t.ID)
		case t.Wait == WaitIncident && t.Fail == nil:
			return fmt.Errorf("bpmn: token %s is an incident without a failure", t.ID)
		case t.Flow != "" && p.flows[t.Flow] == nil:
			return fmt.Errorf("bpmn: token %s came by an unknown flow", t.ID)
		}
		up, ok := ids[t.In]
		if !ok {
			return fmt.Errorf("bpmn: token %s is in a scope that is not there", t.ID)
		}
		if t.Inst == 0 && t.For == "" && (up == nil && n.up != p.root || up != nil && p.nodes[up.El] != n.up) {
			return fmt.Errorf("bpmn: token %s stands in a wrong scope", t.ID)
		}
		ids[t.ID] = t
	}
	for _, b := range s.Subs {
		if _, ok := ids[b.Own]; !ok || p.nodes[b.El] == nil {
			return fmt.Errorf("bpmn: subscription %s has no owner", b.ID)
		}
	}
	if len(s.Waits()) == 0 {
		return errors.New("bpmn: the process runs and waits for nothing")
	}
	return nil
}

func (s State) clone() State {
	c := s
	c.V = StateVersion
	c.Subs = append([]Sub(nil), s.Subs...)
	c.Undo = append([]Undo(nil), s.Undo...)
	c.Count = make(map[string]int, len(s.Count)+8)
	for k, v := range s.Count {
		c.Count[k] = v
	}
	return c
}

func literal(v feel.Value) string { return v.String() }

func fromLiteral(s string) feel.Value {
	if s == "" {
		return feel.Null()
	}
	e, err := feel.Compile(s)
	if err != nil {
		return feel.Null()
	}
	v, _ := e.Eval(nil)
	return v
}
