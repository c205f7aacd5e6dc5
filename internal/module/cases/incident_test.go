package cases

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"passerelle/engine/feel"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// sure are reasons that are long enough.
const sure = "The register confirmed it by telephone."

// weighing gives the world a process that cannot weigh by itself: its condition
// asks for a variable that a script leaves empty.
func (w *world) weighing() {
	w.t.Helper()
	all := fstest.MapFS{}
	w.must(fs.WalkDir(os.DirFS("testdata"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile("testdata/" + name)
		all[name] = &fstest.MapFile{Data: b}
		return err
	}))
	process := all["set/extract/2025/process.bpmn"]
	process.Data = []byte(strings.NewReplacer(
		`<exclusiveGateway id="clear"`, `<scriptTask id="weigh" scriptFormat="feel"><script>null</script></scriptTask><sequenceFlow id="f90" sourceRef="weigh" targetRef="clear"/><exclusiveGateway id="clear"`,
		`sourceRef="rule" targetRef="clear"`, `sourceRef="rule" targetRef="weigh"`,
		`>decision.outcome = "judgement"<`, `>weigh &gt; 5<`,
		`<bpmndi:BPMNShape id="s_fetch"`, `<bpmndi:BPMNShape id="s_weigh" bpmnElement="weigh"><dc:Bounds x="1000" y="280" width="100" height="80"/></bpmndi:BPMNShape><bpmndi:BPMNShape id="s_fetch"`,
	).Replace(string(process.Data)))
	set, found := pack.LoadSet(completed(w.t, all))
	if _, ok := set.Version("extract", "2025"); !ok {
		w.t.Fatal(found)
	}
	w.Packages = set
}

// TestAVariableIsCorrected: an operator sees at which step a case stands, what it
// computes, and gives it what it lacks; old and new are on record.
func TestAVariableIsCorrected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.weighing()
		id := w.apply(alice, "extract", "granted")
		h, err := w.Halted(ctx, oscar, id)
		w.must(err)
		if len(h.Steps) != 1 || h.Steps[0].Element.ID != "clear" || h.Steps[0].Failure == nil || len(h.Steps[0].Reads) != 1 || h.Steps[0].Reads[0].Source != "weigh > 5" || h.Steps[0].GiveUp != "" {
			t.Fatalf("%+v", h.Steps)
		}
		if names := strings.Join(h.Variables(), " "); names != "weigh" {
			t.Errorf("variables %q", names)
		}
		fix := Correction{Kind: CorrectVariable, Name: "weigh", Value: "7", Reasons: sure}
		refused(t, w.Correct(ctx, fritz, id, "clear", fix), errs.Forbidden, "cases.operatorOnly")
		for key, wrong := range map[string]Correction{
			"cases.reasons.needed": {Kind: CorrectVariable, Name: "weigh", Value: "7", Reasons: "so"},
			"cases.correct.value":  {Kind: CorrectVariable, Name: "weigh", Value: "seven", Reasons: sure},
			"cases.correct.name":   {Kind: CorrectVariable, Name: "decision", Value: "7", Reasons: sure},
			"cases.correct.kind":   {Kind: "wish", Reasons: sure},
		} {
			refused(t, w.Correct(ctx, oscar, id, "clear", wrong), errs.Invalid, key)
		}
		refused(t, w.Correct(ctx, oscar, id, "clear", Correction{Kind: CorrectGiveUp, Reasons: sure}), errs.Conflict, "cases.correct.cannot")
		refused(t, w.Correct(ctx, oscar, id, "issue", fix), errs.Conflict, "cases.correct.gone")
		w.must(w.Correct(ctx, oscar, id, "clear", fix))
		c := w.file(id)
		if c.File.Incident != "" || c.Status != Examined || c.File.Vars["weigh"] != "7" {
			t.Fatalf("%q %s %v", c.File.Incident, c.Status, c.File.Vars)
		}
		last := c.Timeline[len(c.Timeline)-1]
		if last.Kind != "corrected" || !last.Public || last.Name != oscar.Name || last.Data["old"] != "null" || last.Data["new"] != "7" || last.Data["text"] != sure {
			t.Errorf("on record: %+v", last)
		}
		refused(t, w.Correct(ctx, oscar, id, "clear", fix), errs.Conflict, "cases.correct.gone")
	})
}

