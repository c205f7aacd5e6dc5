package feel_test

import (
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"passerelle/engine/feel"
)

// vars are the variables of testdata/expressions.txt.
func vars(t testing.TB) (feel.Value, []feel.Option) {
	t.Helper()
	src := `{
		monthly income: 2680.04, pre-tax limit: 2000,
		first applicant: {birth date: @"1980-05-17", address: {post-code: "L-1475"}},
		members: [{given name: "Ana", age: 34}, {given name: "Luc", age: 36}, {given name: "Mia", age: 4}]
	}`
	e, err := feel.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := e.Eval(nil)
	v = v.Put("double", feel.Func([]string{"x"}, func(args []feel.Value) feel.Value {
		n, ok := args[0].AsNumber()
		if !ok {
			return feel.Null()
		}
		return feel.Number(n.Add(n))
	}))
	address := feel.ContextType(feel.Field{Name: "post-code", Type: feel.StringType})
	return v, []feel.Option{
		feel.Names("monthly income", "pre-tax limit", "members", "double"),
		feel.Var("first applicant", feel.ContextType(feel.Field{Name: "birth date", Type: feel.DateType}, feel.Field{Name: "address", Type: address})),
	}
}

func clock() time.Time { return time.Date(2025, 11, 23, 10, 30, 0, 0, time.UTC) }

// table reads "expression ==> value" lines; an expression may run over several.
func table(t testing.TB, file string) (cases [][2]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var expr string
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		text, want, found := strings.Cut(line, "==>")
		expr += text
		if found {
			cases = append(cases, [2]string{strings.TrimSpace(expr), strings.TrimSpace(want)})
			expr = ""
		}
	}
	return cases
}

func eval(t testing.TB, src string, v feel.Value, opts []feel.Option) (feel.Value, []feel.Warning) {
	t.Helper()
	e, err := feel.Compile(src, opts...)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return e.EvalContext(v, feel.WithClock(clock))
}

func TestExpressions(t *testing.T) {
	v, opts := vars(t)
	for _, c := range table(t, "testdata/expressions.txt") {
		got, warnings := eval(t, c[0], v, opts)
		want, _ := eval(t, c[1], feel.Null(), nil)
		if got.String() != want.String() {
			t.Errorf("%s\n  = %s, want %s %v", c[0], got, want, warnings)
		}
	}
}

// What is printed compiles to the same: same text again, same value.
func TestPrintedExpressionsMeanTheSame(t *testing.T) {
	v, opts := vars(t)
	for _, c := range table(t, "testdata/expressions.txt") {
		e, err := feel.Compile(c[0], opts...)
		if err != nil {
			t.Fatal(err)
		}
		printed := e.AST().String()
		again, err := feel.Compile(printed, opts...)
		if err != nil {
			t.Errorf("%s is printed as %s: %v", c[0], printed, err)
			continue
		}
		if text := again.AST().String(); text != printed {
			t.Errorf("%s is printed as %s, then as %s", c[0], printed, text)
		}
		a, _ := e.EvalContext(v, feel.WithClock(clock))
		b, _ := again.EvalContext(v, feel.WithClock(clock))
		if a.String() != b.String() {
			t.Errorf("%s = %s, but printed as %s it is %s", c[0], a, printed, b)
		}
	}
}

func TestUnaryTests(t *testing.T) {
	for _, c := range []struct {
		tests, input string
		want         bool
	}{
		{"-", "null", true},
		{"< 10", "5", true},
		{"< 10", "10", false},
		{"[1..5), 9", "9", true},
		{"not(1, 2)", "3", true},
		{"not(1, 2)", "2", false},
		{`"a", "b"`, `"b"`, true},
		{"null", "null", true},
		{"> 1", `"a"`, false},
		{"? > 3 and ? < 7", "5", true},
		{"even(?)", "5", false},
		{"count(?) = 2", "[1, 2]", true},
		{"[1, 2, 3]", "2", true},
		{"true", "true", true},
		{"false", "true", false},
		{"some x in [1, 2] satisfies x = ?", "2", true},
		{"list contains([4, 5], ?)", "4", true},
		{"[1, 2][item = ?] = [2]", "2", true},
		{`starts with(?, "L-")`, `"L-1475"`, true},
		{`>= @"2025-01-01"`, `@"2025-06-30"`, true},
		{"-1", "-1", true},
		{"- 1, 4", "4", true},
		{"1 + 1", "2", true},
	} {
		e, err := feel.CompileUnaryTests(c.tests)
		if err != nil {
			t.Errorf("%s: %v", c.tests, err)
			continue
		}
		input, _ := eval(t, c.input, feel.Null(), nil)
		if got, w := e.Test(input, nil); got != c.want {
			t.Errorf("%s on %s is %v %v", c.tests, c.input, got, w)
		}
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	for src, want := range map[string]string{
		"":                         "1:1: expected an expression, found the end",
		"1 +":                      "1:4: expected an expression, found the end",
		"if a then b":              `1:12: expected "else" after the value of "then", found the end`,
		"[1, 2":                    `1:6: expected "," between items, found the end`,
		"1 +\n  * 2":               `2:3: expected an expression, found "*"`,
		`"abc`:                     "1:1: this string has no end",
		"f(a: 1, 2)":               "1:9: expected a named argument, as the ones before",
		"{a 1}":                    `1:5: expected ":" after the key, found "}"`,
		"1 2":                      `1:3: unexpected "2"`,
		"x in [1..2":               `1:11: expected "]", ")" or "[" at the end of the range, found the end`,
		"é + )":                    `1:5: expected an expression, found ")"`,
		"for x in [1] x":           `1:14: expected "return" after the iterators, found "x"`,
		"1 /* open":                "1:3: this comment has no end",
		strings.Repeat("(", 9_999): "1:201: the expression nests too deep",
	} {
		_, err := feel.Compile(src)
		if err == nil || err.Error() != want {
			t.Errorf("%.20s: %v, want %s", src, err, want)
		}
	}
}

func TestWarningsSayWhyAndWhere(t *testing.T) {
	for src, want := range map[string]string{
		"1 + unknown":            "1:5: nothing here is called unknown",
		"1 + \"a\"":              "1:3: a number and a string cannot be added",
		"1 /\n 0":                "1:3: division by zero",
		"{a: 1}.b":               "1:7: the context has no entry b",
		"[1][2]":                 "1:4: the list has no item at position 2",
		"sqrt(-1)":               "1:5: sqrt: the number is negative",
		"sqrt(\"a\")":            `1:5: sqrt: argument "number" cannot be a string`,
		"sqrt(1, 2)":             "1:5: sqrt cannot be called with 2 arguments",
		"now()":                  "1:4: this evaluation has no clock",
		"(function(x) x)()":      "1:16: the function takes 1 arguments, 0 are given",
		"if \"a\" then 1 else 2": "1:1: the condition of \"if\" is a string",
	} {
		e, err := feel.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Eval(nil)
		if len(warnings) == 0 || warnings[0].String() != want {
			t.Errorf("%s: %v, want %s", src, warnings, want)
		}
	}
}

func TestNamesAreTheFreeNames(t *testing.T) {
	e, err := feel.Compile("sum(for m in members return m.age) > limit and limit < abs(x) and m.y", feel.Names("members"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Names(), " "); got != "members limit x m" {
		t.Errorf("free names: %s", got)
	}
}
