package pack

import (
	"slices"

	"github.com/woodsbury/decimal128"
	"go.yaml.in/yaml/v3"

	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/engine/form/source"
)

// simulation is simulation.yaml: how the service is tried on a population.
type simulation struct {
	application form.Answers // what somebody without special circumstances answers
	covers      *feel.Expr   // ids of all whom one application covers
	size        *feel.Expr   // persons
	income      *feel.Expr   // EUR/month
	commune     *feel.Expr
	derived     []Change
}

type rawSimulation struct {
	Application yaml.Node   `yaml:"application"`
	Covers      source.Text `yaml:"covers"`
	Size        source.Text `yaml:"size"`
	Income      source.Text `yaml:"income"`
	Commune     source.Text `yaml:"commune"`
	Derived     []struct {
		Parameter source.Text `yaml:"parameter"`
		Value     source.Text `yaml:"value"`
	} `yaml:"derived"`
}

// loadSimulation reads simulation.yaml; a package without one is not simulated.
func (l *loader) loadSimulation(p *Package) {
	const file = "simulation.yaml"
	src, ok := l.readOptional(file)
	if !ok {
		return
	}
	var raw rawSimulation
	l.decode(src, file, &raw)
	s := &p.simulation
	s.application, _ = tree(&raw.Application).(map[string]any)
	if s.application == nil {
		l.fault(file, 0, "pack.finding.simulation.application")
	}
	if p.Form != nil {
		known := map[string]bool{}
		for _, page := range p.Form.Pages {
			for _, f := range page.Fields {
				known[f.ID] = true
			}
		}
		for _, id := range sortedKeys(s.application) {
			if !known[id] {
				l.fault(file, raw.Application.Line, "pack.finding.simulation.noField", "field", id)
			}
		}
	}
	names := append(append(slices.Clone(factNames), "decision"), p.decisions...)
	s.covers = l.compile(file, "covers", raw.Covers, factNames)
	s.size = l.compile(file, "size", raw.Size, names)
	s.income = l.compile(file, "income", raw.Income, names)
	s.commune = l.compile(file, "commune", raw.Commune, factNames)
	for _, d := range raw.Derived {
		if _, ok := p.Parameters.Get(d.Parameter.Text); !ok {
			l.fault(file, d.Parameter.Line, "pack.finding.parameters.none", "parameter", d.Parameter.Text)
			continue
		}
		l.compile(file, "derived."+d.Parameter.Text, d.Value, adjustNames)
		s.derived = append(s.derived, Change{Parameter: d.Parameter.Text, Value: d.Value.Text})
	}
}

// Simulated reports whether the service can be tried on a population.
func (p *Package) Simulated() bool { return p.simulation.covers != nil }

// Plain returns the answers of an application without special circumstances.
func (p *Package) Plain() form.Answers { return p.simulation.application }

// Covers returns the identification numbers of all whom one application covers:
// one household for a household's benefit, one person otherwise. It is empty
// when the evidence does not say.
func (p *Package) Covers(f Facts) []string {
	var ids []string
	v, _ := p.simulation.covers.EvalContext(p.Scope(f))
	if s, ok := v.AsString(); ok {
		return []string{s}
	}
	for _, item := range v.Items() {
		if s, ok := item.AsString(); ok {
			ids = append(ids, s)
		}
	}
	return ids
}

// Traits are what the result of a simulation is told by.
type Traits struct {
	Size    int        // persons; 0: not known
	Income  feel.Value // EUR/month as a number; null: not known
	Commune string     // "": not known
}

// Traits returns the traits of somebody about whom d was decided.
func (p *Package) Traits(f Facts, d Decision) Traits {
	scope := p.outScope(f, d)
	size, _ := p.simulation.size.EvalContext(scope)
	income, _ := p.simulation.income.EvalContext(scope)
	commune, _ := p.simulation.commune.EvalContext(scope)
	var t Traits
	if n, ok := size.AsNumber(); ok {
		i, _ := n.Int64()
		t.Size = int(i)
	}
	if _, ok := income.AsNumber(); ok {
		t.Income = income
	}
	t.Commune, _ = commune.AsString()
	return t
}

// Cents returns the amount in whole cents, 0 when there is none.
func (d Decision) Cents() int64 {
	n, err := decimal128.Parse(d.Amount)
	if err != nil {
		return 0
	}
	c, _ := n.Mul(decimal128.FromInt64(100)).Int64() // the amount has two decimals
	return c
}