// TestTheSameCorrectionInManyCases: all that stand at the same step with the same
// error, and no other.
func TestTheSameCorrectionInManyCases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.weighing()
		var ids []string
		for range 5 {
			ids = append(ids, w.apply(alice, "extract", "granted"))
		}
		bank := w.Payments
		w.Payments = nil
		other := w.apply(bob, "grant", "granted")
		w.must(w.Decide(ctx, fritz, other, w.task(other, "examine"), pack.Granted, "", ""))
		w.Payments = bank
		groups, err := w.Causes(ctx, oscar, 10)
		if err != nil || len(groups) != 2 || groups[0].Cases != 5 || groups[0].Service != "extract" || groups[1].Cases != 1 {
			t.Fatalf("%+v %v", groups, err)
		}
		h, err := w.Halted(ctx, oscar, groups[0].Example)
		if err != nil || h.Alike != 5 {
			t.Fatalf("%d alike %v", h.Alike, err)
		}
		fix := Correction{Kind: CorrectVariable, Name: "weigh", Value: "1", Reasons: sure}
		_, err = w.CorrectAll(ctx, fritz, h.Cause("clear"), fix)
		refused(t, err, errs.Forbidden, "cases.operatorOnly")
		_, err = w.CorrectAll(ctx, oscar, h.Cause("clear"), fix)
		w.must(err)
		w.run()
		runs, err := w.Runs(ctx, oscar, 5)
		if err != nil || runs[0].Total != 5 || runs[0].Done != 5 || runs[0].Changed != 5 || runs[0].Failed != 0 || runs[0].EndedAt.IsZero() {
			t.Errorf("%+v %v", runs, err)
		}
		for _, id := range ids {
			if c := w.file(id); c.Outcome != pack.Granted || !strings.Contains(kinds(c), "corrected") {
				t.Errorf("%s %s", c.Outcome, kinds(c))
			}
		}
		if c := w.file(other); c.File.Incident == "" || strings.Contains(kinds(c), "corrected") {
			t.Errorf("another error was touched: %s", kinds(c))
		}
	})
}

// TestARegisterIsAskedAgain: an answer that the rules cannot read is fetched anew;
// while the register does not answer, nothing changes.
func TestARegisterIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reg.says = `{"income":1e999999}` // no number of ours
		id := w.apply(alice, "extract", "granted")
		if c := w.file(id); c.File.Incident == "" {
			t.Fatalf("the rules read it: %s", kinds(c))
		}
		fix := Correction{Kind: CorrectEvidence, Name: "person", Reasons: sure}
		w.reg.set(true)
		refused(t, w.Correct(ctx, oscar, id, "rule", fix), errs.Conflict, "cases.correct.noAnswer")
		refused(t, w.Correct(ctx, oscar, id, "rule", Correction{Kind: CorrectEvidence, Name: "diploma", Reasons: sure}), errs.Invalid, "cases.correct.evidence")
		w.reg.set(false)
		w.reg.says = ""
		w.must(w.Correct(ctx, oscar, id, "rule", fix))
		c := w.file(id)
		if c.File.Incident != "" || c.Outcome != pack.Granted || string(c.File.Evidence["person"].Value) != `{"givenName":"Alice"}` {
			t.Errorf("%q %s %s", c.File.Incident, c.Outcome, c.File.Evidence["person"].Value)
		}
		for _, e := range c.Timeline {
			if e.Kind == "refetched" && (e.Data["old"] != `{"income":1e999999}` || e.Data["new"] != `{"givenName":"Alice"}`) {
				t.Errorf("on record: %v", e.Data)
			}
		}
		if !strings.Contains(kinds(c), "refetched") {
			t.Errorf("%s", kinds(c))
		}
	})
}

// TestARuleIsGivenUp: a person judges what the rule cannot compute.
func TestARuleIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reg.says = `{"income":1e999999}`
		id := w.apply(alice, "extract", "granted")
		w.must(w.Correct(ctx, oscar, id, "rule", Correction{Kind: CorrectGiveUp, Reasons: sure}))
		c := w.file(id)
		if c.File.Incident != "" || c.Status != Examined || c.File.Proposal.Outcome != pack.Judgement {
			t.Fatalf("%q %s %+v", c.File.Incident, c.Status, c.File.Proposal)
		}
		refused(t, w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "12.00", ""), errs.Invalid, "cases.reasons.needed")
	})
}

// TestAFetchIsGivenUp: what a register cannot say for weeks counts as not known,
// and its failed job is not wanted any more.
func TestAFetchIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reg.set(true)
		id := w.apply(alice, "extract", "granted")
		for range 100 {
			if found, err := w.Queue.Incidents(ctx, "", 10); err != nil || len(found) == 1 {
				w.must(err)
				break
			}
			w.pass(day)
		}
		h, err := w.Halted(ctx, oscar, id)
		if err != nil || len(h.Steps) != 1 || h.Steps[0].Failure != nil || h.Steps[0].GiveUp != GiveUpEvidence {
			t.Fatalf("%+v %v", h, err)
		}
		w.must(w.Correct(ctx, oscar, id, "fetch", Correction{Kind: CorrectGiveUp, Reasons: sure}))
		c := w.file(id)
		if c.Status != Examined || len(c.File.Missing) != 1 || c.File.Proposal.Outcome != pack.Judgement {
			t.Errorf("%s %v %+v", c.Status, c.File.Missing, c.File.Proposal)
		}
		if found, err := w.Queue.Incidents(ctx, "", 10); err != nil || len(found) != 0 {
			t.Errorf("%+v %v", found, err)
		}
	})
}

