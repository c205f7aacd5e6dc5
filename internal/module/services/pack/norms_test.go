package pack

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/fstest"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// A declared norm, and two exceptions at once, go to a person whatever the rules
// say; so does a condition that cannot be assessed. It is the same with and
// without a record of the decision.
func TestDeclaredNormsGoToAPerson(t *testing.T) {
	m := files(t)
	m["allotment-garden/2025/norms.yaml"] = &fstest.MapFile{Data: []byte(`
norms:
  - {id: character, when: "application.shed and application.ares = 6", reason: largeShed, legal: reg-gardens/art3}
  - {id: resident, when: 'Resident', reason: notResident, legal: reg-gardens/art2}
exceptions:
  - id: collision
    legal: reg-gardens/art3
    of:
      - {id: small, when: "application.ares = 3", legal: reg-gardens/art3}
      - {id: children, when: "Reduction > 0", legal: reg-gardens/art3}
      - {id: middle, when: "application.ares = 4", legal: reg-gardens/art3}
`)}
	p, findings := Load(m, "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	elsewhere := json.RawMessage(`{"address":{"street":"rue du Lac","commune":"Ailleurs"}}`)
	nobody := json.RawMessage{}
	for _, c := range []struct {
		name    string
		ares    string
		person  json.RawMessage
		outcome Outcome
		reasons []string
	}{
		{"one exception", "5", elsewhere, Refused, []string{"notResident"}},
		{"two exceptions", "4", elsewhere, Judgement, []string{"collision"}},
		{"two others", "3", elsewhere, Judgement, []string{"collision"}},
		{"a norm", "6", elsewhere, Judgement, []string{"largeShed"}},
		{"a decision as its condition", "5", nil, Judgement, []string{"notResident"}},
		{"a condition that is null", "5", nobody, Judgement, []string{"noRecord", "notResident"}},
	} {
		f := facts()
		f.Application["ares"] = json.Number(c.ares)
		if c.person != nil {
			f.Evidence["person"] = c.person
		}
		for _, how := range [][]dmn.Option{{dmn.WithRules()}, nil} {
			d, _, err := p.decide(f, how...)
			if err != nil {
				t.Error(c.name, err)
				continue
			}
			if d.Outcome != c.outcome || !slices.Equal(d.Reasons, c.reasons) {
				t.Errorf("%s: %s %v, want %s %v", c.name, d.Outcome, d.Reasons, c.outcome, c.reasons)
			}
			outcome, _ := d.Value.Get("outcome")
			if s, _ := outcome.AsString(); s != string(c.outcome) {
				t.Errorf("%s: process and letters see %s", c.name, s)
			}
		}
	}
}

// What is supposed for the sake of the nearest change counts for the norms too.
func TestASuppositionReachesTheNorms(t *testing.T) {
	m := files(t)
	m["allotment-garden/2025/norms.yaml"] = &fstest.MapFile{Data: []byte(`
norms:
  - {id: children, when: "Reduction > 50", reason: largeShed, legal: reg-gardens/art3}
`)}
	p, findings := Load(m, "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	for _, how := range [][]dmn.Option{{dmn.WithRules()}, nil} {
		plain, _, err := p.decide(facts(), how...)
		if err != nil {
			t.Fatal(err)
		}
		supposed, _, err := p.decide(facts(), append(how, dmn.Suppose("Reduction", feel.Int(90)))...)
		if err != nil {
			t.Fatal(err)
		}
		if plain.Outcome != Granted || supposed.Outcome != Judgement {
			t.Errorf("%s, and supposed %s", plain.Outcome, supposed.Outcome)
		}
	}
}

// Coverage counts rules and branches, and names what no scenario uses.
func TestCoverage(t *testing.T) {
	p := garden(t)
	c := Cover(p)
	if c.Rules != (Share{3, 3}) || c.Branches.Of != 10 || c.Scenarios == 0 {
		t.Errorf("%+v %+v of %d scenarios", c.Rules, c.Branches, c.Scenarios)
	}
	m := files(t)
	m["allotment-garden/2025/scenarios/rent.yaml"] = &fstest.MapFile{Data: []byte(`
scenarios:
  - name: Nobody is known
    date: 2025-03-15
    applicant: {id: "1"}
    application: {ares: 2, shed: false, rules: true}
    expect: {outcome: judgement, reasons: [noRecord]}
`)}
	p, findings := Load(m, "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	report, c := TestAndCover(p)
	if report.Passed != 1 || c.Rules != (Share{1, 3}) {
		t.Errorf("%+v %+v", report, c.Rules)
	}
	for _, x := range c.Missing {
		if x.Kind == "rule" && x.ID == "r_many" && x.Rule == 3 && x.Description == "> 3" && x.Line > 0 {
			return
		}
	}
	t.Error("rule r_many is not among what is missing", c.Missing)
}
