package dmn

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"passerelle/engine/feel"
)

// The index must agree with evaluating every condition: random tables of conditions that the index knows and such that it does
// not, asked with values of every kind.
func TestIndexAgreesWithConditions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	conditions := []string{"-", "-", "1", "3", "-2", "1, 3", "not(3)", "not(1, 2)", "< 2", "<= 2", "> 2", ">= -1.5", "[1..3]", "(1..3)", "]1..3]", "[1..3[",
		"< 1, > 3", "not([1..2], 4)", `"a"`, `"a", "b"`, `not("a")`, `not("a", "b")`, "true", "false", "not(true)", `1, "a"`, "null", "? = 2", "? != null",
		"x1", "< x1", "[x1..3]", "= 2", `string length(?) > 0`, "1.0", "[3..1]",
		`@"2025-01-01"`, `< date("2025-01-01")`, `>= @"2025-01-01"`, `[@"2024-12-31"..date("2025-06-30")]`, `not(@"2025-01-01")`, `> @"2025-01-01T10:00:00"`}
	values := []string{"-2", "-1.5", "0", "1", "1.00", "1.5", "2", "3", "3.5", "4", `"a"`, `"b"`, `"c"`, `""`, "true", "false", "null", "[1, 2]", "[1]", `@"2025-01-01"`, `@"2024-12-31"`, `@"2025-06-30"`, `@"2030-01-01"`, `@"1960-05-05"`, `@"2025-01-01T11:00:00"`, "{x: 1}"}
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	for round := range 150 {
		rules := 1 + rnd.IntN(90)
		var b strings.Builder
		b.WriteString(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<inputData id="i0" name="x0"/><inputData id="i1" name="x1"/>
<decision name="d"><informationRequirement><requiredInput href="#i0"/></informationRequirement><informationRequirement><requiredInput href="#i1"/></informationRequirement>
<decisionTable hitPolicy="RULE ORDER"><input><inputExpression><text>x0</text></inputExpression></input><input><inputExpression><text>x1</text></inputExpression></input><output/>`)
		escape := strings.NewReplacer("<", "&lt;", ">", "&gt;")
		for r := range rules {
			fmt.Fprintf(&b, "<rule><inputEntry><text>%s</text></inputEntry><inputEntry><text>%s</text></inputEntry><outputEntry><text>%d</text></outputEntry></rule>\n",
				escape.Replace(pick(conditions)), escape.Replace(pick(conditions)), r)
		}
		b.WriteString("</decisionTable></decision></definitions>")
		m := compileText(t, b.String())
		for range 20 {
			in := fmt.Sprintf("{x0: %s, x1: %s}", pick(values), pick(values))
			fast, err := m.Decide("d", val(t, in))
			if err != nil {
				t.Fatal(err)
			}
			slow := matchSlowly(t, m, val(t, in))
			if !fast.Value.Equal(slow) {
				t.Fatalf("round %d, %s: the index finds %s, the conditions %s\n%s", round, in, fast.Value, slow, b.String())
			}
			traced, err := m.Decide("d", val(t, in), WithTrace())
			if err != nil || !traced.Value.Equal(slow) {
				t.Fatalf("round %d, %s: the trace finds %s, the conditions %s (%v)", round, in, traced.Value, slow, err)
			}
		}
	}
}

// matchSlowly lists the numbers of the matching rules of table "d", every
// condition being evaluated by itself.
func matchSlowly(t *testing.T, m *Model, inputs feel.Value) feel.Value {
	t.Helper()
	table := m.decision("d").logic.(*tableBox)
	r := newRun(m, nil, nil)
	scope := feel.NewScope(inputs)
	out := []feel.Value{}
	for i := range table.rules {
		all := true
		for j, name := range []string{"x0", "x1"} {
			v, _ := inputs.Get(name)
			met, ok := table.test(r, scope, i, j, v)
			all = all && met && ok
		}
		if all {
			out = append(out, feel.Int(int64(i)))
		}
	}
	return feel.List(out...)
}

func TestTrace(t *testing.T) {
	m := load(t, "allowance", "rates")
	res, err := m.Decide("Allowance", val(t, `{Household: {size: 3, monthly income: 1500, resident since: @"2020-01-01"}, Reference date: @"2025-06-01"}`), WithTrace())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range res.Trace.Steps {
		order = append(order, s.Name)
	}
	if got := strings.Join(order, ", "); got != "Is resident, Income limit, Outcome, Allowance" {
		t.Errorf("order of evaluation: %s", got)
	}
	limit := res.Trace.Find("Income limit")
	if len(limit.Calls) != 1 || limit.Calls[0].Name != "Round to cent" || !limit.Calls[0].Inputs[0].Value.Equal(feel.MustNumber("3600.005")) {
		t.Errorf("calls of the limit: %+v", limit.Calls)
	}
	table := res.Trace.Find("Outcome").Logic.Table
	if got := fmt.Sprint(table.Inputs[1].Label, " ", table.Inputs[1].Value); got != "Monthly income 1500" {
		t.Error(got)
	}
	var states []string
	for _, r := range table.Rules {
		for _, c := range r.Cells {
			states = append(states, string(c.State))
		}
	}
	if got := strings.Join(states, ", "); got != "met, met, met, not met, not met, irrelevant" {
		t.Error(got)
	}
	if u := table.Rules[0].Cells[1].Uses; len(u) != 1 || u[0].Name != "Income limit" || !u[0].Value.Equal(feel.MustNumber("3600.01")) {
		t.Errorf("the condition used %v", u)
	}
	if u := table.Inputs[1].Uses; len(u) != 1 || u[0].Name != "Household.monthly income" || !u[0].Value.Equal(feel.Int(1500)) {
		t.Errorf("the input used %v", u)
	}
	fired := table.Fired()
	if len(fired) != 1 || fired[0].ID != "granted" || fired[0].Annotations[0] != (Annotation{"Source", "article 2"}) || !fired[0].Outputs[0].Value.Equal(feel.String("granted")) {
		t.Errorf("fired: %+v", fired)
	}
	entries := res.Trace.Find("Allowance").Logic.Parts
	if len(entries) != 2 || entries[1].Name != "yearly" || entries[1].Kind != "conditional" || !entries[1].Value.Equal(feel.MustNumber("450.77")) {
		t.Errorf("entries: %+v", entries)
	}
	fact := res.Trace.Find("Outcome").Inputs[1]
	if fact.Name != "Income limit" || fact.Kind != "decision" || fact.Type != "number" || !fact.Value.Equal(feel.MustNumber("3600.01")) {
		t.Errorf("fact: %+v", fact)
	}
}

// A condition on a missing value is not assessed, rather than not met.
func TestTraceNotAssessed(t *testing.T) {
	m := load(t, "hitpolicies")
	res, err := m.Decide("first", feel.Null(), WithTrace())
	if err != nil {
		t.Fatal(err)
	}
	if s := res.Trace.Steps[0].Logic.Table.Rules[0].Cells[0].State; s != CellNotAssessed {
		t.Error(s)
	}
}

// A trace is data: it can be stored and sent as JSON, functions included.
func TestTraceJSON(t *testing.T) {
	m := load(t, "allowance", "rates")
	res, err := m.Decide("Allowance", val(t, `{Household: {size: 3, monthly income: 1500, resident since: @"2020-01-01"}, Reference date: @"2025-06-01"}`), WithTrace())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"value":{"per person":150.255,"yearly":450.77}`,
		`"text":"\u003c= Income limit","state":"met","uses":[{"name":"Income limit","value":3600.01}]`,
		`"annotations":[{"name":"Source","text":"article 3, point 3"}]`,
		`{"name":"Reference date","kind":"input","id":"in-date","type":"date","value":"2025-06-01"}`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the JSON has no %s:\n%s", want, data)
		}
	}
}

// Booleans have no order, so that a range of them holds nothing, also not when
// it is looked up in the index.
func TestARangeOfBooleansHoldsNothing(t *testing.T) {
	m := compileText(t, `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
<inputData id="i" name="x"/><decision name="d"><informationRequirement><requiredInput href="#i"/></informationRequirement>
<decisionTable><input><inputExpression><text>x</text></inputExpression></input><output/>
<rule><inputEntry><text>[false..false]</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable></decision></definitions>`)
	res, err := m.Decide("d", feel.Context(feel.Entry{Name: "x", Value: feel.Bool(false)}))
	if err != nil || !res.Value.IsNull() {
		t.Error(res.Value, err)
	}
}