// TestAPaymentIsGivenUp: it was made by hand, once, with a reference.
func TestAPaymentIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		bank := w.Payments
		w.Payments = nil
		id := w.apply(alice, "grant", "granted")
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		w.Payments = bank
		h, err := w.Halted(ctx, oscar, id)
		w.must(err)
		element := h.Steps[0].Element.ID
		_, err = w.CorrectAll(ctx, oscar, h.Cause(element), Correction{Kind: CorrectGiveUp, Value: "ONE-FOR-ALL", Reasons: sure})
		refused(t, err, errs.Invalid, "cases.correct.kind")
		refused(t, w.Correct(ctx, oscar, id, element, Correction{Kind: CorrectGiveUp, Reasons: sure}), errs.Invalid, "cases.correct.reference")
		w.must(w.Correct(ctx, oscar, id, element, Correction{Kind: CorrectGiveUp, Value: "BY-HAND-1", Reasons: sure}))
		w.run()
		c := w.file(id)
		if c.Status != Closed || len(c.Payments) != 1 || c.Payments[0].Cents != 181700 || c.Payments[0].Reference != "BY-HAND-1" || c.File.PaidOut != 181700 || w.bank.calls != 0 {
			t.Errorf("%s %+v, the bank was called %d times", c.Status, c.Payments, w.bank.calls)
		}
	})
}

// TestValuesAreShownForAPurpose that the person it is about can read; nobody sees
// their own case this way.
func TestValuesAreShownForAPurpose(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	w.weighing()
	id := w.apply(alice, "extract", "granted")
	_, err := w.Inspect(ctx, oscar, id, "why")
	refused(t, err, errs.Invalid, "cases.reasons.needed")
	_, err = w.Inspect(ctx, fritz, id, sure)
	refused(t, err, errs.Forbidden, "cases.operatorOnly")
	self := oscar
	self.Account, self.Person = "a-other", alice.Person
	_, err = w.Inspect(ctx, self, id, sure)
	refused(t, err, errs.Forbidden, "cases.ownCase")
	facts, err := w.Inspect(ctx, oscar, id, sure)
	if err != nil || len(facts) != 1 || facts[0].Name != "weigh" {
		t.Errorf("%+v %v", facts, err)
	}
	d, err := w.Open(ctx, alice, id, "test", false)
	w.must(err)
	last := d.Timeline[len(d.Timeline)-1]
	if last.Kind != "inspected" || last.Name != oscar.Name || last.Data["text"] != sure || strings.Count(kinds(d), "inspected") != 1 {
		t.Errorf("the applicant reads %+v", last)
	}
}

// TestOnlyWhatStandsStillIsOpen: an operator sees and corrects nothing in a case
// that goes its way, even while a service has not answered yet.
func TestOnlyWhatStandsStillIsOpen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		healthy := w.apply(alice, "grant", "granted")
		w.reg.set(true)
		waiting := w.apply(bob, "extract", "granted")
		for _, id := range []string{healthy, waiting} {
			_, err := w.Inspect(ctx, oscar, id, sure)
			refused(t, err, errs.Conflict, "cases.correct.gone")
			if h, err := w.Halted(ctx, oscar, id); err != nil || len(h.Steps) != 0 {
				t.Errorf("%+v %v", h, err)
			}
		}
		refused(t, w.Correct(ctx, oscar, waiting, "fetch", Correction{Kind: CorrectGiveUp, Reasons: sure}), errs.Conflict, "cases.correct.gone")
		refused(t, w.Correct(ctx, oscar, waiting, "fetch", Correction{Kind: CorrectVariable, Name: "weigh", Value: "1", Reasons: sure}), errs.Conflict, "cases.correct.gone")
		if n := w.count(`SELECT COUNT(*) FROM cases_entry WHERE kind = 'inspected'`); n != 0 {
			t.Errorf("%d lines", n)
		}

		w.reg.set(false)
		w.reg.says = `{"income":1e999999}`
		halted := w.apply(alice, "extract", "granted")
		facts, err := w.Inspect(ctx, oscar, halted, sure)
		w.must(err)
		var names []string
		for _, f := range facts {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); !strings.HasPrefix(got, "evidence.person application.") || facts[0].From != "rnpp" {
			t.Errorf("the rule reads %s", got)
		}
	})
}

// TestNoVariableStandsForAFact: what parties said, and people decided, cannot be
// put into another's mouth.
func TestNoVariableStandsForAFact(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	d := w.file(w.apply(alice, "leave", "granted"))
	if names := correctable(d.Process(), d.Case); len(names) != 0 {
		t.Errorf("an operator may set %v", names)
	}
	d.File.Results = map[string]Result{"examine": {Outcome: pack.Refused}}
	d.File.Vars = map[string]string{"party": `{employer: {answers: {agrees: true}}}`, "decision": `{outcome: "granted"}`, "examine": `{outcome: "granted"}`, "weigh": "5"}
	for source, want := range map[string]string{"party.employer.answers.agrees": "null", "decision.outcome": "null", "examine.outcome": `"refused"`, "weigh": "5"} {
		e, err := feel.Compile(source, feel.Names("party", "decision", "examine", "weigh"))
		w.must(err)
		if v, _ := e.EvalContext(scopeOf(d.Package, d.Case)); v.String() != want {
			t.Errorf("%s is %s, want %s", source, v, want)
		}
	}
}
