package dmn

import (
	"fmt"
	"strings"
	"testing"
)

// checked returns the findings of a model with one table as lines of text.
func checked(t *testing.T, hit, inputs, rules string) string {
	t.Helper()
	d, err := Parse(strings.NewReader(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<itemDefinition name="Colour"><typeRef>string</typeRef><allowedValues><text>"red", "green"</text></allowedValues></itemDefinition>
<itemDefinition name="Age"><typeRef>number</typeRef><allowedValues><text>[0..130]</text></allowedValues></itemDefinition>
<inputData id="age" name="age"><variable name="age" typeRef="Age"/></inputData>
<inputData id="colour" name="colour"><variable name="colour" typeRef="Colour"/></inputData>
<inputData id="word" name="word"><variable name="word" typeRef="string"/></inputData>
<inputData id="day" name="day"><variable name="day" typeRef="date"/></inputData>
<inputData id="yes" name="yes"><variable name="yes" typeRef="boolean"/></inputData>
<decision id="d" name="d"><variable name="d"/>
<informationRequirement><requiredInput href="#age"/></informationRequirement>
<informationRequirement><requiredInput href="#colour"/></informationRequirement>
<informationRequirement><requiredInput href="#word"/></informationRequirement>
<informationRequirement><requiredInput href="#yes"/></informationRequirement>
<informationRequirement><requiredInput href="#day"/></informationRequirement>
<decisionTable hitPolicy="` + hit + `">` + inputs + `<output/>` + rules + `</decisionTable></decision></definitions>`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range Check(m) {
		if f.Kind == Unused {
			continue
		}
		line := string(f.Kind) + ": " + f.Msg
		for _, e := range f.Example {
			line += "; " + e.String()
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func input(expr string) string {
	return "<input><inputExpression><text>" + expr + "</text></inputExpression></input>"
}

// rule writes the conditions and a distinct output.
func rule(output string, conditions ...string) string {
	s := "<rule>"
	for _, c := range conditions {
		s += "<inputEntry><text>" + strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(c) + "</text></inputEntry>"
	}
	return s + "<outputEntry><text>" + output + "</text></outputEntry></rule>\n"
}

func TestCheckTables(t *testing.T) {
	for _, c := range []struct{ name, hit, inputs, rules, want string }{
		{"complete", "UNIQUE", input("age"), rule("1", "< 18") + rule("2", ">= 18"), ""},
		{"gap at a bound", "UNIQUE", input("age"), rule("1", "< 18") + rule("2", "> 18"), "gap: no rule matches; age = 18"},
		{"gap inside the allowed values only", "UNIQUE", input("age"), rule("1", "[0..10]") + rule("2", "[11..130]"), "gap: no rule matches; age = 10.5"},
		{"overlap", "UNIQUE", input("age"), rule("1", "<= 18") + rule("2", ">= 18"), "overlap: hit policy UNIQUE, but the rules 1 and 2 both match; age = 18"},
		{"same output may overlap", "ANY", input("age"), rule("1", "<= 18") + rule("1", ">= 18"), ""},
		{"first covers", "FIRST", input("age"), rule("1", "<= 18") + rule("2", "-") + rule("3", "> 100"), "unreachable: rule 3 never counts: a rule above it always matches too"},
		{"never", "UNIQUE", input("age"), rule("1", "-") + rule("2", "> 200"), "unreachable: rule 2 never matches"},
		{"lists may be empty", "COLLECT", input("age"), rule("1", "< 18"), ""},
		{"enumeration", "UNIQUE", input("colour"), rule("1", `"red"`), `gap: no rule matches; colour = "green"`},
		{"not in the enumeration", "UNIQUE", input("colour"), rule("1", `not("blue")`), `type: rule 1: "blue" is not among the allowed values of colour`},
		{"any other string", "UNIQUE", input("word"), rule("1", `"red"`) + rule("2", `"green"`), `gap: no rule matches; word = "other"`},
		{"boolean", "UNIQUE", input("yes"), rule("1", "true"), "gap: no rule matches; yes = false"},
		{"wrong kind", "UNIQUE", input("yes"), rule("1", `"true"`) + rule("2", "-"), "type: rule 1 compares with a string; the column yes is a boolean"},
		{"two columns", "UNIQUE", input("age") + input("yes"), rule("1", "< 18", "-") + rule("2", ">= 18", "true"), "gap: no rule matches; age = 18; yes = false"},
		{"another variable", "UNIQUE", input("age"), rule("1", "< string length(word)"), `not checked: gaps and overlaps are not checked: column age has the condition "< string length(word)"`},
		{"relation", "UNIQUE", input("string length(word)"), rule("1", "< age") + rule("2", "> age"), "gap: no rule matches; string length(word) = age"},
		{"dates", "UNIQUE", input("day"), rule("1", `< date("2025-01-01")`) + rule("2", `> @"2025-01-01"`), `gap: no rule matches; day = @"2025-01-01"`},
		{"days have nothing between them", "UNIQUE", input("day"), rule("1", `<= @"2024-12-31"`) + rule("2", `[@"2025-01-01"..@"2025-12-31"]`) + rule("3", `>= @"2026-01-01"`), ""},
		{"dates overlap", "UNIQUE", input("day"), rule("1", `<= @"2025-06-30"`) + rule("2", `>= @"2025-01-01"`), `overlap: hit policy UNIQUE, but the rules 1 and 2 both match; day = @"2025-01-01"`},
		{"unknown name", "UNIQUE", input("agee"), rule("1", "-"), `name: nothing defines "agee" in "agee"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := checked(t, c.hit, c.inputs, c.rules); strings.TrimSpace(got) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Types are followed through requirements, knowledge models and contexts.
func TestCheckTypes(t *testing.T) {
	const model = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<itemDefinition name="Person"><itemComponent name="full name"><typeRef>string</typeRef></itemComponent><itemComponent name="birth"><typeRef>date</typeRef></itemComponent></itemDefinition>
<inputData id="p" name="p"><variable name="p" typeRef="Person"/></inputData>
<inputData id="n" name="n"><variable name="n" typeRef="number"/></inputData>
<businessKnowledgeModel id="k" name="twice"><encapsulatedLogic><formalParameter name="x" typeRef="number"/><literalExpression typeRef="number"><text>2 * x</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<decision id="c" name="c"><variable name="c"/><informationRequirement><requiredInput href="#n"/></informationRequirement>
<context><contextEntry><variable name="half" typeRef="number"/><literalExpression><text>n / 2</text></literalExpression></contextEntry></context></decision>
<decision id="d" name="d"><variable name="d" typeRef="number"/>
<informationRequirement><requiredInput href="#p"/></informationRequirement><informationRequirement><requiredInput href="#n"/></informationRequirement>
<informationRequirement><requiredDecision href="#c"/></informationRequirement><knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>
<literalExpression><text>@@</text></literalExpression></decision></definitions>`
	for _, c := range []struct{ text, want string }{
		{"n + 1", ""},
		{"if p.full name = \"A\" then n else null", ""},
		{"c.half + twice(n)", ""},
		{"count([p.birth])", ""},
		{"[n]", ""}, // a list of one becomes its item
		{"p.full name", "the value is a string, not a number"},
		{"p.name", `p has no "name"`},
		{"c.double", `c has no "double"`},
		{"p.full name + n", `"+" does not work on a string and a number`},
		{"if p.birth > 2000 then 1 else 2", "p.birth > 2000 compares a date with a number"},
		{"if n then 1 else 2", "the condition n is a number"},
		{"if n > 1 and p.full name then 1 else 2", `"and" needs true or false, not a string`},
		{"string(twice(n))", "the value is a string, not a number"},
		{"if twice(n) = \"2\" then 1 else 2", `twice(n) = "2" compares a number with a string`},
	} {
		text := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(c.text)
		m := compileText(t, strings.Replace(model, "@@", text, 1))
		got := ""
		for _, f := range Check(m) {
			if f.Kind != Unused {
				got += f.Msg
			}
		}
		want := c.want
		if want != "" {
			want += fmt.Sprintf(" in %q", c.text)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", c.text, got, want)
		}
	}
}

// Every example of a gap or an overlap is true: evaluation shows the mistake.
func TestCheckExamplesAreTrue(t *testing.T) {
	d := `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<inputData id="a" name="a"><variable name="a" typeRef="number"/></inputData><inputData id="b" name="b"><variable name="b" typeRef="string"/></inputData>
<decision id="d" name="d"><variable name="d"/><informationRequirement><requiredInput href="#a"/></informationRequirement><informationRequirement><requiredInput href="#b"/></informationRequirement>
<decisionTable>` + input("a") + input("b") + `<output/>` +
		rule("1", "[1..5]", `"x"`) + rule("2", "(4..9)", `not("y")`) + rule("3", "< 2, > 8", "-") + `</decisionTable></decision></definitions>`
	m := compileText(t, d)
	kinds := map[FindingKind]int{}
	for _, f := range Check(m) {
		kinds[f.Kind]++
		in := "{"
		for i, e := range f.Example {
			if i > 0 {
				in += ", "
			}
			in += fmt.Sprintf("%s: %s", e.Column, e.Value)
		}
		res, err := m.Decide("d", val(t, in+"}"))
		if err != nil {
			t.Fatal(err)
		}
		want := "no rule matches"
		if f.Kind == Overlap {
			want = "match"
		}
		if !res.Value.IsNull() || len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0].Msg, want) {
			t.Errorf("%s: %s, %v", f, res.Value, res.Warnings)
		}
	}
	if kinds[Gap] == 0 || kinds[Overlap] != 3 {
		t.Errorf("found %v", kinds)
	}
}

// A sound model has no findings; one with a broken expression has that one.
func TestCheckModels(t *testing.T) {
	if f := Check(load(t, "allowance", "rates")); len(f) != 0 {
		t.Errorf("allowance: %v", f)
	}
	found := ""
	for _, f := range Check(load(t, "boxed")) {
		found += fmt.Sprintf("%d %s %s\n", f.Line, f.Kind, f.Element)
	}
	if want := "67 expression broken\n68 expression no logic\n"; found != want {
		t.Errorf("boxed: %s", found)
	}
}
