package main

import (
	"fmt"
	"io"
	"strings"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

type dmnExplainCmd struct {
	dmnInput
}

// Run prints how each value came about; the exit code is that of eval.
func (c *dmnExplainCmd) Run(s *streams) error {
	m, outcomes, err := c.run(s, dmn.WithTrace())
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(s, outcomes); err != nil {
			return err
		}
	}
	failed := false
	for i, o := range outcomes {
		failed = failed || o.Value.IsNull() && len(o.Warnings) > 0
		if c.JSON {
			continue
		}
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		t := &teller{w: s.out, file: m.file, told: map[placed]bool{}}
		t.line(0, "%s = %s", o.Name, o.Value)
		t.facts(o.Trace)
		for n, step := range o.Trace.Steps {
			fmt.Fprintln(s.out)
			t.step(n+1, step)
		}
		for _, w := range o.Warnings {
			t.warning(0, w)
		}
	}
	if failed {
		return exitError(1)
	}
	return nil
}

// teller writes a trace as text for a designer.
type teller struct {
	w    io.Writer
	file string
	told map[placed]bool // warnings
}

func (t *teller) warning(indent int, w placed) {
	if !t.told[w] {
		t.line(indent, "%s", w)
	}
	t.told[w] = true
}

func (t *teller) line(indent int, format string, args ...any) {
	fmt.Fprintf(t.w, "%s%s\n", strings.Repeat("  ", indent), fmt.Sprintf(format, args...))
}

// facts lists what came from outside, each once.
func (t *teller) facts(trace *dmn.Trace) {
	seen := map[string]bool{}
	for _, s := range trace.Steps {
		for _, f := range s.Inputs {
			if f.Kind != "input" || seen[f.Name] {
				continue
			}
			if len(seen) == 0 {
				t.line(0, "")
				t.line(0, "Facts")
			}
			seen[f.Name] = true
			t.line(1, "%s = %s", f.Name, f.Value)
		}
	}
}

func (t *teller) step(n int, s *dmn.Step) {
	t.line(0, "%d. %s = %s", n, s.Name, s.Value)
	t.body(1, s)
}

func (t *teller) body(indent int, s *dmn.Step) {
	if s.Logic != nil {
		t.logic(indent, "", s.Logic)
	}
	for _, call := range s.Calls {
		var args []string
		for _, f := range call.Inputs {
			args = append(args, f.Name+": "+f.Value.String())
		}
		t.line(indent, "calls %s(%s) = %s", call.Name, strings.Join(args, ", "), call.Value)
		t.body(indent+1, call)
	}
	for _, w := range s.Warnings {
		t.warning(indent, warningAt(t.file, w))
	}
}

// logic tells one expression; of says what it is for.
func (t *teller) logic(indent int, of string, l *dmn.Logic) {
	switch {
	case l.Table != nil:
		t.table(indent, of, l.Table)
	case l.Kind == "literal":
		if of == "" {
			t.line(indent, "%s", oneLine(l.Text))
		} else {
			t.line(indent, "%s%s = %s", of, oneLine(l.Text), l.Value)
		}
		t.uses(indent+1, l.Uses)
	default:
		t.line(indent, "%s%s = %s", of, l.Kind, l.Value)
		for _, part := range l.Parts {
			name := part.Name
			if name != "" {
				name += ": "
			}
			if part.Name == "" && part.Kind == "literal" {
				name = "- "
			}
			t.logic(indent+1, name, part)
		}
		if l.Omitted > 0 {
			t.line(indent+1, "and %d more", l.Omitted)
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (t *teller) uses(indent int, uses []dmn.Used) {
	for _, u := range uses {
		t.line(indent, "%s = %s", u.Name, u.Value)
	}
}

func (t *teller) table(indent int, of string, run *dmn.TableRun) {
	policy := string(run.HitPolicy)
	if run.Aggregation != "" {
		policy += " " + string(run.Aggregation)
	}
	t.line(indent, "%sa table of %d rules, %s", of, len(run.Rules), policy)
	labels := make([]string, len(run.Inputs))
	for i, in := range run.Inputs {
		if labels[i] = in.Label; labels[i] == "" {
			labels[i] = oneLine(in.Text)
		}
		t.line(indent+1, "%s = %s", labels[i], in.Value)
	}
	fired := run.Fired()
	for _, r := range run.Rules {
		if !r.Fired && len(fired) > 0 && !r.Matched {
			continue // what counts is told; the others only when nothing does
		}
		t.rule(indent+1, labels, r)
	}
	switch {
	case run.Default:
		t.line(indent+1, "no rule matches: the default counts")
	case len(fired) == 0:
		t.line(indent+1, "no rule counts")
	}
}

func (t *teller) rule(indent int, labels []string, r dmn.RuleRun) {
	state := "does not match"
	if r.Fired {
		state = "counts"
	} else if r.Matched {
		state = "matches and does not count"
	}
	name := fmt.Sprintf("rule %d", r.Index)
	if r.ID != "" {
		name += " (" + r.ID + ")"
	}
	t.line(indent, "%s %s", name, state)
	for j, c := range r.Cells {
		if c.State == dmn.CellIrrelevant {
			continue
		}
		t.line(indent+1, "%s %s: %s", labels[j], oneLine(c.Text), c.State)
		t.uses(indent+2, c.Uses)
	}
	for _, o := range r.Outputs {
		if !o.Evaluated {
			continue
		}
		name := ""
		if o.Name != "" {
			name = o.Name + " "
		}
		t.line(indent+1, "%s→ %s", name, withText(o.Text, o.Value))
		t.uses(indent+2, o.Uses)
	}
	for _, a := range r.Annotations {
		if a.Text != "" {
			t.line(indent+1, "%s", strings.TrimPrefix(a.Name+": "+a.Text, ": "))
		}
	}
}

// withText is a value, after the expression that gave it unless that says the
// same.
func withText(text string, v feel.Value) string {
	if text = oneLine(text); text == v.String() {
		return text
	}
	return text + " = " + v.String()
}
