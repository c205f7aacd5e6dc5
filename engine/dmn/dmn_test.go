package dmn

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"passerelle/engine/feel"
)

// load compiles models of testdata; all but the first are imported.
func load(t testing.TB, names ...string) *Model {
	t.Helper()
	var all []*Definitions
	for _, n := range names {
		f, err := os.Open(filepath.Join("testdata", n+".dmn"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d, err := Parse(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	m, err := Compile(all[0], all[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// val evaluates a FEEL text, for inputs and expected values.
func val(t testing.TB, text string) feel.Value {
	t.Helper()
	e, err := feel.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	v, w := e.Eval(nil)
	if len(w) > 0 {
		t.Fatal(w)
	}
	return v
}

// expect evaluates a decision and compares value and warnings. want is FEEL
// text; warning is part of the first warning, "" for none at all.
func expect(t *testing.T, m *Model, decision, inputs, want, warning string) {
	t.Helper()
	in := val(t, inputs)
	res, err := m.Decide(decision, in)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Value.Equal(val(t, want)) {
		t.Errorf("%s with %s: got %s, want %s (%v)", decision, inputs, res.Value, want, res.Warnings)
	}
	switch {
	case warning == "" && len(res.Warnings) > 0:
		t.Errorf("%s with %s: warnings %v", decision, inputs, res.Warnings)
	case warning != "" && (len(res.Warnings) == 0 || !strings.Contains(res.Warnings[0].String(), warning)):
		t.Errorf("%s with %s: warnings %v, want one with %q", decision, inputs, res.Warnings, warning)
	}
	traced, err := m.Decide(decision, in, WithTrace())
	if err != nil {
		t.Fatal(err)
	}
	if !traced.Value.Equal(res.Value) && res.Value.Kind() != feel.KindFunction {
		t.Errorf("%s with %s: with trace %s, without %s", decision, inputs, traced.Value, res.Value)
	}
	if s := traced.Trace.Find(decision); s == nil || !s.Value.Equal(traced.Value) {
		t.Errorf("%s with %s: the trace does not end with the decision", decision, inputs)
	}
	recorded, err := m.Decide(decision, in, WithRules())
	if err != nil {
		t.Fatal(err)
	}
	sameRecord(t, recorded.Decided, traced.Trace)
}

// sameRecord compares the light record with the whole trace.
func sameRecord(t *testing.T, got []Decided, trace *Trace) {
	t.Helper()
	var want []Decided
	for _, s := range trace.Steps {
		d := Decided{ID: s.ID, Name: s.Name, Value: s.Value}
		if s.Logic != nil && s.Logic.Table != nil {
			for _, r := range s.Logic.Table.Fired() {
				if r.ID == "" {
					r.ID = strconv.Itoa(r.Index)
				}
				d.Rules = append(d.Rules, r.ID)
			}
		}
		want = append(want, d)
	}
	same := slices.EqualFunc(got, want, func(a, b Decided) bool {
		return a.ID == b.ID && a.Name == b.Name && slices.Equal(a.Rules, b.Rules) && (a.Value.Kind() == feel.KindFunction || a.Value.Equal(b.Value))
	})
	if !same {
		t.Errorf("recorded %v, traced %v", got, want)
	}
}

func TestAllowance(t *testing.T) {
	m := load(t, "allowance", "rates")
	if p := m.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	in := func(size, income, since string) string {
		return `{Household: {size: ` + size + `, monthly income: ` + income + `, resident since: ` + since + `}, Reference date: @"2025-06-01"}`
	}
	expect(t, m, "Income limit", in("1", "0", `@"2020-01-01"`), "2000", "")
	expect(t, m, "Income limit", in("3", "0", `@"2020-01-01"`), "3600.01", "")
	expect(t, m, "dec-limit", in("2", "0", `@"2020-01-01"`), "3000", "")
	expect(t, m, "Outcome", in("1", "2000", `@"2020-01-01"`), `"granted"`, "")
	expect(t, m, "Outcome", in("1", "2000.01", `@"2020-01-01"`), `"refused"`, "")
	expect(t, m, "Outcome", in("1", "0", `@"2024-06-02"`), `"refused"`, "")
	expect(t, m, "Outcome", in("1", "0", `@"2024-06-01"`), `"granted"`, "")
	expect(t, m, "Allowance", in("3", "0", `@"2020-01-01"`), `{per person: 150.255, yearly: 450.77}`, "")
	expect(t, m, "Allowance", in("3", "9000", `@"2020-01-01"`), `{per person: 150.255, yearly: 0}`, "")
	expect(t, m, "Income limit", in("21", "0", `@"2020-01-01"`), "null", "Household is not of type Household")
	expect(t, m, "Income limit", "{}", "null", `no value was given for "Household"`)
}

func TestInputs(t *testing.T) {
	m := load(t, "allowance", "rates")
	var names []string
	for _, in := range m.Inputs("Allowance") {
		names = append(names, in.Name+":"+in.TypeRef)
	}
	if got := strings.Join(names, " "); got != "Household:Household Reference date:date" {
		t.Error(got)
	}
	if m.Inputs("nothing") != nil {
		t.Error("inputs of an unknown decision")
	}
	if _, err := m.Decide("nothing", feel.Null()); err == nil {
		t.Error("an unknown decision was decided")
	}
	if _, err := m.Decide("Outcome", feel.Int(1)); err == nil {
		t.Error("a number was taken for the inputs")
	}
}

func TestHitPolicies(t *testing.T) {
	m := load(t, "hitpolicies")
	if p := m.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	for _, c := range []struct{ decision, n, want, warning string }{
		{"unique", "1", "10", ""},
		{"unique", "3", "null", "rules 1, 2 match"},
		{"unique", "9", "null", "no rule matches"},
		{"unique", "101", "30", ""},
		{"first", "5", "10", ""},
		{"first", "8", "20", ""},
		{"any", "1", "10", ""},
		{"any", "4", "null", "different outputs"},
		{"priority", "5", "20", ""},
		{"priority", "-1", "30", ""},
		{"rule order", "5", "[10, 20, 10]", ""},
		{"rule order", "9", "[]", ""},
		{"output order", "5", "[20, 10, 10]", ""},
		{"collect", "5", "[10, 20, 10]", ""},
		{"collect", "9", "[]", ""},
		{"sum", "5", "40", ""},
		{"count", "5", "3", ""},
		{"count", "9", "0", ""},
		{"min", "5", "10", ""},
		{"max", "5", "20", ""},
		{"sum", "9", "null", "no rule matches"},
		{"two outputs", "6", `[{level: "high", rate: 2}, {level: "low", rate: 3}, {level: "low", rate: 1}]`, ""},
		{"with default", "3", `{level: "some", doubled: 0}`, ""},
		{"with default", "6", `{level: "none", doubled: 12}`, ""},
		{"guarded", "10", "11", ""},
		{"guarded", "11", "null", "allowed values"},
		{"unique", "null", "null", ""},
	} {
		warning := c.warning
		if c.n == "null" {
			warning = "no rule matches"
		}
		expect(t, m, c.decision, "{n: "+c.n+"}", c.want, warning)
	}
}

func TestBoxed(t *testing.T) {
	m := load(t, "boxed")
	in := `{Prices: [10, 20, 150]}`
	expect(t, m, "people", "{}", `[{first name: "Ana", age: 30}, {first name: "Ben", age: 15}]`, "")
	expect(t, m, "adults", "{}", `[{first name: "Ana", age: 30}]`, "")
	expect(t, m, "running sums", in, "[10, 30, 180]", "")
	expect(t, m, "running sums", `{Prices: 5}`, "[5]", "") // a value becomes a list of one
	expect(t, m, "running sums", `{Prices: [5, -1]}`, "null", "Prices is not of type")
	expect(t, m, "squares", "{}", "[1, 4, 9]", "")
	expect(t, m, "all cheap", in, "false", "")
	expect(t, m, "some dear", in, "true", "")
	expect(t, m, "some dear", `{Prices: []}`, "false", "")
	expect(t, m, "pair", in, "[10, 150]", "")
	expect(t, m, "triple", "{}", "null", "not of type Short list")
	expect(t, m, "closure", "{}", "15", "")
	expect(t, m, "invoke", "{}", `"ello"`, "")
	expect(t, m, "invoke wrongly", "{}", "null", `no parameter "y"`)
	expect(t, m, "java", "{}", "null", "Java functions are not supported")
	expect(t, m, "broken", "{}", "null", "1:")
	expect(t, m, "no logic", "{}", "null", "no logic")
	p := m.Problems()
	if len(p) != 1 || p[0].Element != "broken" || p[0].Line != 67 {
		t.Errorf("problems %v", p)
	}
	res, _ := m.Decide("java", feel.Null())
	if !res.Warnings[0].Unsupported {
		t.Error("a Java function does not count as unsupported")
	}
}

func TestServices(t *testing.T) {
	m := load(t, "services")
	expect(t, m, "calls", "{a: 4}", `{service: 6, own: [4, 7], recursion: 120, function as value: 9}`, "")
	expect(t, m, "loop", "{}", "null", "in endless: 1:8: functions call each other too deep")
	for _, c := range []struct{ service, in, want string }{
		{"multiply", "{a: 2, b: 5}", "10"},
		{"s-multiply", "{a: 2}", "null"},
		{"both", "{a: 10}", "{product: 70, difference: 3}"},
	} {
		res, err := m.Serve(c.service, val(t, c.in), WithTrace())
		if err != nil {
			t.Fatal(err)
		}
		if !res.Value.Equal(val(t, c.want)) {
			t.Errorf("%s(%s) = %s, want %s", c.service, c.in, res.Value, c.want)
		}
	}
	res, err := m.Call("factorial", val(t, "{n: 20}"))
	if err != nil || !res.Value.Equal(val(t, "2432902008176640000")) {
		t.Error(res, err)
	}
}

func TestParseErrors(t *testing.T) {
	const open = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">`
	for _, c := range []struct{ name, xml, want string }{
		{"no XML", "hello", "no XML element"},
		{"cut off", open + "\n<decision", "2:"},
		{"other root", "<a/>", `the root element is "a"`},
		{"DMN 1.1", `<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd"/>`, "none of DMN 1.2"},
		{"entities", `<!DOCTYPE d [<!ENTITY a "b">]>` + open + "</definitions>", "document type declarations"},
		{"unknown entity", open + "&a;</definitions>", "invalid character entity"},
		{"nested too deep", open + strings.Repeat("<x>", 300), "deeper than 200"},
		{"no name", open + "\n  <decision id='d'/></definitions>", "2:3: decision has no name"},
		{"two expressions", open + "<decision name='d'><literalExpression/><literalExpression/></decision></definitions>", "a second expression"},
		{"ragged rule", open + "<decision name='d'><decisionTable><output/>\n<rule/></decisionTable></decision></definitions>", "2:1: the rule has 0 inputs and 0 outputs"},
		{"hit policy", open + "<decision name='d'><decisionTable hitPolicy='BEST'><output/></decisionTable></decision></definitions>", `unknown hit policy "BEST"`},
	} {
		_, err := Parse(strings.NewReader(c.xml))
		var pe *ParseError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	const open = `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">`
	decision := func(name, needs string) string {
		return "\n<decision id='" + name + "' name='" + name + "'><informationRequirement><requiredDecision href='#" + needs + "'/></informationRequirement></decision>"
	}
	for _, c := range []struct{ name, xml, want string }{
		{"nowhere", decision("a", "b"), `the requirement "#b" leads nowhere`},
		{"itself", decision("a", "a"), "requires itself"},
		{"circle", decision("a", "b") + decision("b", "c") + decision("c", "a"), "requires itself through"},
		{"twice", "<decision name='a'/><decision name='a'/>", "a second element of this name"},
		{"import", "<import name='x' namespace='y'/>", `no model of namespace "y"`},
		{"kind", "<inputData id='i' name='i'/>" + decision("a", "i"), "should be of kind input"},
	} {
		d, err := Parse(strings.NewReader(open + c.xml + "</definitions>"))
		if err != nil {
			t.Fatal(c.name, err)
		}
		_, err = Compile(d)
		var ce *CompileError
		if !errors.As(err, &ce) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// One model serves many goroutines.
func TestConcurrency(t *testing.T) {
	m := load(t, "services")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				res, err := m.Decide("product", feel.Context(feel.Entry{Name: "a", Value: feel.Int(int64(i))}), WithTrace())
				if n, _ := res.Value.AsInt(); err != nil || n != int64(7*i) {
					t.Errorf("7 * %d = %s, %v", i, res.Value, err)
				}
				if _, err := m.Decide("calls", feel.Context(feel.Entry{Name: "a", Value: feel.Int(1)})); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
}
