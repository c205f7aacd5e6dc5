package bpmn

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"passerelle/engine/feel"
)

// moment is a step of a history: what was stored before it, and what happened.
type moment struct {
	state []byte
	vars  feel.Value
	event Event
}

// waitsFor reports whether the process still waits at an event's token or
// subscription.
func waitsFor(s State, ev Event) bool {
	return slices.ContainsFunc(s.Waits(), func(w Wait) bool { return w.ID == ev.Token })
}

// Messages arrive twice, late and in another order, the machine dies and goes on
// from what is stored: what is not waited for is refused and changes nothing, no
// effect has the id of another, and the history from any moment on leads to the
// same end. rapid prints the seed of a failure and runs it again with -rapid.seed.
func TestDuplicatesReorderingAndReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomProcess(t, false)
		vars := feel.Context(feel.Entry{Name: "x", Value: feel.Bool(rapid.Bool().Draw(t, "x"))}, feel.Entry{Name: "y", Value: feel.Bool(false)})
		var s State
		var history []moment
		effects := map[string]bool{}
		ev := Start()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			stored, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			// Whatever came before comes once more, in any order.
			for range min(3, len(history)) {
				old := history[rapid.IntRange(0, len(history)-1).Draw(t, "again")].event
				if old.Type != EvStart && old.Token == "" || old.Type != EvStart && waitsFor(s, old) {
					continue // a message or signal is news each time; a task may be open again after an incident
				}
				next, cmds, err := p.Advance(s, old, vars)
				if !errors.Is(err, ErrNotWaiting) || len(cmds) != 0 {
					t.Fatalf("%+v a second time: %v, %v", old, cmds, err)
				}
				if after, _ := json.Marshal(next); !bytes.Equal(after, stored) {
					t.Fatalf("%+v a second time changed the state:\n%s\n%s", old, stored, after)
				}
			}
			next, cmds, err := p.Advance(s, ev, vars)
			if errors.Is(err, ErrNotWaiting) || errors.Is(err, ErrEndless) {
				ev = happening(t, s)
				continue
			}
			if err != nil {
				t.Fatalf("%+v: %v", ev, err)
			}
			history = append(history, moment{stored, vars, ev})
			for _, c := range cmds {
				switch c.Type {
				case CreateUserTask, CallService, CallDecision, StartTimer, AwaitMessage, AwaitSignal:
					if effects[c.ID] {
						t.Fatalf("%s: the id %s was another's", c.Type, c.ID)
					}
					effects[c.ID] = true
				}
			}
			s, vars = next, Apply(vars, cmds)
			if s.Ended {
				break
			}
			ev = happening(t, s)
		}
		want, _ := json.Marshal(s)
		for _, from := range []int{0, rapid.IntRange(0, max(len(history)-1, 0)).Draw(t, "from")} {
			if len(history) == 0 {
				break
			}
			var again State
			if err := json.Unmarshal(history[from].state, &again); err != nil {
				t.Fatal(err)
			}
			now := history[from].vars
			for _, m := range history[from:] {
				next, cmds, err := p.Advance(again, m.event, now)
				if err != nil {
					t.Fatalf("replayed from %d: %+v: %v", from, m.event, err)
				}
				again, now = next, Apply(now, cmds)
			}
			if got, _ := json.Marshal(again); !bytes.Equal(got, want) {
				t.Fatalf("replayed from %d:\n%s\n%s", from, got, want)
			}
		}
	})
}
