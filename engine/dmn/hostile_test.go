package dmn

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"passerelle/engine/feel"
)

const head = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">`

// XML that is refused before it costs anything, with its place.
func TestHostileXMLIsRefusedWithItsPlace(t *testing.T) {
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	for _, c := range []struct{ name, text, want string }{
		{"entities", "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n" + head + "&b;</definitions>", "dmn: 2:1: document type declarations are not allowed"},
		{"an external entity", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + head + "</definitions>", "dmn: 1:1: document type declarations are not allowed"},
		{"an entity without declaration", head + "\n&laugh;</definitions>", "dmn: 2:8: invalid character entity &laugh;"},
		{"deep XML", head + deep("<context>", "</context>", 5000) + "</definitions>", "dmn: 1:1881: elements are nested deeper than 200"},
		{"deep lists", head + `<decision name="d">` + deep("<list>", "</list>", 5000) + "</decision></definitions>", "dmn: 1:1297: elements are nested deeper than 200"},
		{"many elements", head + strings.Repeat("<x/>", 600_000) + "</definitions>", "dmn: 1:2000086: the model has more than 500000 elements"},
		{"another encoding", `<?xml version="1.0" encoding="UTF-16"?>` + head + "</definitions>", `dmn: 1:40: xml: opening charset "UTF-16": encoding "UTF-16" is not supported, only UTF-8`},
		{"no end", head + "<decision", "dmn: 1:99: unexpected EOF"},
	} {
		_, err := Parse(strings.NewReader(c.text))
		var pe *ParseError
		if !errors.As(err, &pe) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Models that ask for more than there is. All their expressions together have
// the steps of one evaluation.
func TestHostileModelsEndWithTheirPlace(t *testing.T) {
	decision := func(name, requires, logic string) string {
		return `<decision id="` + name + `" name="` + name + `">` + requires + logic + `</decision>`
	}
	literal := func(text string) string {
		return "<literalExpression><text>" + text + "</text></literalExpression>"
	}
	loop := func(in, each string) string {
		return `<for iteratorVariable="i"><in>` + in + `</in><return>` + each + `</return></for>`
	}
	var many strings.Builder // each decision is within the limits, all of them are not
	requires := ""
	for i := range 100 {
		many.WriteString(decision(fmt.Sprintf("d%d", i), "", literal("count(for i in 1..100000 return i)")) + "\n")
		requires += fmt.Sprintf(`<informationRequirement><requiredDecision href="#d%d"/></informationRequirement>`, i)
	}
	knowledge := `<businessKnowledgeModel id="k" name="k"><encapsulatedLogic><formalParameter name="n"/>%s</encapsulatedLogic><knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement></businessKnowledgeModel>`
	useK := `<knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>`
	for _, c := range []struct{ name, text, want string }{
		{"many decisions", many.String() + decision("d", requires, literal("1")), "d4: 6:48: 1:6: the evaluation takes too many steps"},
		{"boxed loops in loops", decision("d", "", loop(literal("[1..1000]"), loop(literal("[1..1000]"), loop(literal("[1..1000]"), literal("i"))))), "the evaluation takes too many steps"},
		{"a boxed loop over long work", decision("d", "", loop(literal("for i in 1..100000 return i"), literal("count(for j in 1..1000 return j)"))), "the evaluation takes too many steps"},
		{"recursion", fmt.Sprintf(knowledge, literal("k(n + 1)")) + decision("d", useK, literal("k(1)")), "functions call each other too deep"},
		{"recursion through deep expressions", fmt.Sprintf(knowledge, literal(strings.Repeat("(", 150)+"k(n + 1)"+strings.Repeat(")", 150))) + decision("d", useK, literal("k(1)")), "functions call each other too deep"},
		{"recursion that doubles", fmt.Sprintf(knowledge, literal("if n = 0 then 1 else k(n - 1) + k(n - 1)")) + decision("d", useK, literal("k(100)")), "the evaluation takes too many steps"},
		{"work inside of functions", fmt.Sprintf(knowledge, "<context>"+strings.Repeat("<contextEntry>"+literal("count(for j in 1..10000 return j)")+"</contextEntry>", 1)+"</context>") + decision("d", useK, literal("for i in 1..100000 return k(i)")), "the evaluation takes too many steps"},
		{"loops inside of functions", fmt.Sprintf(knowledge, loop(literal("[1..10000]"), literal("i"))) + decision("d", useK, literal("for i in 1..100000 return k(i)")), "the evaluation takes too many steps"},
		{"costly allowed values", `<itemDefinition name="t" isCollection="true"><typeRef>number</typeRef><allowedValues><text>count(for i in 1..10000 return i) &gt; 0</text></allowedValues></itemDefinition>` +
			`<decision id="d" name="d"><variable name="d" typeRef="t"/>` + literal("for i in 1..100000 return i") + `</decision>`, "the evaluation takes too many steps"},
		{"a table of costly conditions", decision("d", "", "<decisionTable><input><inputExpression><text>1</text></inputExpression></input><output/>"+
			strings.Repeat("<rule><inputEntry><text>? = count(for i in 1..10000 return i)</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>", 500)+"</decisionTable>"), "the evaluation takes too many steps"},
	} {
		m := compileHostile(t, c.name, head+"\n"+c.text+"</definitions>")
		if m == nil {
			continue
		}
		for _, opts := range [][]Option{{WithMaxSteps(1_000_000)}, {WithMaxSteps(1_000_000), WithTrace()}} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			late := time.AfterFunc(time.Minute, func() { panic("takes too long: " + c.name) })
			res, err := m.Decide("d", feel.Null(), opts...)
			late.Stop()
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(c.name, err)
			}
			most := uint64(400) // MB for a million steps, most of it given back at once; a trace keeps more
			if len(opts) > 1 {
				most = 1500
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > most {
				t.Errorf("%s takes %d MB", c.name, mb)
			}
			found := ""
			for _, w := range res.Warnings {
				if w.Limit {
					found = w.String()
					break
				}
			}
			if !strings.HasSuffix(found, c.want) || found == "" {
				t.Errorf("%s: %q, want %q", c.name, found, c.want)
			}
		}
	}
}

func compileHostile(t *testing.T, name, text string) *Model {
	t.Helper()
	d, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Error(name, err)
		return nil
	}
	m, err := Compile(d)
	if err != nil {
		t.Error(name, err)
		return nil
	}
	return m
}

