package pack

import (
	"testing"
	"testing/fstest"
)

// FuzzFiles puts arbitrary text in the place of one file of the example
// package: loading, checking and testing must report it, never fall over.
func FuzzFiles(f *testing.F) {
	names := []string{"service.yaml", "form.yaml", "parameters.yaml", "explanation.yaml", "decision.dmn", "process.bpmn", "texts/en.yaml", "letters/granted.en.md", "scenarios/rent.yaml", "norms.yaml"}
	const dir = "allotment-garden/2025/"
	example := files(f)
	for i, name := range names {
		if example[dir+name] != nil {
			f.Add(i, example[dir+name].Data)
		}
	}
	f.Add(9, []byte("norms: [{id: a, when: \"Resident\", reason: largeShed, legal: reg-gardens}]\nexceptions: [{id: b, legal: reg-gardens, of: [{id: c, when: \"Reduction > 0\", legal: reg-gardens}, {id: d, when: \"null\", legal: reg-gardens}]}]"))
	f.Add(8, []byte("base: &x [*x]\nscenarios: []"))
	f.Add(2, []byte("parameters: [{id: a, unit: count, values: [{from: 2025-01-01, value: &x [*x], status: verified, source: b}]}]"))
	f.Add(7, []byte("{{#if application.ares > 1 }}{{#each application.helpers}}{{ item.name }}{{else}}"))
	f.Fuzz(func(t *testing.T, which int, src []byte) {
		if which < 0 || which >= len(names) {
			return
		}
		m := fstest.MapFS{}
		for name, file := range example {
			m[name] = file
		}
		m[dir+names[which]] = &fstest.MapFile{Data: src}
		p, findings := Load(m, "allotment-garden/2025")
		if p == nil {
			if !hasError(findings) {
				t.Fatal("refused without a reason")
			}
			return
		}
		Check(p)
		Test(p)
		if d, err := p.Decide(facts()); err == nil {
			p.Explain(english(t), d, facts(), nil)
			for _, name := range p.Letters {
				if _, err := p.Letter(english(t), name, LetterData{Scope: p.Scope(facts())}); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
