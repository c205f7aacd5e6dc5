package dmn

import (
	"fmt"
	"sort"

	"passerelle/engine/feel"
)

// Severity says how bad a finding is.
type Severity string

// The severities. An error makes some evaluation null; a warning may be meant.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note" // something could not be checked
)

// FindingKind tells what was found.
type FindingKind string

// The kinds of findings.
const (
	BadExpression FindingKind = "expression"  // a Problem of the model
	UnknownName   FindingKind = "name"        // nothing defines it
	BadType       FindingKind = "type"        // a value or condition that its type excludes
	Gap           FindingKind = "gap"         // no rule for an input
	Overlap       FindingKind = "overlap"     // rules that contradict each other for an input
	Unreachable   FindingKind = "unreachable" // a rule that never counts
	Unused        FindingKind = "unused"      // a requirement or input that nothing uses
	NotChecked    FindingKind = "not checked"
)

// Finding is one result of Check.
type Finding struct {
	Pos
	Kind     FindingKind `json:"kind"`
	Severity Severity    `json:"severity"`
	Model    string      `json:"model"`
	Element  string      `json:"element"`
	Msg      string      `json:"message"`
	Rules    []int       `json:"rules,omitempty"`   // of a table, from 1
	Example  []Example   `json:"example,omitempty"` // an input that shows it
}

func (f Finding) String() string {
	s := fmt.Sprintf("%s %s: %s: %s", f.Model, f.Pos, f.Element, f.Msg)
	for i, e := range f.Example {
		sep := ", "
		if i == 0 {
			sep = "; for example "
		}
		s += sep + e.String()
	}
	return s
}

// Example is the value of one input column. When the column compares with
// another variable, Value is null and Text says how they relate.
type Example struct {
	Column string     `json:"column"`
	Value  feel.Value `json:"value"`
	Text   string     `json:"text"` // such as "17" or "> Income limit"
}

func (e Example) String() string {
	if e.Value.IsNull() {
		return e.Column + " " + e.Text
	}
	return e.Column + " = " + e.Text
}

