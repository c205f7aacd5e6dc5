package pack

import (
	"strings"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// checkExplanation reports decisions that the explanation reads but the main
// decision does not need: nobody makes them, so they would be null for ever.
func (l *loader) checkExplanation(p *Package) {
	made := p.made()
	check := func(line int, what string, exprs ...*feel.Expr) {
		for _, e := range exprs {
			if e == nil {
				continue
			}
			for _, n := range e.Names() {
				if is, isDecision := made[n]; isDecision && !is {
					l.fault("explanation.yaml", line, "pack.finding.explanation.neverMade", "what", what, "decision", n, "main", p.Service.Decision.Name)
				}
			}
		}
	}
	args := func(line int, what string, as []argument) {
		for _, a := range as {
			check(line, what+".args."+a.name, a.expr)
		}
	}
	x := p.Explanation
	for _, a := range x.headline {
		check(0, "headline."+a.name, a.expr)
	}
	for _, c := range x.conditions {
		check(c.line, "conditions."+c.id, c.when, c.met)
		args(c.line, "conditions."+c.id, c.args)
	}
	for _, r := range x.rows {
		check(r.line, "rows."+r.id, r.when, r.value)
		args(r.line, "rows."+r.id, r.args)
	}
	if x.result != nil {
		check(0, "result", x.result.value)
	}
}

// made tells of every decision in decision.dmn whether the main decision needs
// it, directly or through others.
func (p *Package) made() map[string]bool {
	made, byID := map[string]bool{}, map[string]*dmn.Decision{}
	var todo []*dmn.Decision
	for _, d := range p.definitions.Decisions {
		made[d.Name], byID[d.ID] = false, d
		if d.Name == p.Service.Decision.Name {
			todo = append(todo, d)
		}
	}
	for len(todo) > 0 {
		d := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if made[d.Name] {
			continue
		}
		made[d.Name] = true
		for _, r := range d.Requires {
			_, id, _ := strings.Cut(r.Href, "#")
			if next := byID[id]; next != nil && r.Kind == dmn.RequiresDecision {
				todo = append(todo, next)
			}
		}
	}
	return made
}
