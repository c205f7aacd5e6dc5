package matrix

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
)

//go:embed cases
var cases embed.FS

// Cases returns the names of the cases that stand in files, sorted.
func Cases() []string {
	files, _ := fs.Glob(cases, "cases/*.bpmn")
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "cases/"), ".bpmn"))
	}
	slices.Sort(names)
	return names
}

// Run runs a case of a file. The error says at which line of the script
// something else happened than it says, and what.
func Run(name string) error {
	src, err := cases.ReadFile("cases/" + name + ".bpmn")
	if err != nil {
		return err
	}
	script, err := cases.ReadFile("cases/" + name + ".txt")
	if err != nil {
		return err
	}
	return play(src, string(script))
}

func compile(src []byte) (*bpmn.Process, error) {
	d, err := bpmn.Parse(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	if bytes.Contains(src, []byte(`<process id="p"`)) { // a file of several processes calls its first one p
		return bpmn.Compile(d, "p")
	}
	return bpmn.Compile(d, "")
}

// play runs a script on a process.
func play(src []byte, script string) (err error) {
	p, err := compile(src)
	if err != nil {
		return err
	}
	c := &run{p: p, vars: feel.Context()}
	defer func() {
		switch wrong := recover().(type) {
		case nil:
		case failure:
			err = wrong
		default:
			panic(wrong)
		}
	}()
	for i, line := range strings.Split(script, "\n") {
		c.line = i + 1
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			c.do(line)
		}
	}
	return nil
}

// failure ends a case.
type failure string

func (f failure) Error() string { return string(f) }

type run struct {
	p    *bpmn.Process
	s    bpmn.State
	vars feel.Value
	cmds []bpmn.Command // of the last step
	all  map[string]bpmn.Command
	line int
}

func (c *run) fail(format string, args ...any) {
	panic(failure(fmt.Sprintf("line %d: "+format, append([]any{c.line}, args...)...)))
}

func (c *run) eval(src string) feel.Value {
	e, err := feel.Compile(src)
	if err != nil {
		c.fail("%s: %v", src, err)
	}
	v, _ := e.Eval(nil)
	return v
}

func (c *run) do(line string) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "vars":
		c.vars = c.eval(rest)
	case "waits":
		var got []string
		for _, w := range c.s.Waits() {
			got = append(got, string(w.Kind)+":"+w.ID)
		}
		if !reflect.DeepEqual(got, strings.Fields(rest)) {
			c.fail("waits for %v, not for %s", got, rest)
		}
	case "commands":
		c.commands(strings.Fields(rest))
	case "value", "locals", "var":
		name, src, _ := strings.Cut(rest, " = ")
		got, want := c.all[name].Value, c.eval(src)
		if word == "locals" {
			got = c.all[name].Locals
		} else if word == "var" {
			got, _ = c.vars.Get(name)
		}
		if !got.Equal(want) {
			c.fail("%s is %s, not %s", name, got, want)
		}
	case "ends":
		want := strings.Fields(rest)
		if want[0] == "-" {
			want[0] = ""
		}
		last := bpmn.Command{}
		if len(c.cmds) > 0 {
			last = c.cmds[len(c.cmds)-1]
		}
		if !c.s.Ended || c.s.End != want[0] {
			c.fail("has not ended at %s: ended %v at %q, waits %v", rest, c.s.Ended, c.s.End, c.s.Waits())
		}
		if how := append(want, "ended")[1]; last.Type != bpmn.EndProcess || last.Name != how {
			c.fail("ended %+v, not %s", last, how)
		}
	case "refused":
		if err := c.step(c.event(rest)); !errors.Is(err, bpmn.ErrNotWaiting) {
			c.fail("%s: %v", rest, err)
		}
	default:
		if err := c.step(c.event(line)); err != nil {
			c.fail("%s: %v", line, err)
		}
	}
}

func (c *run) event(line string) bpmn.Event {
	f := strings.Fields(line)
	arg := func(i int) string { return append(f, "", "", "")[i] }
	switch f[0] {
	case "start":
		return bpmn.StartAt(arg(1))
	case "complete":
		src := strings.Join(f[2:], " ")
		if src == "" {
			src = "null"
		}
		return bpmn.TaskCompleted(arg(1), c.eval(src))
	case "fail":
		return bpmn.TaskFailed(arg(1), strings.Join(f[2:], " "))
	case "error":
		return bpmn.ErrorThrown(arg(1), arg(2), "because")
	case "escalate":
		return bpmn.Escalated(arg(1), arg(2))
	case "timer":
		return bpmn.TimerFired(arg(1))
	case "message":
		return bpmn.MessageReceived(arg(1), arg(2))
	case "signal":
		return bpmn.SignalReceived(arg(1))
	case "set":
		name, src, _ := strings.Cut(strings.TrimPrefix(line, "set "), " = ")
		ev := bpmn.VariablesChanged()
		ev.Set = feel.Context(feel.Entry{Name: name, Value: c.eval(src)})
		return ev
	case "resume":
		return bpmn.Resume(arg(1))
	case "cancel":
		return bpmn.Cancel()
	}
	c.fail("unknown line: %s", line)
	return bpmn.Event{}
}

// step advances and holds what must always hold: the state it was given is not
// changed, the new one keeps the invariants, survives JSON, and the same event
// gives the same again.
func (c *run) step(ev bpmn.Event) error {
	before := c.json(c.s)
	next, cmds, err := c.p.Advance(c.s, ev, c.vars)
	if c.json(c.s) != before {
		c.fail("Advance changed the state it was given")
	}
	if err != nil {
		if c.json(next) != before {
			c.fail("the state changed with an error")
		}
		return err
	}
	var stored bpmn.State
	if err := json.Unmarshal([]byte(before), &stored); err != nil {
		c.fail("%v", err)
	}
	again, _, err := c.p.Advance(stored, ev, c.vars)
	if err != nil || c.json(again) != c.json(next) {
		c.fail("not the same again: %v\n%s\n%s", err, c.json(again), c.json(next))
	}
	if err := c.p.Verify(next); err != nil {
		c.fail("%v\n%s", err, c.json(next))
	}
	c.s, c.cmds, c.vars = next, cmds, bpmn.Apply(c.vars, cmds)
	for _, cmd := range cmds {
		if c.all == nil {
			c.all = map[string]bpmn.Command{}
		}
		c.all[cmd.ID] = cmd
	}
	return nil
}

func (c *run) json(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		c.fail("%v", err)
	}
	return string(b)
}

func (c *run) commands(want []string) {
	asked := strings.Contains(strings.Join(want, " "), string(bpmn.SetVariable))
	var got []string
	for _, cmd := range c.cmds {
		if cmd.Type != bpmn.SetVariable || asked {
			got = append(got, string(cmd.Type)+":"+cmd.ID)
		}
	}
	if !reflect.DeepEqual(got, want) {
		c.fail("commands are %v, not %v", got, want)
	}
}
