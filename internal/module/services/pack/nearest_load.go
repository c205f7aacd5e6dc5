package pack

import (
	"slices"
	"strings"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/form/source"
)

// rawNearest is one entry of nearest in explanation.yaml.
type rawNearest struct {
	ID       source.Text   `yaml:"id"`
	Decision source.Text   `yaml:"decision"`
	Fact     source.Text   `yaml:"fact"`
	Kind     source.Text   `yaml:"kind"`
	Unit     source.Text   `yaml:"unit"`
	Step     source.Text   `yaml:"step"`
	Min      source.Text   `yaml:"min"`
	Max      source.Text   `yaml:"max"`
	Options  []string      `yaml:"options"`
	With     []source.Text `yaml:"with"`
	Only     source.Text   `yaml:"only"`
	Legal    string        `yaml:"legal"`
}

// nearest reads one quantity that may be varied, and checks its texts.
func (l *loader) nearest(p *Package, file string, raw rawNearest) nearestSpec {
	line := raw.ID.Line
	l.checkID(file, raw.ID)
	l.checkLegal(p, file, line, raw.Legal)
	what := "nearest." + raw.ID.Text
	n := nearestSpec{id: raw.ID.Text, line: line, decision: raw.Decision.Text, kind: raw.Kind.Text, options: raw.Options, only: raw.Only.Text, unit: raw.Unit.Text, legal: raw.Legal, step: decimal128.FromInt64(1)}
	if raw.Fact.Text != "" {
		n.path = strings.Split(raw.Fact.Text, ".")
	}
	switch {
	case (n.decision == "") == (n.path == nil):
		l.fault(file, line, "pack.finding.nearest.either", "what", what)
		n.path = []string{"date"}
	case n.decision != "" && !slices.Contains(p.decisions, n.decision):
		l.fault(file, line, "pack.finding.nearest.noDecision", "what", what, "decision", n.decision)
	case n.path != nil && !slices.Contains([]string{"application", "evidence", "date"}, n.path[0]):
		l.fault(file, line, "pack.finding.nearest.fact", "what", what)
	}
	if !slices.Contains([]string{nearestNumber, nearestDate, nearestBoolean, nearestChoice}, n.kind) {
		l.fault(file, line, "pack.finding.nearest.kind", "what", what)
	}
	if !slices.Contains(explanationUnits, n.unit) {
		l.fault(file, line, "pack.finding.file.unit", "what", what, "unit", n.unit)
	}
	if n.kind == nearestChoice && len(n.options) == 0 {
		l.fault(file, line, "pack.finding.nearest.options", "what", what)
	}
	if n.only != "" && n.only != "better" {
		l.fault(file, line, "pack.finding.nearest.only", "what", what)
	}
	number := func(t source.Text, name string, into *decimal128.Decimal) bool {
		if t.Text == "" {
			return false
		}
		v, err := decimal128.Parse(t.Text)
		if err != nil {
			l.fault(file, t.Line, "pack.finding.nearest.number", "what", what, "name", name)
		}
		*into = v
		return true
	}
	if number(raw.Step, "step", &n.step) && (n.step.IsZero() || n.step.Signbit()) {
		l.fault(file, raw.Step.Line, "pack.finding.nearest.step", "what", what)
		n.step = decimal128.FromInt64(1)
	}
	n.bounded[0] = number(raw.Min, "min", &n.min)
	n.bounded[1] = number(raw.Max, "max", &n.max)
	for _, w := range raw.With {
		if n.decision == "" || !slices.Contains(p.decisions, w.Text) {
			l.fault(file, max(w.Line, line), "pack.finding.nearest.with", "what", what, "decision", w.Text)
		}
		n.with = append(n.with, w.Text)
	}
	return n
}

// checkNearest looks for the sentences in which changes are told, and for what
// the decision does not need: varying it would change nothing.
func (l *loader) checkNearest(p *Package) {
	made := p.made()
	for _, n := range p.Explanation.nearest {
		if n.decision != "" && !made[n.decision] {
			l.fault("explanation.yaml", n.line, "pack.finding.nearest.unneeded", "id", n.id, "decision", n.decision, "main", p.Service.Decision.Name)
		}
	}
}
