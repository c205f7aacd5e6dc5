package pack

import (
	"slices"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/engine/form/source"
)

// norms is norms.yaml: what the rules cannot decide. A norm that no rule can
// capture, and two exceptions from one rule at once, go to a person: whatever
// decision.dmn says, the outcome is then judgement (ADR 0015).
type norms struct {
	open       []normSpec
	exceptions []exceptionSpec
}

// normSpec is a norm that a rule cannot capture, and when it is what decides.
type normSpec struct {
	id, reason, legal string
	line              int
	when              *feel.Expr
}

// exceptionSpec are exceptions from one rule of which only one can apply.
type exceptionSpec struct {
	id, reason, legal string
	line              int
	of                []normSpec
}

type rawNorm struct {
	ID     source.Text `yaml:"id"`
	When   source.Text `yaml:"when"`
	Reason source.Text `yaml:"reason"`
	Legal  string      `yaml:"legal"`
}

type rawNorms struct {
	Norms      []rawNorm `yaml:"norms"`
	Exceptions []struct {
		ID     source.Text `yaml:"id"`
		Reason source.Text `yaml:"reason"`
		Legal  string      `yaml:"legal"`
		Of     []rawNorm   `yaml:"of"`
	} `yaml:"exceptions"`
}

const normsFile = "norms.yaml"

// loadNorms reads norms.yaml; most packages leave nothing open and have none.
func (l *loader) loadNorms(p *Package) {
	src, ok := l.readOptional(normsFile)
	if !ok {
		return
	}
	var raw rawNorms
	l.decode(src, normsFile, &raw)
	seen := map[string]bool{}
	read := func(what string, r rawNorm) normSpec {
		l.checkID(normsFile, r.ID)
		l.checkLegal(p, normsFile, r.ID.Line, r.Legal)
		if seen[r.ID.Text] {
			l.fault(normsFile, r.ID.Line, "pack.finding.norms.twice", "what", what, "id", r.ID.Text)
		}
		seen[r.ID.Text] = true
		if r.Legal == "" {
			l.fault(normsFile, r.ID.Line, "pack.finding.norms.noLegal", "what", what, "id", r.ID.Text)
		}
		spec := normSpec{id: r.ID.Text, reason: orText(r.Reason.Text, r.ID.Text), legal: r.Legal, line: r.ID.Line}
		if r.When.Text == "" {
			l.fault(normsFile, r.ID.Line, "pack.finding.norms.noWhen", "what", what, "id", r.ID.Text)
			return spec
		}
		for _, path := range source.Paths(r.When.Text, "parameters") {
			p.uses[path[0]] = true
		}
		names := append(slices.Clone(factNames), p.decisions...)
		spec.when = l.compile(normsFile, what+" "+r.ID.Text, r.When, names)
		return spec
	}
	for _, r := range raw.Norms {
		p.norms.open = append(p.norms.open, read("norm", r))
	}
	for _, r := range raw.Exceptions {
		l.checkID(normsFile, r.ID)
		l.checkLegal(p, normsFile, r.ID.Line, r.Legal)
		e := exceptionSpec{id: r.ID.Text, reason: orText(r.Reason.Text, r.ID.Text), legal: r.Legal, line: r.ID.Line}
		if seen[e.id] {
			l.fault(normsFile, e.line, "pack.finding.norms.exceptionsTwice", "id", e.id)
		}
		seen[e.id] = true
		if len(r.Of) < 2 {
			l.fault(normsFile, e.line, "pack.finding.norms.collide", "id", e.id)
		}
		for _, one := range r.Of {
			e.of = append(e.of, read("exception", one))
		}
		p.norms.exceptions = append(p.norms.exceptions, e)
	}
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// opened is a declaration that holds for certain facts.
type opened struct{ id, reason string }

// open returns the norms and collisions that hold for a decision made from
// inputs. What cannot be said to be false holds: a null is never a no. how is how
// the decision was made, with what was supposed.
func (p *Package) open(d *Decision, inputs feel.Value, how ...dmn.Option) []opened {
	if len(p.norms.open) == 0 && len(p.norms.exceptions) == 0 {
		return nil
	}
	values := d.Values
	if values == nil { // the decision was made without its record
		made := Decision{}
		if r, err := p.Decision.Decide(p.Service.Decision.Name, inputs, append(slices.Clone(how), dmn.WithRules())...); err == nil {
			made.record(r.Decided)
		}
		values = made.Values
	}
	var out []opened
	for i := range p.norms.open {
		if n := &p.norms.open[i]; p.holds(n, values, inputs, how) {
			out = append(out, opened{n.id, n.reason})
		}
	}
	for i := range p.norms.exceptions {
		e := &p.norms.exceptions[i]
		count := 0
		for j := range e.of {
			if p.holds(&e.of[j], values, inputs, how) {
				count++
			}
		}
		if count > 1 {
			out = append(out, opened{e.id, e.reason})
		}
	}
	return out
}

func (p *Package) holds(n *normSpec, values map[string]feel.Value, inputs feel.Value, how []dmn.Option) bool {
	facts := inputs
	for _, name := range n.when.Names() {
		if _, isFact := inputs.Get(name); isFact {
			continue
		}
		v, ok := values[name]
		if !ok { // the main decision does not need it, or it is supposed
			if r, err := p.Decision.Decide(name, facts, how...); err == nil {
				v = r.Value
			}
		}
		inputs = inputs.Put(name, v)
	}
	v, _ := n.when.EvalContext(inputs)
	no, ok := v.AsBool()
	return !ok || no
}

// uphold makes a decision that leaves something open a judgement, with the
// reason of each declaration that holds. The amount stays as a proposal.
func (p *Package) uphold(d *Decision, inputs feel.Value, how ...dmn.Option) {
	list := p.open(d, inputs, how...)
	if len(list) == 0 {
		return
	}
	if d.Outcome != Judgement {
		d.Outcome, d.Reasons = Judgement, nil
	}
	for _, o := range list {
		if !slices.Contains(d.Reasons, o.reason) {
			d.Reasons = append(d.Reasons, o.reason)
		}
	}
	reasons := make([]feel.Value, len(d.Reasons))
	for i, r := range d.Reasons {
		reasons[i] = feel.String(r)
	}
	d.Value = d.Value.Put("outcome", feel.String(string(Judgement))).Put("reasons", feel.List(reasons...))
}

// checkNorms reports declarations without their text.
func (l *loader) checkNorms(p *Package) {
	for _, n := range p.norms.open {
		l.needText(p, "reasons."+n.reason, asReason("norm", "id", n.id))
	}
	for _, e := range p.norms.exceptions {
		l.needText(p, "reasons."+e.reason, asReason("exceptions", "id", e.id))
	}
}

// normsShown reports declarations that no scenario shows.
func (l *loader) normsShown(p *Package, cov *coverage) {
	for _, n := range p.norms.open {
		if !cov.norms[n.id] {
			l.fault(normsFile, n.line, "pack.finding.norms.notShown", "id", n.id)
		}
	}
	for _, e := range p.norms.exceptions {
		if !cov.norms[e.id] {
			l.fault(normsFile, e.line, "pack.finding.norms.twoNotShown", "id", e.id)
		}
	}
}
