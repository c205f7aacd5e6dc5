package dmn

import (
	"sort"
	"strings"

	"passerelle/engine/feel"
)

// Coverage collects which rules of decision tables and which branches of
// conditions were used, over many evaluations of one model (WithCoverage). It is
// used by one goroutine at a time.
type Coverage struct {
	m     *Model
	times map[branch]int
}

// branch is a rule of a table, or a branch of an "if" or a boxed conditional.
type branch struct {
	of   any // *tableBox, *feel.Expr or *conditionalBox
	at   int // number of the rule, or offset of the "if"
	then bool
}

// Covered is one rule or branch and how often it was used.
type Covered struct {
	Pos                // in the model's XML: of the rule, or of the expression's text
	Kind        string `json:"kind"`                  // rule, then, else
	Element     string `json:"element"`               // decision or knowledge model
	Rule        int    `json:"rule,omitempty"`        // from 1
	ID          string `json:"id,omitempty"`          // of the rule
	Description string `json:"description,omitempty"` // of the rule: its own, or its conditions
	Condition   string `json:"condition,omitempty"`   // of a branch
	At          string `json:"at,omitempty"`          // of the "if", as line:column of the expression's text
	Times       int    `json:"times"`
}

// checkedConditional is a boxed conditional with where it stands.
type checkedConditional struct {
	u   *unit
	box *conditionalBox
	def *Conditional
}

// NewCoverage returns a coverage of the model in which nothing was used.
func NewCoverage(m *Model) *Coverage { return &Coverage{m: m, times: map[branch]int{}} }

// WithCoverage counts the rules and branches of the evaluation in c.
func WithCoverage(c *Coverage) Option {
	took := func(what any, at int, then bool) { c.times[branch{what, at, then}]++ }
	return func(o *options) { o.feel = append(o.feel, feel.WithBranches(took)) }
}

// List returns every rule and branch of the model and of those it imports, in
// the order of the text. A branch inside of a table's cell is one too.
func (c *Coverage) List() []Covered {
	var out []Covered
	for _, t := range c.m.tables {
		for i := range t.box.def.Rules {
			r := &t.box.def.Rules[i]
			out = append(out, Covered{Pos: r.Pos, Kind: "rule", Element: t.box.place.element, Rule: i + 1, ID: r.ID,
				Description: describeRule(r), Times: c.times[branch{t.box, i, true}]})
		}
	}
	for _, x := range c.m.exprs {
		walk(x.expr.AST(), func(n feel.Node) {
			if n, ok := n.(*feel.If); ok {
				at := x.expr.Place(n)
				c.both(&out, Covered{Pos: x.at, Element: x.element, Condition: n.Cond.String(), At: Pos{at.Line, at.Column}.String()}, branch{of: x.expr, at: n.Offset()})
			}
		})
	}
	for _, x := range c.m.conditionals {
		text := ""
		if l, ok := x.def.If.(*Literal); ok {
			text = l.Text
		}
		c.both(&out, Covered{Pos: x.def.Pos, Element: x.box.place.element, Condition: text}, branch{of: x.box})
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Pos, out[j].Pos
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return out
}

func (c *Coverage) both(out *[]Covered, x Covered, b branch) {
	x.Kind, b.then = "then", true
	x.Times = c.times[b]
	*out = append(*out, x)
	x.Kind, b.then = "else", false
	x.Times = c.times[b]
	*out = append(*out, x)
}

func describeRule(r *Rule) string {
	if r.Description != "" {
		return r.Description
	}
	parts := make([]string, len(r.Inputs))
	for i, in := range r.Inputs {
		parts[i] = strings.Join(strings.Fields(in.Text), " ")
	}
	return strings.Join(parts, " | ")
}
