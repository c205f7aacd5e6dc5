package pack

import (
	"slices"
	"strings"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// roundings are the functions with which a rule says how it rounds.
var roundings = []string{"decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down"}

// unrounded are the functions whose result has more digits than its arguments.
var unrounded = []string{"mean", "median", "stddev", "sqrt", "exp", "log"}

// checkRounding reports quotients on the way to the amount that no function
// rounds. How a law rounds is a rule of its own, so the text of the rule must say
// it; what this cannot see, an amount that is not whole cents, is an error when
// the decision is made.
func (l *loader) checkRounding(p *Package) {
	decisions := map[string]*dmn.Decision{}
	for _, d := range p.definitions.Decisions {
		decisions[d.Name] = d
	}
	main := decisions[p.Service.Decision.Name]
	if main == nil {
		return
	}
	logic := main.Logic
	if c, ok := logic.(*dmn.Context); ok { // only what makes the amount
		for _, e := range c.Entries {
			if e.Variable.Name == "amount" {
				logic = e.Value
			}
		}
	}
	r := &roundingCheck{l: l, decisions: decisions, names: append(slices.Clone(factNames), p.decisions...), seen: map[string]bool{}}
	r.expression(logic, main.Name)
}

type roundingCheck struct {
	l         *loader
	decisions map[string]*dmn.Decision
	names     []string
	seen      map[string]bool
}

func (r *roundingCheck) expression(x dmn.Expression, element string) {
	switch x := x.(type) {
	case *dmn.Literal:
		r.literal(x, element)
	case *dmn.Context:
		for _, e := range x.Entries {
			r.expression(e.Value, element)
		}
	case *dmn.Conditional:
		r.expression(x.Then, element)
		r.expression(x.Else, element)
	case *dmn.DecisionTable:
		for _, rule := range x.Rules {
			for _, o := range rule.Outputs {
				r.literal(o, element)
			}
		}
	}
}

func (r *roundingCheck) literal(x *dmn.Literal, element string) {
	e, err := feel.Compile(x.Text, feel.Names(r.names...))
	if err != nil {
		return // checkDecision reports it
	}
	r.value(e, e.AST(), x, element)
}

// value follows what the value of a node is made of; conditions are no part of it.
func (r *roundingCheck) value(e *feel.Expr, n feel.Node, x *dmn.Literal, element string) {
	switch n := n.(type) {
	case *feel.Name:
		if d := r.decisions[n.Name]; d != nil && !r.seen[n.Name] {
			r.seen[n.Name] = true
			r.expression(d.Logic, d.Name)
		}
	case *feel.If:
		r.value(e, n.Then, x, element)
		r.value(e, n.Else, x, element)
	case *feel.Binary:
		if n.Op == "/" {
			at := e.Place(n)
			r.l.fault("decision.dmn", x.TextPos.Line+at.Line-1, "pack.finding.rounding.quotient", "element", element, "quotient", short(n))
		}
		r.value(e, n.X, x, element)
		r.value(e, n.Y, x, element)
	case *feel.Negation:
		r.value(e, n.X, x, element)
	case *feel.Path:
		r.value(e, n.X, x, element)
	case *feel.Filter:
		r.value(e, n.X, x, element)
	case *feel.Invocation:
		name, _ := n.Fn.(*feel.Name)
		if name == nil {
			return
		}
		if slices.Contains(roundings, name.Name) {
			return
		}
		if slices.Contains(unrounded, name.Name) {
			at := e.Place(n)
			r.l.fault("decision.dmn", x.TextPos.Line+at.Line-1, "pack.finding.rounding.function", "element", element, "part", short(n))
		}
		for _, a := range n.Args {
			r.value(e, a, x, element)
		}
	case *feel.For:
		r.value(e, n.Body, x, element)
	case *feel.ListLiteral:
		for _, item := range n.Items {
			r.value(e, item, x, element)
		}
	case *feel.ContextLiteral:
		for _, entry := range n.Entries {
			r.value(e, entry.Value, x, element)
		}
	}
}

func short(n feel.Node) string {
	s := strings.Join(strings.Fields(n.String()), " ")
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:57], "") + "…"
	}
	return s
}
