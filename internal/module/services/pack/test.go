package pack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/bpmn"
	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// TestReport is what came of a package's scenarios.
type TestReport struct {
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Failures []Failure `json:"failures,omitempty"` // in the order of the files
	Problems []Finding `json:"problems,omitempty"` // scenario files that cannot be read; each counts as failed
}

// Failure is one expectation that was not met.
type Failure struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Scenario string `json:"scenario"`
	What     string `json:"what"` // such as outcome, amount, values.Income limit
	Want     string `json:"want"`
	Got      string `json:"got"`
}

func (f Failure) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: expected %s, got %s", f.File, f.Line, f.Scenario, f.What, f.Want, f.Got)
}

// Test runs all scenarios of a package: the application against the form, the
// decision, and, where the scenario says how it goes on, the process.
func Test(p *Package) TestReport {
	r, _ := p.test()
	return r
}

// test also tells which rules and norms were used and which reasons were given.
func (p *Package) test() (TestReport, *coverage) {
	cov := &coverage{model: dmn.NewCoverage(p.Decision), reasons: map[string]string{}, norms: map[string]bool{}}
	var report TestReport
	list, problems := p.scenarios()
	for _, f := range problems {
		report.Problems = append(report.Problems, f)
		report.Failed++
	}
	cov.scenarios = len(list)
	for _, s := range list {
		t := &tester{p: p, s: s, cov: cov}
		t.run()
		if len(t.failures) > 0 {
			report.Failed++
			report.Failures = append(report.Failures, t.failures...)
		} else {
			report.Passed++
		}
	}
	return report, cov
}

type coverage struct {
	scenarios int
	model     *dmn.Coverage
	reasons   map[string]string // key → the first scenario that gave it
	norms     map[string]bool   // ids of norms and conflicts that some scenario shows
}

// tester runs one scenario.
type tester struct {
	p        *Package
	s        scenario
	cov      *coverage
	warnings string // of the decision: they often tell why it is another one
	failures []Failure
}

func (t *tester) fail(what, want, got string) {
	t.failures = append(t.failures, Failure{File: t.p.Dir + "/" + t.s.file, Line: t.s.line, Scenario: t.s.name, What: what, Want: want, Got: got})
}

func (t *tester) run() {
	facts, err := t.s.facts()
	if err != nil {
		t.fail("facts", "readable facts", err.Error())
		return
	}
	expect := t.s.expect()
	if !t.form(&facts, expect) || !t.parties(&facts) {
		return
	}
	d, result, err := t.p.decide(facts, dmn.WithRules(), dmn.WithCoverage(t.cov.model))
	if want, ok := expect["error"]; ok {
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(want)) {
			t.fail("error", fmt.Sprint(want), fmt.Sprint(err))
		}
		return
	}
	if err != nil {
		t.fail("decision", "a decision", err.Error())
		return
	}
	t.cov.add(t.s.name, d, t.p.open(&d, t.p.Scope(facts)))
	t.warnings = because(result.Warnings, dmn.Warning.String)
	t.decision(d, expect)
	t.nearest(facts, d, expect)
	_, waits := expect["waitsAt"]
	_, ends := expect["ends"]
	if waits || ends {
		t.process(facts, d, expect)
	}
}

// form validates the application. It reports false when that is where the
// scenario ends.
func (t *tester) form(facts *Facts, expect map[string]any) bool {
	clean, errs := t.p.Form.Validate(t.p.FormEnv(*facts))
	var got []string
	for _, e := range errs {
		got = append(got, e.Field+" ("+e.Code+")")
	}
	if invalid, ok := expect["invalid"]; ok {
		var want []string
		items, _ := invalid.([]any)
		for _, i := range items {
			want = append(want, fmt.Sprint(i))
		}
		var fields []string
		for _, e := range errs {
			fields = append(fields, e.Field)
		}
		slices.Sort(fields)
		slices.Sort(want)
		if !slices.Equal(slices.Compact(fields), slices.Compact(want)) {
			t.fail("invalid", listed(want), listed(got))
		}
		return len(want) == 0
	}
	if len(errs) > 0 {
		t.fail("application", "a valid application", strings.Join(got, ", "))
		return false
	}
	facts.Application = clean
	return true
}

// parties validates what the parties answered.
func (t *tester) parties(facts *Facts) bool {
	for _, id := range sortedKeys(facts.Parties) {
		c, x := facts.Parties[id], t.p.Party(id)
		switch {
		case x == nil:
			t.fail("party", "a party of the service", id)
			return false
		case !slices.Contains([]string{Answered, Declined, Silent}, c.Status):
			t.fail("party."+id, "answered, declined or silent", c.Status)
			return false
		case c.Status != Answered:
			continue
		}
		clean, errs := x.Form.Validate(t.p.PartyEnv(*facts, c.Answers, feel.Null()))
		for _, e := range errs {
			t.fail("party."+id, "valid answers", e.Field+" ("+e.Code+")")
		}
		if len(errs) > 0 {
			return false
		}
		c.Answers = clean
		facts.Parties[id] = c
	}
	return true
}

func listed(list []string) string { return "[" + strings.Join(list, ", ") + "]" }

