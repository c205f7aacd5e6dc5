package pack

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
)

// Account is everything the rules computed on the way to a decision, so that it
// can be followed by hand.
type Account struct {
	Steps      []Computed // every decision of decision.dmn that was made, what others need first
	Parameters []InForce  // the legal values that the rules name
}

// Computed is one decision of the model.
type Computed struct {
	Name   string // in the reader's language, or as the model says it
	Own    bool   // Name is the package's text; otherwise it is the model's own name
	About  string // what the model says of it, "" for nothing; in the model's language
	Value  string // as a person reads it; "" for a set of values, whose names are the model's
	Unit   string // as in parameters.yaml, "" where the package tells none
	Raw    feel.Value
	Expr   string      // the rule itself as FEEL, "" for a table
	Rounds []string    // the roundings that the rule names, as FEEL
	Rules  []FiredRule // of a table: the rules whose outputs count
}

// FiredRule is a rule of a table that counted.
type FiredRule struct {
	Number int    // from 1
	Text   string // its conditions, as FEEL
	Source string // its annotations: article and source
}

// InForce is a legal value as it was in force.
type InForce struct {
	ID     string
	Label  string
	Value  string // with unit; a list item by item
	From   time.Time
	To     time.Time // zero: open
	Status Status
	Legal  *LegalRef
	Source string
	Note   string
}

// Account tells all that d rests on. d is a decision that Decide returned, or one
// that was stored; nothing is computed anew.
func (p *Package) Account(loc *i18n.Locale, d Decision) Account {
	var a Account
	byName := map[string]dmn.Decision{}
	for _, x := range p.definitions.Decisions {
		byName[x.Name] = *x
	}
	for _, name := range p.inOrder(byName) {
		v, made := d.Values[name]
		if !made {
			continue
		}
		x := byName[name]
		c := Computed{Name: name, About: strings.TrimSpace(x.Description), Raw: v, Value: showAny(loc, v)}
		if c.Unit = p.unitOf(name); c.Unit != "" {
			c.Value = showUnit(loc, v, c.Unit)
		} else if v.Kind() == feel.KindContext {
			c.Value = ""
		}
		if key := "decisions." + name; p.Has(key) {
			c.Name, c.Own = p.T(loc.Lang(), key), true
		}
		switch logic := x.Logic.(type) {
		case *dmn.DecisionTable:
			c.Rules = firedRules(logic, d.Rules[name])
		case *dmn.Literal:
			c.Expr = strings.TrimSpace(logic.Text)
		}
		c.Rounds = roundingsIn(strings.Join(formulas(x.Logic), "\n"))
		a.Steps = append(a.Steps, c)
	}
	for _, u := range d.Parameters {
		x, ok := p.Parameters.Get(u.ID)
		if !ok {
			continue
		}
		v, ok := x.At(u.From)
		if !ok {
			continue
		}
		f := InForce{ID: u.ID, Label: p.T(loc.Lang(), "parameters."+u.ID), Value: showParameter(loc, v.Value, x.Unit), From: v.From, To: v.To, Status: v.Status, Source: v.Source, Note: v.Note}
		if ref, ok := p.Legal(loc.Lang(), v.Legal); ok {
			f.Legal = &ref
		}
		a.Parameters = append(a.Parameters, f)
	}
	return a
}

// inOrder lists the decisions so that what one requires stands before it.
func (p *Package) inOrder(byName map[string]dmn.Decision) []string {
	byID := map[string]string{}
	for name, x := range byName {
		byID[x.ID] = name
	}
	var out []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, r := range byName[name].Requires {
			if _, id, _ := strings.Cut(r.Href, "#"); r.Kind == dmn.RequiresDecision && byID[id] != "" {
				visit(byID[id])
			}
		}
		out = append(out, name)
	}
	for _, name := range p.decisions {
		visit(name)
	}
	return out
}