// Check looks for mistakes that evaluation would show only for some input:
// expressions that do not compile, names and entries that nothing defines,
// operations and results that the declared types exclude (types are followed
// through the whole requirement graph, as far as they are declared),
// requirements that are not used, and in decision tables whose conditions
// compare with constants (or all with one other variable) gaps, overlaps and
// rules that never count. The findings come in the order of the text. No
// finding means that none of these was found, not that the rules are right.
func Check(m *Model) []Finding {
	c := &checker{m: m}
	for _, p := range m.problems {
		c.out = append(c.out, Finding{Pos: p.Pos, Kind: BadExpression, Severity: SeverityError, Model: p.Model, Element: p.Element, Msg: p.Msg})
	}
	for _, u := range m.unknown {
		c.add(u.u, u.at, u.element, UnknownName, SeverityError, fmt.Sprintf("nothing defines %q in %q", u.name, u.text))
	}
	for _, u := range m.units {
		c.requirements(u)
	}
	c.types()
	for _, t := range m.tables {
		if c.constants(t) {
			c.table(t)
		}
	}
	sort.SliceStable(c.out, func(i, j int) bool {
		a, b := c.out[i], c.out[j]
		if a.Model != b.Model {
			return false
		}
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return c.out
}

type checker struct {
	m   *Model
	out []Finding
}

func (c *checker) add(u *unit, at Pos, element string, kind FindingKind, sev Severity, msg string) {
	c.out = append(c.out, Finding{Pos: at, Kind: kind, Severity: sev, Model: u.defs.Name, Element: element, Msg: msg})
}

// requirements finds what is required and not used, and inputs that nothing
// requires.
func (c *checker) requirements(u *unit) {
	required := map[node]bool{}
	for _, v := range c.m.units {
		for _, n := range v.nodes {
			switch n := n.(type) {
			case *decisionNode:
				for _, q := range n.reqs {
					required[q.node] = true
				}
			case *serviceNode:
				for _, q := range n.inputs {
					required[q] = true
				}
			}
		}
	}
	for _, n := range u.nodes {
		switch n := n.(type) {
		case *inputNode:
			if !required[n] {
				c.add(u, n.at, n.label, Unused, SeverityWarning, "no decision requires this input")
			}
		case *decisionNode:
			if n.logic == nil {
				if !c.givenToService(n) {
					c.add(u, n.at, n.label, BadExpression, SeverityError, "the decision has no logic")
				}
				continue
			}
			c.unused(u, &n.nodeInfo, n.reqs, n.used)
		case *knowledgeNode:
			c.unused(u, &n.nodeInfo, n.reqs, n.used)
		}
	}
}

func (c *checker) unused(u *unit, n *nodeInfo, reqs []requirement, used map[string]bool) {
	for _, q := range reqs {
		name := q.name
		if q.prefix != "" {
			name = q.prefix
		}
		if !uses(used, name) {
			c.add(u, n.at, n.label, Unused, SeverityWarning, fmt.Sprintf("%q is required and not used", q.name))
		}
	}
}

func (c *checker) givenToService(d *decisionNode) bool {
	for _, u := range c.m.units {
		for _, n := range u.nodes {
			if s, ok := n.(*serviceNode); ok {
				for _, q := range s.inputs {
					if q == node(d) {
						return true
					}
				}
			}
		}
	}
	return false
}

// constants finds constants of a table that do not fit their column. It returns
// false when a condition can never hold for that reason: the rest of the table
// then says little.
func (c *checker) constants(t checkedTable) bool {
	b := t.box
	sound := true
	for i := range b.rules {
		for j := range b.inputs {
			e := b.rules[i].tests[j]
			typ := b.inputs[j].typ
			if e == nil || typ == nil {
				continue
			}
			cond, ok := condOf(e)
			if !ok {
				continue
			}
			if want, ok := kindOf(typ); ok && want != cond.kind {
				c.add(t.u, b.def.Rules[i].Inputs[j].Pos, b.place.element, BadType, SeverityError,
					fmt.Sprintf("rule %d compares with a %s; the column %s is a %s", i+1, cond.kind, b.column(j), want))
				sound = false
				continue
			}
			c.excluded(t, i, j, cond)
		}
		for j, l := range b.rules[i].outputs {
			if l.expr == nil || l.typ == nil {
				continue
			}
			if v, ok := constantNode(l.expr.AST()); ok {
				if _, fits := l.typ.Coerce(v); !fits {
					c.add(t.u, l.place.at, b.place.element, BadType, SeverityError, fmt.Sprintf("rule %d: %s is not of type %s", i+1, v, l.typ))
				} else if o := &b.outputs[j]; o.allowed != nil && !v.IsNull() {
					if ok, _ := o.allowed.Test(v, nil); !ok {
						c.add(t.u, l.place.at, b.place.element, BadType, SeverityError, fmt.Sprintf("rule %d: %s is not among the output values %s", i+1, v, o.allowed.Source()))
					}
				}
			}
		}
	}
	return sound
}

// excluded finds constants that an enumeration does not list.
func (c *checker) excluded(t checkedTable, rule, column int, cond cond) {
	if cond.kind != feel.KindString {
		return
	}
	values := t.box.inputs[column].enumeration()
	if values == nil {
		return
	}
	for _, a := range cond.atoms {
		listed := false
		for _, v := range values {
			listed = listed || v.Equal(a.low)
		}
		if !listed {
			c.add(t.u, t.box.def.Rules[rule].Inputs[column].Pos, t.box.place.element, BadType, SeverityError,
				fmt.Sprintf("rule %d: %s is not among the allowed values of %s", rule+1, a.low, t.box.column(column)))
		}
	}
}

// enumeration returns the strings that an input can be, nil when it can be any.
func (in *tableInput) enumeration() []feel.Value {
	for _, e := range in.constraints() {
		u, ok := e.AST().(*feel.UnaryTests)
		values := orderOf(e)
		if ok && len(values) > 0 && len(values) == len(u.Tests) {
			return values
		}
	}
	return nil
}

// constraints returns the tests that limit an input's values.
func (in *tableInput) constraints() []*feel.Expr {
	var out []*feel.Expr
	if in.allowed != nil {
		out = append(out, in.allowed)
	}
	if in.typ != nil && in.typ.Allowed != nil {
		out = append(out, in.typ.Allowed)
	}
	return out
}

// kindOf returns the kind of a simple type.
func kindOf(t *feel.Type) (feel.Kind, bool) {
	switch t.Kind {
	case feel.TypeNumber:
		return feel.KindNumber, true
	case feel.TypeString:
		return feel.KindString, true
	case feel.TypeBoolean:
		return feel.KindBoolean, true
	case feel.TypeDate:
		return feel.KindDate, true
	}
	return 0, false
}

// column names an input column: its label, else its expression.
func (b *tableBox) column(j int) string {
	if l := b.def.Inputs[j].Label; l != "" {
		return l
	}
	return b.def.Inputs[j].Expr.Text
}