// Long chains and circles of everything that can refer to something.
func TestLongChainsAndCircles(t *testing.T) {
	var chain strings.Builder
	chain.WriteString(head)
	const n = 60_000
	for i := range n {
		fmt.Fprintf(&chain, `<decision id="d%d" name="d%d">`, i, i)
		if i > 0 {
			fmt.Fprintf(&chain, `<informationRequirement><requiredDecision href="#d%d"/></informationRequirement>`, i-1)
		}
		chain.WriteString(`<literalExpression><text>1</text></literalExpression></decision>`)
	}
	chain.WriteString("</definitions>")
	m := compileHostile(t, "a chain", chain.String())
	if res, err := m.Decide(fmt.Sprintf("d%d", n-1), feel.Null()); err != nil || !res.Value.Equal(feel.Int(1)) {
		t.Error("a chain of decisions:", res.Value, err)
	}
	types := head + `<itemDefinition name="a"><itemComponent name="x"><typeRef>b</typeRef></itemComponent><itemComponent name="y"><typeRef>b</typeRef></itemComponent></itemDefinition>
<itemDefinition name="b"><itemComponent name="x"><typeRef>a</typeRef></itemComponent><itemComponent name="y"><typeRef>a</typeRef></itemComponent></itemDefinition>
<itemDefinition name="c"><typeRef>c</typeRef></itemDefinition>
<itemDefinition name="f"><functionItem outputTypeRef="a"><parameters name="p" typeRef="b"/></functionItem></itemDefinition>
<decision id="d" name="d"><literalExpression><text>[(function(p: a) p) instance of function&lt;b&gt; -&gt; a, {x: {x: null, y: null}, y: null} instance of a, 1 instance of c]</text></literalExpression></decision></definitions>`
	d, err := Parse(strings.NewReader(types))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := Compile(d); err == nil {
		m.Decide("d", feel.Null())
	}
	circle := head + "\n" + `<decision id="a" name="a"><informationRequirement><requiredDecision href="#b"/></informationRequirement></decision>` + "\n" +
		`<decision id="b" name="b"><informationRequirement><requiredDecision href="#a"/></informationRequirement></decision></definitions>`
	if d, err = Parse(strings.NewReader(circle)); err != nil {
		t.Fatal(err)
	}
	var ce *CompileError
	if _, err := Compile(d); !errors.As(err, &ce) || ce.Problems[0].Line < 2 {
		t.Error("a circle of decisions:", err)
	}
}
