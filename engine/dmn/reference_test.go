package dmn

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
	"testing"

	"passerelle/engine/feel"
	"passerelle/engine/internal/reference"
)

// plain evaluates expressions with the reference; what it cannot compare is
// noted in skip.
type plain struct{ skip string }

func (p *plain) eval(e *feel.Expr, s *feel.Scope) feel.Value {
	r := reference.Eval(e.AST(), s)
	if r.Skip != "" {
		p.skip = r.Skip
	}
	if strings.Contains(e.Source(), "now(") || strings.Contains(e.Source(), "today(") {
		p.skip = "the clock"
	}
	return r.Value
}

func (p *plain) literal(l *literalBox, s *feel.Scope) feel.Value {
	if l.expr == nil {
		return feel.Null()
	}
	v, _ := l.typ.Coerce(p.eval(l.expr, s))
	return v
}

func (p *plain) met(e *feel.Expr, v feel.Value, s *feel.Scope) bool {
	return reference.Agree(p.eval(e, s.With("?", v)), feel.Bool(true))
}

// table evaluates a decision table as chapter 8 of the standard tells it: every
// condition of every rule, every output of every rule that matches, then the hit
// policy. It returns the numbers of the rules that match, from 0.
func (p *plain) table(b *tableBox, s *feel.Scope) (feel.Value, []int) {
	var values []feel.Value
	for _, in := range b.inputs {
		v := p.literal(in.expr, s)
		if in.allowed != nil && !v.IsNull() && !p.met(in.allowed, v, s) {
			return feel.Null(), nil
		}
		values = append(values, v)
	}
	var hits []int
	var outputs []feel.Value // of the hits
	var ranks [][]int
	for i, rule := range b.rules {
		matches := true
		for j, v := range values {
			switch {
			case b.def.Rules[i].Inputs[j].Text == "-":
			case rule.tests[j] == nil:
				matches = false
			default:
				matches = p.met(rule.tests[j], v, s) && matches
			}
		}
		if !matches {
			continue
		}
		hits = append(hits, i)
		var cells []feel.Value
		var rank []int
		for j, l := range rule.outputs {
			o := &b.outputs[j]
			v := p.literal(l, s)
			if o.allowed != nil && !l.constant && !v.IsNull() && !p.met(o.allowed, v, s) {
				v = feel.Null()
			}
			at := slices.IndexFunc(o.order, func(w feel.Value) bool { return reference.Agree(v, w) })
			if at < 0 {
				at = len(o.order)
			}
			cells, rank = append(cells, v), append(rank, at)
		}
		outputs, ranks = append(outputs, b.row(cells)), append(ranks, rank)
	}
	return p.policy(b, s, outputs, ranks), hits
}

// row is one value, or a context of several.
func (b *tableBox) row(cells []feel.Value) feel.Value {
	if len(cells) == 1 {
		return cells[0]
	}
	var entries []feel.Entry
	for i, v := range cells {
		entries = append(entries, feel.Entry{Name: b.outputs[i].name, Value: v})
	}
	return feel.Context(entries...)
}

func (p *plain) policy(b *tableBox, s *feel.Scope, out []feel.Value, ranks [][]int) feel.Value {
	many := b.def.HitPolicy == RuleOrder || b.def.HitPolicy == OutputOrder || b.def.HitPolicy == Collect && b.def.Aggregation == ""
	if len(out) == 0 {
		if b.hasDefault() {
			var cells []feel.Value
			for _, o := range b.outputs {
				v := feel.Null()
				if o.standard != nil {
					v = p.literal(o.standard, s)
				}
				cells = append(cells, v)
			}
			out, ranks = []feel.Value{b.row(cells)}, [][]int{{0}}
			if !many {
				return out[0]
			}
			return feel.List(out...)
		}
		switch {
		case many:
			return feel.List()
		case b.def.Aggregation == Count:
			return feel.Int(0)
		}
		return feel.Null()
	}
	order := make([]int, len(out))
	for i := range order {
		order[i] = i
	}
	byRank := func(x, y int) int { return slices.Compare(ranks[x], ranks[y]) }
	switch b.def.HitPolicy {
	case Unique:
		if len(out) > 1 {
			return feel.Null()
		}
		return out[0]
	case First:
		return out[0]
	case Any:
		for _, v := range out {
			if !reference.Agree(v, out[0]) {
				return feel.Null()
			}
		}
		return out[0]
	case Priority:
		slices.SortStableFunc(order, byRank)
		return out[order[0]]
	case OutputOrder:
		slices.SortStableFunc(order, byRank)
		var sorted []feel.Value
		for _, i := range order {
			sorted = append(sorted, out[i])
		}
		return feel.List(sorted...)
	}
	if many {
		return feel.List(out...)
	}
	if b.def.Aggregation == Count {
		return feel.Int(int64(len(out)))
	}
	if len(b.outputs) > 1 {
		return feel.Null()
	}
	return p.eval(aggregates[strings.ToLower(string(b.def.Aggregation))], feel.NewScope(feel.Null()).With("values", feel.List(out...)))
}