func (t *tester) decision(d Decision, expect map[string]any) {
	if want, ok := expect["outcome"]; ok && fmt.Sprint(want) != string(d.Outcome) {
		t.fail("outcome", fmt.Sprint(want), string(d.Outcome)+" "+listed(d.Reasons)+t.warnings)
	}
	if want, ok := expect["amount"]; ok && !sameAmount(want, d.Amount) {
		t.fail("amount", shown(want), orNone(d.Amount)+t.warnings)
	}
	if want, ok := expect["reasons"]; ok {
		items, _ := want.([]any)
		reasons := make([]string, len(items))
		for i, r := range items {
			reasons[i] = fmt.Sprint(r)
		}
		if !slices.Equal(reasons, d.Reasons) {
			t.fail("reasons", listed(reasons), listed(d.Reasons))
		}
	}
	values, _ := expect["values"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		got, ok := d.Values[name]
		if !ok {
			got, ok = d.Value.Get(name)
		}
		switch {
		case !ok:
			t.fail("values."+name, shown(values[name]), "no such value")
		case !sameValue(values[name], jsonOf(got)):
			t.fail("values."+name, shown(values[name]), got.String()+t.warnings)
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func sameAmount(want any, got string) bool {
	if want == nil || got == "" {
		return want == nil && got == ""
	}
	return sameValue(want, json.Number(got)) || sameValue(want, got)
}

// sameValue compares JSON values, numbers by their value.
func sameValue(want, got any) bool {
	switch w := want.(type) {
	case json.Number:
		g, ok := got.(json.Number)
		if !ok {
			return false
		}
		a, err1 := decimal128.Parse(string(w))
		b, err2 := decimal128.Parse(string(g))
		return err1 == nil && err2 == nil && a.Equal(b)
	case []any:
		g, ok := got.([]any)
		return ok && slices.EqualFunc(w, g, sameValue)
	case map[string]any:
		g, ok := got.(map[string]any)
		return ok && maps.EqualFunc(w, g, sameValue)
	}
	return want == got
}

func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// process runs the process on the facts: service calls succeed, decisions are
// taken, user tasks are completed as the scenario says.
func (t *tester) process(facts Facts, d Decision, expect map[string]any) {
	tasks, _ := t.s.doc["tasks"].(map[string]any)
	timers, _ := t.s.doc["timers"].([]any)
	vars := t.p.Scope(facts, feel.Entry{Name: "decision", Value: d.context()}, feel.Entry{Name: "case", Value: feel.Context(
		feel.Entry{Name: "number", Value: feel.String(t.p.Service.Prefix + "-TEST")},
		feel.Entry{Name: "submitted", Value: feel.DateOf(facts.Date)},
		feel.Entry{Name: "authority", Value: feel.String(t.p.Service.Authority)})})
	for _, e := range t.p.Process.Elements() {
		if e.Kind == "userTask" {
			vars = vars.Put(e.ID, feel.Null())
		}
	}
	resolve := func(c bpmn.Command, vars feel.Value) (bpmn.Event, bool, error) {
		if c.Type == bpmn.CallDecision {
			return bpmn.TaskCompleted(c.Token, d.context()), true, nil
		}
		return bpmn.TaskCompleted(c.Token, feel.Null()), true, nil
	}
	state, ev := bpmn.State{}, bpmn.Start()
	for range 100 {
		step, err := t.p.Process.Run(state, ev, vars, resolve)
		if err != nil {
			t.fail("process", "a process that runs", err.Error())
			return
		}
		state, vars = step.State, step.Vars
		wait, done := t.next(state, tasks)
		if !done && len(timers) > 0 {
			i := slices.IndexFunc(state.Waits(), func(w bpmn.Wait) bool { return w.Kind == bpmn.WaitTimer && w.Element == timers[0] })
			if i < 0 {
				t.fail("timers", fmt.Sprint(timers[0])+" waiting", "waits elsewhere")
				return
			}
			timers, ev = timers[1:], bpmn.TimerFired(state.Waits()[i].ID)
			continue
		}
		if !done {
			t.arrived(state, expect)
			return
		}
		result := toFeel(tasks[wait.Element])
		delete(tasks, wait.Element)
		vars = vars.Put(wait.Element, result)
		ev = bpmn.TaskCompleted(wait.ID, result)
	}
	t.fail("process", "an end", "a process that goes round for ever")
}

// next finds a waiting user task that the scenario completes.
func (t *tester) next(s bpmn.State, tasks map[string]any) (bpmn.Wait, bool) {
	for _, w := range s.Waits() {
		if _, ok := tasks[w.Element]; ok && w.Kind == bpmn.WaitUser {
			return w, true
		}
	}
	return bpmn.Wait{}, false
}

func (t *tester) arrived(s bpmn.State, expect map[string]any) {
	var at []string
	for _, w := range s.Waits() {
		if w.Kind == bpmn.WaitIncident {
			t.fail("process", "no incident", w.Element+": "+w.Name)
			return
		}
		at = append(at, w.Element)
	}
	got := "waits at " + listed(at)
	if s.Ended {
		got = "ended at " + s.End
	}
	if want, ok := expect["waitsAt"]; ok && !slices.Contains(at, fmt.Sprint(want)) {
		t.fail("waitsAt", fmt.Sprint(want), got)
	}
	if want, ok := expect["ends"].(bool); ok && want != s.Ended {
		t.fail("ends", fmt.Sprint(want), got)
	}
	if want, ok := expect["ends"].(string); ok && (!s.Ended || s.End != want) {
		t.fail("ends", want, got)
	}
}

// toFeel turns a JSON value into FEEL; texts that are ISO dates stay texts.
func toFeel(v any) feel.Value {
	raw, err := json.Marshal(v)
	if err != nil {
		return feel.Null()
	}
	out, err := feel.FromJSON(raw)
	if err != nil {
		return feel.Null()
	}
	return out
}

// add notes which reasons were given and which norms held.
func (c *coverage) add(scenario string, d Decision, open []opened) {
	for _, r := range d.Reasons {
		if _, ok := c.reasons[r]; !ok {
			c.reasons[r] = scenario
		}
	}
	for _, o := range open {
		c.norms[o.id] = true
	}
}
