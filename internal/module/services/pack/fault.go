package pack

import (
	"slices"

	"passerelle/engine/form/source"
)

// Fault says what keeps the rules from deciding a case. It names decisions and
// evidence, and no value of a person.
type Fault struct {
	Kind     FaultKind
	Decision string   // the decision of the model that failed first, "" when none began
	Evidence []string // ids of the evidence that it reads; the first is the likeliest
}

// FaultKind is the kind of a fault.
type FaultKind string

// The kinds of faults.
const (
	FaultUnreadable FaultKind = "unreadable" // what a register answered cannot be read at all
	FaultLaw        FaultKind = "law"        // no legal value, or no reference date, for the day that counts
	FaultValue      FaultKind = "value"      // a value is not what the decision computes with
	FaultResult     FaultKind = "result"     // what comes out is not what a decision has to be
)

// Failing looks for what keeps the rules from deciding on the facts; false when
// they decide.
func (p *Package) Failing(f Facts) (Fault, bool) {
	for _, spec := range p.Service.Evidence {
		if raw := f.Evidence[spec.ID]; len(raw) > 0 {
			if _, err := f.Reading.read(spec.ID, raw); err != nil {
				return Fault{Kind: FaultUnreadable, Evidence: []string{spec.ID}}, true
			}
		}
	}
	in, err := p.inputs(f)
	if err != nil {
		return Fault{Kind: FaultLaw}, true
	}
	if _, _, err := p.decideOn(in, f); err == nil {
		return Fault{}, false
	}
	fault := Fault{Kind: FaultResult, Decision: p.Service.Decision.Name}
	r, err := p.Decision.Decide(p.Service.Decision.Name, in.context)
	if err != nil {
		return fault, true
	}
	for _, w := range r.Warnings { // in the order of the computation: the first is nearest to the cause
		if fault.Kind != FaultValue {
			fault.Kind, fault.Decision = FaultValue, w.Element
		}
		for _, path := range source.Paths(w.Text, "evidence") {
			if len(path) > 0 && !slices.Contains(fault.Evidence, path[0]) {
				fault.Evidence = append(fault.Evidence, path[0])
			}
		}
		if len(fault.Evidence) > 0 {
			fault.Decision = w.Element
			break
		}
	}
	return fault, true
}