// tableGenerator draws tables of all hit policies over inputs of all kinds.
type tableGenerator struct{ t *rapid.T }

func (g tableGenerator) n(max int) int            { return rapid.IntRange(0, max-1).Draw(g.t, "n") }
func (g tableGenerator) of(list ...string) string { return list[g.n(len(list))] }

var columnKinds = []string{"number", "string", "boolean", "date", "days and time duration", "Any"}

func (g tableGenerator) constant(kind string) string {
	switch kind {
	case "number":
		return g.of("0", "1", "2", "2.50", "-1", "1e3", "3", "12345678901234567890123456789012.5")
	case "string":
		return g.of(`"a"`, `"b"`, `"c"`, `""`)
	case "boolean":
		return g.of("true", "false")
	case "date":
		return g.of(`@"2024-01-01"`, `date("2024-02-29")`, `@"2023-12-31"`)
	case "days and time duration":
		return g.of(`@"P1D"`, `@"PT24H"`, `@"-PT1S"`)
	}
	return g.constant(columnKinds[g.n(5)])
}

func (g tableGenerator) cell(kind string, columns int) string {
	c := func() string {
		if g.n(6) == 0 {
			return fmt.Sprintf("x%d", g.n(columns))
		}
		return g.constant(kind)
	}
	switch g.n(10) {
	case 0, 1:
		return "-"
	case 2:
		return g.of("<", "<=", ">", ">=", "=", "!=") + " " + c()
	case 3, 4:
		return g.of("[", "(", "]") + c() + ".." + c() + g.of("]", ")", "[")
	case 5:
		return c() + ", " + g.of("> ", "<= ", "") + c()
	case 6:
		return "not(" + c() + ", " + g.of("< ", "") + c() + ")"
	case 7:
		return g.of("null", "? != null", "?", "? = "+c(), "? in ["+c()+", "+c()+"]", "["+c()+", "+c()+"]", "not(null)", "true", "1 / 0", "and", "? > x0 or ? < x0")
	}
	return c()
}

func (g tableGenerator) table() *DecisionTable {
	columns, outputs := 1+g.n(3), 1
	if g.n(4) == 0 {
		outputs = 2
	}
	t := &DecisionTable{HitPolicy: []HitPolicy{Unique, First, Any, Priority, OutputOrder, RuleOrder, Collect, Collect}[g.n(8)]}
	if t.HitPolicy == Collect {
		t.Aggregation = []Aggregation{"", Sum, Count, Min, Max}[g.n(5)]
	}
	var kinds []string
	for i := range columns {
		in := TableInput{Expr: &Literal{Text: fmt.Sprintf("x%d", i)}}
		kinds = append(kinds, columnKinds[g.n(len(columnKinds))])
		if g.n(8) == 0 {
			in.Expr.Text = g.of("x0", "if x0 = null then 1 else x0", "[x0][1]")
		}
		if g.n(8) == 0 {
			in.Values = &UnaryTests{Text: g.constant(kinds[i]) + ", " + g.constant(kinds[i]) + ", > " + g.constant(kinds[i])}
		}
		t.Inputs = append(t.Inputs, in)
	}
	kind := columnKinds[g.n(len(columnKinds))]
	for i := range outputs {
		o := TableOutput{Name: fmt.Sprintf("o%d", i)}
		if g.n(3) == 0 {
			o.TypeRef = kind
		}
		if t.HitPolicy == Priority || t.HitPolicy == OutputOrder || g.n(5) == 0 {
			o.Values = &UnaryTests{Text: g.constant(kind) + ", " + g.constant(kind) + ", " + g.constant(kind)}
		}
		if g.n(5) == 0 {
			o.Default = &Literal{Text: g.constant(kind)}
		}
		t.Outputs = append(t.Outputs, o)
	}
	rules := g.n(9)
	if g.n(10) == 0 {
		rules = 60 + g.n(80) // more than one word of the index
	}
	for range rules {
		r := Rule{}
		for _, k := range kinds {
			if g.n(10) == 0 {
				k = columnKinds[g.n(len(columnKinds))]
			}
			r.Inputs = append(r.Inputs, UnaryTests{Text: g.cell(k, columns)})
		}
		for range outputs {
			text := g.constant(kind)
			if g.n(4) == 0 {
				text = g.of("x0", "null", "[x0]", "x0 + 1", "if", g.constant("Any"))
			}
			r.Outputs = append(r.Outputs, &Literal{Text: text})
		}
		t.Rules = append(t.Rules, r)
	}
	return t
}

