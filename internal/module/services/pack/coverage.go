package pack

import "passerelle/engine/dmn"

// Coverage is what the scenarios of a package use of its rules.
type Coverage struct {
	Scenarios int           `json:"scenarios"`
	Rules     Share         `json:"rules"`    // of decision tables
	Branches  Share         `json:"branches"` // of "if" and boxed conditionals
	Missing   []dmn.Covered `json:"missing"`  // what no scenario uses, in the order of decision.dmn
	All       []dmn.Covered `json:"all"`      // with how often each was used
}

// Share is so many of so many.
type Share struct {
	Used int `json:"used"`
	Of   int `json:"of"`
}

// Cover runs the scenarios of a package and tells which rules of decision tables
// and which branches of conditions they use. Whether they pass is Test's to
// tell; both run them once.
func Cover(p *Package) Coverage {
	_, c := p.test()
	return c.report()
}

// TestAndCover is Test and Cover in one run.
func TestAndCover(p *Package) (TestReport, Coverage) {
	r, c := p.test()
	return r, c.report()
}

func (c *coverage) report() Coverage {
	out := Coverage{Scenarios: c.scenarios, Missing: []dmn.Covered{}, All: c.model.List()}
	for _, x := range out.All {
		share := &out.Branches
		if x.Kind == "rule" {
			share = &out.Rules
		}
		share.Of++
		if x.Times > 0 {
			share.Used++
		} else {
			out.Missing = append(out.Missing, x)
		}
	}
	return out
}