func firedRules(t *dmn.DecisionTable, ids []string) []FiredRule {
	var out []FiredRule
	for i, r := range t.Rules {
		hit := false
		for _, id := range ids {
			hit = hit || id == r.ID && id != "" || id == strconv.Itoa(i+1)
		}
		if !hit {
			continue
		}
		f := FiredRule{Number: i + 1, Source: strings.Join(r.Annotations, "; ")}
		var parts []string
		for j, in := range r.Inputs {
			if text := strings.TrimSpace(in.Text); text != "-" && text != "" && j < len(t.Inputs) {
				label := t.Inputs[j].Label
				if label == "" {
					label = t.Inputs[j].Expr.Text
				}
				parts = append(parts, label+": "+text)
			}
		}
		f.Text = strings.Join(parts, "; ")
		out = append(out, f)
	}
	return out
}

// roundingsIn lists the rounding functions that a rule names, each once, in the
// order in which they stand in it.
func roundingsIn(expr string) []string {
	var out []string
	for _, how := range roundings {
		if at := called(expr, how); at >= 0 {
			out = append(out, how)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return called(expr, a) - called(expr, b) })
	return out
}

// called is where a function is called first, -1 for nowhere.
func called(expr, function string) int {
	for at := 0; ; {
		i := strings.Index(expr[at:], function)
		if i < 0 {
			return -1
		}
		if rest := strings.TrimLeft(expr[at+i+len(function):], " \t\n"); strings.HasPrefix(rest, "(") {
			return at + i
		}
		at += i + len(function)
	}
}

// unitOf is the unit of a decision's value: that in which explanation.yaml tells
// it, "" where it does not.
func (p *Package) unitOf(decision string) string {
	for _, r := range p.Explanation.rows {
		if r.text == decision {
			return r.unit
		}
	}
	for _, n := range p.Explanation.nearest {
		if n.decision == decision || slices.Contains(n.with, decision) {
			return n.unit
		}
	}
	return ""
}

// showAny writes any value for somebody who follows a computation.
func showAny(loc *i18n.Locale, v feel.Value) string {
	switch v.Kind() {
	case feel.KindNull:
		return loc.T("pack.noValue")
	case feel.KindList:
		items := v.Items()
		if len(items) == 0 {
			return "–"
		}
		parts := make([]string, len(items))
		for i, item := range items {
			if parts[i] = "–"; !item.IsNull() {
				parts[i] = showAny(loc, item)
			}
		}
		return strings.Join(parts, "; ")
	case feel.KindContext:
		var parts []string
		for _, e := range v.Entries() {
			if !e.Value.IsNull() {
				parts = append(parts, e.Name+": "+showAny(loc, e.Value))
			}
		}
		return strings.Join(parts, ", ")
	}
	return show(loc, v, "")
}

func showParameter(loc *i18n.Locale, v feel.Value, unit string) string {
	switch v.Kind() {
	case feel.KindList:
	case feel.KindContext: // the names are the designer's own
		var parts []string
		for _, e := range v.Entries() {
			parts = append(parts, e.Name+": "+showUnit(loc, e.Value, unit))
		}
		return strings.Join(parts, "; ")
	default:
		return showUnit(loc, v, unit)
	}
	parts := make([]string, len(v.Items()))
	for i, item := range v.Items() {
		parts[i] = showUnit(loc, item, unit)
	}
	return strings.Join(parts, "; ")
}

// formulas are the FEEL texts of an expression.
func formulas(x dmn.Expression) []string {
	var all []string
	each := func(list ...dmn.Expression) {
		for _, one := range list {
			all = append(all, formulas(one)...)
		}
	}
	switch x := x.(type) {
	case *dmn.Literal:
		all = append(all, x.Text)
	case *dmn.DecisionTable:
		for _, in := range x.Inputs {
			each(in.Expr)
		}
		for _, r := range x.Rules {
			for _, out := range r.Outputs {
				each(out)
			}
		}
	case *dmn.Context:
		for _, e := range x.Entries {
			each(e.Value)
		}
	case *dmn.Conditional:
		each(x.If, x.Then, x.Else)
	case *dmn.FunctionDefinition:
		each(x.Body)
	case *dmn.Filter:
		each(x.In, x.Match)
	case *dmn.Iteration:
		each(x.In, x.Each)
	case *dmn.List:
		each(x.Items...)
	case *dmn.Relation:
		for _, row := range x.Rows {
			each(row...)
		}
	case *dmn.Invocation:
		each(x.Callee)
		for _, b := range x.Bindings {
			each(b.Value)
		}
	}
	return all
}
