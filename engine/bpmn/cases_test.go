package bpmn

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"passerelle/engine/feel"
)

// A case is testdata/cases/NAME.bpmn with a script NAME.txt beside it. Lines
// that make something happen:
//
//	vars {…}              the variables, before the start
//	start [EVENT]         complete ID [FEEL]    fail ID WHY       error ID CODE
//	escalate ID CODE      timer ID              message NAME KEY  signal NAME
//	set NAME = FEEL       resume ID             cancel
//
// Lines that say what must be so:
//
//	waits KIND:ID …       all the process waits for now
//	commands TYPE:ID …    all commands of the last step (set-variable may be left out)
//	value ID = FEEL       when the timer fires
//	locals ID = FEEL      what an instance of a repeated task is about
//	var NAME = FEEL       a variable
//	refused EVENT…        the event is not waited for; nothing changes
//	ends ELEMENT [HOW]    the process has ended ("-": at no end event)
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.bpmn")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".bpmn"), func(t *testing.T) {
			script, err := os.ReadFile(strings.TrimSuffix(f, ".bpmn") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			c := &caseRun{t: t, p: load(t, f), vars: feel.Context()}
			for i, line := range strings.Split(string(script), "\n") {
				c.line = i + 1
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					c.do(line)
				}
			}
		})
	}
}

func load(t testing.TB, file string) *Process {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	if d.find("p", "process") != nil {
		id = "p"
	}
	p, err := Compile(d, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type caseRun struct {
	t    *testing.T
	p    *Process
	s    State
	vars feel.Value
	cmds []Command // of the last step
	all  map[string]Command
	line int
}

func (c *caseRun) fatal(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("line %d: "+format, append([]any{c.line}, args...)...)
}

func eval(t testing.TB, src string) feel.Value {
	t.Helper()
	e, err := feel.Compile(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	v, _ := e.Eval(nil)
	return v
}

func (c *caseRun) do(line string) {
	c.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "vars":
		c.vars = eval(c.t, rest)
	case "waits":
		var got []string
		for _, w := range c.s.Waits() {
			got = append(got, string(w.Kind)+":"+w.ID)
		}
		if !reflect.DeepEqual(got, strings.Fields(rest)) {
			c.fatal("waits for %v, not for %s", got, rest)
		}
	case "commands":
		c.commands(strings.Fields(rest))
	case "value", "locals", "var":
		name, src, _ := strings.Cut(rest, " = ")
		got, want := c.all[name].Value, eval(c.t, src)
		if word == "locals" {
			got = c.all[name].Locals
		} else if word == "var" {
			got, _ = c.vars.Get(name)
		}
		if !got.Equal(want) {
			c.fatal("%s is %s, not %s", name, got, want)
		}
	case "ends":
		want := strings.Fields(rest)
		if want[0] == "-" {
			want[0] = ""
		}
		last := Command{}
		if len(c.cmds) > 0 {
			last = c.cmds[len(c.cmds)-1]
		}
		if !c.s.Ended || c.s.End != want[0] {
			c.fatal("has not ended at %s: ended %v at %q, waits %v", rest, c.s.Ended, c.s.End, c.s.Waits())
		}
		if how := append(want, "ended")[1]; last.Type != EndProcess || last.Name != how {
			c.fatal("ended %+v, not %s", last, how)
		}
	case "refused":
		if err := c.step(c.event(rest)); !errors.Is(err, ErrNotWaiting) {
			c.fatal("%s: %v", rest, err)
		}
	default:
		if err := c.step(c.event(line)); err != nil {
			c.fatal("%s: %v", line, err)
		}
	}
}

func (c *caseRun) event(line string) Event {
	c.t.Helper()
	f := strings.Fields(line)
	arg := func(i int) string { return append(f, "", "", "")[i] }
	switch f[0] {
	case "start":
		return StartAt(arg(1))
	case "complete":
		src := strings.Join(f[2:], " ")
		if src == "" {
			src = "null"
		}
		return TaskCompleted(arg(1), eval(c.t, src))
	case "fail":
		return TaskFailed(arg(1), strings.Join(f[2:], " "))
	case "error":
		return ErrorThrown(arg(1), arg(2), "because")
	case "escalate":
		return Escalated(arg(1), arg(2))
	case "timer":
		return TimerFired(arg(1))
	case "message":
		return MessageReceived(arg(1), arg(2))
	case "signal":
		return SignalReceived(arg(1))
	case "set":
		name, src, _ := strings.Cut(strings.TrimPrefix(line, "set "), " = ")
		ev := VariablesChanged()
		ev.Set = feel.Context(feel.Entry{Name: name, Value: eval(c.t, src)})
		return ev
	case "resume":
		return Resume(arg(1))
	case "cancel":
		return Cancel()
	}
	c.fatal("unknown line: %s", line)
	return Event{}
}

// step advances and holds what must always hold: the state it was given is not
// changed, the new one keeps the invariants, survives JSON, and the same event
// gives the same again.
func (c *caseRun) step(ev Event) error {
	c.t.Helper()
	before := asJSON(c.t, c.s)
	next, cmds, err := c.p.Advance(c.s, ev, c.vars)
	if asJSON(c.t, c.s) != before {
		c.fatal("Advance changed the state it was given")
	}
	if err != nil {
		if asJSON(c.t, next) != before {
			c.fatal("the state changed with an error")
		}
		return err
	}
	var stored State
	if err := json.Unmarshal([]byte(before), &stored); err != nil {
		c.t.Fatal(err)
	}
	again, _, err := c.p.Advance(stored, ev, c.vars)
	if err != nil || asJSON(c.t, again) != asJSON(c.t, next) {
		c.fatal("not the same again: %v\n%s\n%s", err, asJSON(c.t, again), asJSON(c.t, next))
	}
	if err := c.p.Verify(next); err != nil {
		c.fatal("%v\n%s", err, asJSON(c.t, next))
	}
	c.s, c.cmds, c.vars = next, cmds, Apply(c.vars, cmds)
	for _, cmd := range cmds {
		if c.all == nil {
			c.all = map[string]Command{}
		}
		c.all[cmd.ID] = cmd
	}
	return nil
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (c *caseRun) commands(want []string) {
	c.t.Helper()
	asked := strings.Contains(strings.Join(want, " "), string(SetVariable))
	var got []string
	for _, cmd := range c.cmds {
		if cmd.Type != SetVariable || asked {
			got = append(got, string(cmd.Type)+":"+cmd.ID)
		}
	}
	if !reflect.DeepEqual(got, want) {
		c.fatal("commands are %v, not %v", got, want)
	}
}
