package feel_test

import (
	"strings"
	"testing"

	"passerelle/engine/feel"
)

func TestItemDefinitions(t *testing.T) {
	allowed, err := feel.CompileUnaryTests(`"single", "married"`)
	if err != nil {
		t.Fatal(err)
	}
	short, err := feel.CompileUnaryTests("count(?) <= 2")
	if err != nil {
		t.Fatal(err)
	}
	status := &feel.Type{Kind: feel.TypeString, Name: "status", Allowed: allowed}
	pair := &feel.Type{Kind: feel.TypeList, Name: "pair", Elem: feel.NumberType, Allowed: short}
	person := feel.ContextType(feel.Field{Name: "age", Type: feel.NumberType}, feel.Field{Name: "status", Type: status})
	person.Name = "person"

	for _, c := range []struct {
		typ  *feel.Type
		expr string
		want string // the coerced value, or "no"
	}{
		{status, `"single"`, `"single"`},
		{status, `"other"`, "no"},
		{status, `["married"]`, `"married"`},
		{status, "null", "null"},
		{pair, "[1, 2]", "[1, 2]"},
		{pair, "[1, 2, 3]", "no"},
		{pair, "1", "[1]"},
		{person, `{age: 3, status: "single"}`, `{age: 3, status: "single"}`},
		{person, `{age: [3], status: "single", more: 1}`, `{age: 3, status: "single", more: 1}`},
		{person, `{age: "3", status: "single"}`, "no"},
		{person, `{age: 3}`, "no"},
		{feel.ListOf(feel.DateTimeType), `[@"2025-01-01"]`, `[@"2025-01-01T00:00:00Z"]`},
		{feel.NumberType, "[[1]]", "no"},
		{feel.RangeOf(feel.NumberType), "[1..2]", "[1..2]"},
		{nil, "1", "1"},
	} {
		v, _ := eval(t, c.expr, feel.Null(), nil)
		got, ok := c.typ.Coerce(v)
		text := got.String()
		if !ok {
			text = "no"
		}
		if text != c.want {
			t.Errorf("%s as %s is %s, want %s", c.expr, c.typ, text, c.want)
		}
	}

	// "instance of" knows them by name, and leaves allowed values aside.
	opts := []feel.Option{feel.Types(map[string]*feel.Type{"person": person, "marital status": status})}
	for expr, want := range map[string]bool{
		`{age: 3, status: "single"} instance of person`:             true,
		`{age: 3} instance of person`:                               false,
		`[{age: 3, status: "x"}] instance of list<person>`:          true,
		`"other" instance of marital status`:                        true,
		`(function(p: person) p.age)({age: 3, status: "?"}) = null`: true,
	} {
		if v, w := eval(t, expr, feel.Null(), opts); !v.Equal(feel.Bool(want)) {
			t.Errorf("%s is %s %v", expr, v, w)
		}
	}
}

func TestJSON(t *testing.T) {
	const text = `{"b":[1.10,-2e-3,"x\n\"é",null,true,{}],"a":{"z":1,"y":[]}}`
	v, err := feel.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.MarshalJSON()
	if want := `{"b":[1.1,-0.002,"x\n\"é",null,true,{}],"a":{"z":1,"y":[]}}`; err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	for _, bad := range []string{"", "{", "[1,]", "1 2", `{"a":1e99999999}`} {
		if v, err := feel.FromJSON([]byte(bad)); err == nil {
			t.Errorf("%q is read as %s", bad, v)
		}
	}
	dates, _ := eval(t, `[@"2025-11-23", @"P1Y", @"10:00:00Z", [1..2]]`, feel.Null(), nil)
	if got, err := dates.MarshalJSON(); err != nil || string(got) != `["2025-11-23","P1Y","10:00:00Z","[1..2]"]` {
		t.Errorf("%s %v", got, err)
	}
}

// Names hide each other from the inside out, and builtins last.
func TestScopes(t *testing.T) {
	outer := feel.NewScope(feel.ContextOf(map[string]feel.Value{"a": feel.Int(1), "b": feel.Int(2), "count": feel.Int(7)}))
	scope := outer.Extend(feel.ContextOf(map[string]feel.Value{"b": feel.Int(3)})).With("c", feel.Int(4))
	for expr, want := range map[string]string{
		"[a, b, c]":                  "[1, 3, 4]",
		"count":                      "7",
		"{a: 9, r: a}.r":             "9",
		"for a in [8] return a":      "[8]",
		"[{a: 5}, {x: 6}][a >= 1].x": "[null, 6]",
		"(function(a) a + b)(10)":    "13",
		"imp.decision one":           "42",
	} {
		e, err := feel.Compile(expr, feel.Names("a", "b", "c", "count", "imp.decision one"))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		s := scope.With("imp", feel.ContextOf(map[string]feel.Value{"decision one": feel.Int(42)}))
		if v, w := e.Eval(s); v.String() != want {
			t.Errorf("%s is %s, want %s %v", expr, v, want, w)
		}
	}
}

func TestNamesInsideFilters(t *testing.T) {
	e, err := feel.Compile("items[price > limit and kind = \"a\"]", feel.Names("items", "limit"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Names(), " "); got != "items limit" {
		t.Errorf("free names: %s", got)
	}
	if e, err = feel.Compile("imp.limit + imp . limit", feel.Names("imp.limit")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Names(), " "); got != "imp" {
		t.Errorf("free names: %s", got)
	}
}

func TestInvokeFromGo(t *testing.T) {
	f, _ := eval(t, "function(x: number) x + 1", feel.Null(), nil)
	if v, w := f.Invoke([]feel.Value{feel.Int(1)}); !v.Equal(feel.Int(2)) {
		t.Errorf("%s %v", v, w)
	}
	if v, w := f.Invoke([]feel.Value{feel.String("x")}); !v.IsNull() || len(w) != 1 {
		t.Errorf("%s %v", v, w)
	}
	if v, w := feel.Int(1).Invoke(nil); !v.IsNull() || len(w) != 1 {
		t.Errorf("%s %v", v, w)
	}
}