// Compiled tables, with their index and constants, and the plain way of reading
// a table give the same results, with and without a trace. More cases:
// -rapid.checks=100000.
func TestCompiledTablesAgreeWithTheReference(t *testing.T) {
	compared := map[string]int{}
	check := func(t *rapid.T) {
		g := tableGenerator{t}
		table := g.table()
		d := &Definitions{Name: "m", Namespace: "n", Decisions: []*Decision{{ID: "d", Name: "d", Logic: table, Variable: Variable{Name: "d"}}}}
		for i := range table.Inputs {
			name := fmt.Sprintf("x%d", i)
			d.Inputs = append(d.Inputs, &InputData{ID: name, Name: name, Variable: Variable{Name: name}})
			d.Decisions[0].Requires = append(d.Decisions[0].Requires, Requirement{Kind: RequiresInput, Href: "#" + name})
		}
		m, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		b := m.decision("d").logic.(*tableBox)
		for range 3 {
			var entries []feel.Entry
			for i := range table.Inputs {
				text := g.constant(columnKinds[g.n(len(columnKinds))])
				if g.n(8) == 0 {
					text = g.of("null", "[1, 2]", "{a: 1}", `@"12:00:00"`)
				}
				e, err := feel.Compile(text)
				if err != nil {
					t.Fatal(err)
				}
				v, _ := e.Eval(nil)
				entries = append(entries, feel.Entry{Name: fmt.Sprintf("x%d", i), Value: v})
			}
			in := feel.Context(entries...)
			p := &plain{}
			want, hits := p.table(b, feel.NewScope(in))
			res, err := m.Decide("d", in)
			if err != nil {
				t.Fatal(err)
			}
			if p.skip != "" {
				continue
			}
			compared[string(table.HitPolicy)+" "+string(table.Aggregation)]++
			if !reference.Agree(res.Value, want) {
				t.Fatalf("%s\n%s\ncompiled:  %s %v\nreference: %s, rules %v", showTable(table), in, res.Value, res.Warnings, want, hits)
			}
			traced, _ := m.Decide("d", in, WithTrace())
			if !reference.Agree(traced.Value, want) {
				t.Fatalf("%s\n%s\nwith trace: %s\nreference:  %s", showTable(table), in, traced.Value, want)
			}
			for i, rule := range traced.Trace.Find("d").Logic.Table.Rules {
				if rule.Matched != slices.Contains(hits, i) && (table.HitPolicy != First || len(hits) == 0 || i < hits[0]) {
					t.Fatalf("%s\n%s\nthe trace says that rule %d matches: %t; reference: %v", showTable(table), in, i+1, rule.Matched, hits)
				}
			}
		}
	}
	for range 30 { // 3,000 tables unless a flag says otherwise
		if rapid.Check(t, check); t.Failed() {
			return
		}
	}
	t.Log(compared)
}

func showTable(t *DecisionTable) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.HitPolicy, t.Aggregation)
	for _, in := range t.Inputs {
		fmt.Fprint(&b, in.Expr.Text)
		if in.Values != nil {
			fmt.Fprint(&b, " {", in.Values.Text, "}")
		}
		fmt.Fprint(&b, " | ")
	}
	for _, o := range t.Outputs {
		fmt.Fprint(&b, o.Name, " ", o.TypeRef)
		if o.Values != nil {
			fmt.Fprint(&b, " {", o.Values.Text, "}")
		}
		if o.Default != nil {
			fmt.Fprint(&b, " default ", o.Default.Text)
		}
		fmt.Fprint(&b, " | ")
	}
	for _, r := range t.Rules {
		fmt.Fprintln(&b)
		for _, c := range r.Inputs {
			fmt.Fprint(&b, c.Text, " | ")
		}
		for _, o := range r.Outputs {
			fmt.Fprint(&b, o.Text, " | ")
		}
	}
	return b.String()
}
