package dmn

import (
	"fmt"
	"strings"
	"testing"

	"passerelle/engine/feel"
)

// bigTable writes a model with one table of rules × columns; column 0 is a
// string, the others are numbers whose ranges tell the rules apart.
func bigTable(rules, columns int, hit HitPolicy) string {
	var b strings.Builder
	b.WriteString(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">`)
	for c := range columns {
		typ := "number"
		if c == 0 {
			typ = "string"
		}
		fmt.Fprintf(&b, `<inputData id="i%d" name="x%d"><variable name="x%d" typeRef="%s"/></inputData>`, c, c, c, typ)
	}
	b.WriteString(`<decision id="d" name="d"><variable name="d"/>`)
	for c := range columns {
		fmt.Fprintf(&b, `<informationRequirement><requiredInput href="#i%d"/></informationRequirement>`, c)
	}
	fmt.Fprintf(&b, `<decisionTable hitPolicy="%s">`, hit)
	for c := range columns {
		fmt.Fprintf(&b, `<input><inputExpression><text>x%d</text></inputExpression></input>`, c)
	}
	b.WriteString(`<output/>`)
	for r := range rules {
		b.WriteString(`<rule>`)
		for c := range columns {
			switch {
			case c == 0:
				fmt.Fprintf(&b, `<inputEntry><text>"%c"</text></inputEntry>`, 'a'+r%4)
			case c == 1:
				fmt.Fprintf(&b, `<inputEntry><text>[%d..%d)</text></inputEntry>`, r/4*10, r/4*10+10)
			default:
				fmt.Fprintf(&b, `<inputEntry><text>&gt;= %d</text></inputEntry>`, c)
			}
		}
		fmt.Fprintf(&b, `<outputEntry><text>%d</text></outputEntry></rule>`, r)
	}
	b.WriteString(`</decisionTable></decision></definitions>`)
	return b.String()
}

func compileText(t testing.TB, text string) *Model {
	t.Helper()
	d, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	return m
}

// benchTable evaluates a rule in the middle of the table.
func benchTable(b *testing.B, rules, columns int, opts ...Option) {
	m := compileText(b, bigTable(rules, columns, Unique))
	r := rules/2 + 1
	in := []feel.Entry{{Name: "x0", Value: feel.String(string(rune('a' + r%4)))}, {Name: "x1", Value: feel.Int(int64(r/4*10 + 3))}}
	for c := 2; c < columns; c++ {
		in = append(in, feel.Entry{Name: fmt.Sprintf("x%d", c), Value: feel.Int(100)})
	}
	inputs := feel.Context(in...)
	if res, err := m.Decide("d", inputs); err != nil || !res.Value.Equal(feel.Int(int64(r))) {
		b.Fatal(res, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Decide("d", inputs, opts...)
	}
}

func BenchmarkTable8x2(b *testing.B)        { benchTable(b, 8, 2) }
func BenchmarkTable200x6(b *testing.B)      { benchTable(b, 200, 6) }
func BenchmarkTable8x2Trace(b *testing.B)   { benchTable(b, 8, 2, WithTrace()) }
func BenchmarkTable200x6Trace(b *testing.B) { benchTable(b, 200, 6, WithTrace()) }

func BenchmarkTable8x2Rules(b *testing.B) { benchTable(b, 8, 2, WithRules()) }

func BenchmarkAllowance(b *testing.B) {
	m := load(b, "allowance", "rates")
	in := val(b, `{Household: {size: 3, monthly income: 1500, resident since: @"2020-01-01"}, Reference date: @"2025-06-01"}`)
	b.ReportAllocs()
	for b.Loop() {
		m.Decide("Allowance", in)
	}
}

func BenchmarkCompileAllowance(b *testing.B) {
	for b.Loop() {
		load(b, "allowance", "rates")
	}
}

// BenchmarkGraph12 evaluates a chain of twelve decisions, each of which needs
// the two before it.
func BenchmarkGraph12(b *testing.B)      { benchGraph(b) }
func BenchmarkGraph12Trace(b *testing.B) { benchGraph(b, WithTrace()) }
func BenchmarkGraph12Rules(b *testing.B) { benchGraph(b, WithRules()) }

func benchGraph(b *testing.B, opts ...Option) {
	var s strings.Builder
	s.WriteString(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n"><inputData id="d0" name="d0"><variable name="d0" typeRef="number"/></inputData>`)
	for i := 1; i <= 12; i++ {
		fmt.Fprintf(&s, `<decision id="d%d" name="d%d"><variable name="d%d" typeRef="number"/>`, i, i, i)
		text := "d0 + 1"
		if i == 1 {
			s.WriteString(`<informationRequirement><requiredInput href="#d0"/></informationRequirement>`)
		} else {
			fmt.Fprintf(&s, `<informationRequirement><requiredDecision href="#d%d"/></informationRequirement>`, i-1)
			text = fmt.Sprintf("d%d + 1", i-1)
			if i > 2 {
				fmt.Fprintf(&s, `<informationRequirement><requiredDecision href="#d%d"/></informationRequirement>`, i-2)
				text = fmt.Sprintf("if d%d &gt; 0 then d%d + 1 else d%d", i-2, i-1, i-2)
			}
		}
		fmt.Fprintf(&s, `<literalExpression><text>%s</text></literalExpression></decision>`, text)
	}
	s.WriteString(`</definitions>`)
	m := compileText(b, s.String())
	in := feel.Context(feel.Entry{Name: "d0", Value: feel.Int(1)})
	if res, _ := m.Decide("d12", in); !res.Value.Equal(feel.Int(13)) {
		b.Fatal(res)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Decide("d12", in, opts...)
	}
}

// BenchmarkRecursion calls a knowledge model 465 times.
func BenchmarkRecursion(b *testing.B) {
	m := compileText(b, `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<businessKnowledgeModel id="k" name="fib"><encapsulatedLogic><formalParameter name="n" typeRef="number"/><literalExpression><text>if n &lt; 2 then n else fib(n-1)+fib(n-2)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<decision name="d"><knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement><literalExpression><text>fib(12)</text></literalExpression></decision></definitions>`)
	b.ReportAllocs()
	for b.Loop() {
		m.Decide("d", feel.Null())
	}
}

// A table and a graph of literal decisions allocate nothing.
func TestTheHotPathAllocatesNothing(t *testing.T) {
	m := compileText(t, bigTable(200, 6, Unique))
	in := feel.Context(feel.Entry{Name: "x0", Value: feel.String("b")}, feel.Entry{Name: "x1", Value: feel.Int(3)}, feel.Entry{Name: "x2", Value: feel.Int(9)},
		feel.Entry{Name: "x3", Value: feel.Int(9)}, feel.Entry{Name: "x4", Value: feel.Int(9)}, feel.Entry{Name: "x5", Value: feel.Int(9)})
	if res, err := m.Decide("d", in); err != nil || !res.Value.Equal(feel.Int(1)) {
		t.Fatal(res, err)
	}
	if n := testing.AllocsPerRun(1000, func() { m.Decide("d", in) }); n >= 1 { // the collector may empty the pool once
		t.Errorf("a table allocates %v times", n)
	}
}
