package feel_test

import (
	"strings"
	"sync"
	"testing"

	"passerelle/engine/feel"
)

// Hostile expressions end with null and a warning that names the limit.
func TestLimits(t *testing.T) {
	for name, src := range map[string]string{
		"a long range":       "for i in 1..1000000000000 return i",
		"nested loops":       "count(for i in 1..100000, j in 1..100000 return i)",
		"endless recursion":  "{f: function(n) f(n + 1), r: f(1)}.r",
		"doubling text":      `for i in 1..1000 return if i = 1 then "aaaaaaaa" else partial[-1] + partial[-1]`,
		"many long texts":    `{s: string join(for i in 1..100000 return "0123456789", ""), r: for i in 1..100000 return s + "x"}.r`,
		"doubling lists":     "{a: for i in 1..1000 return i, r: for i in 1..1000 return if i = 1 then a else concatenate(partial[-1], partial[-1])}.r",
		"quantified forever": "some i in 1..1000000, j in 1..1000000 satisfies i < 0",
	} {
		e, err := feel.Compile(src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v, warnings := e.Eval(nil, feel.WithMaxSteps(500_000))
		if !v.IsNull() || len(warnings) == 0 || !warnings[len(warnings)-1].Limit {
			t.Errorf("%s: %.50s %v", name, v, warnings)
		}
	}
}

// Values that share parts have texts that no memory holds, and nested values
// would exhaust the stack: both are cut off.
func TestHostileValues(t *testing.T) {
	bomb := "{" + name(0) + ": [1, 1], "
	for i := 1; i < 40; i++ {
		prev, next := name(i-1), name(i)
		bomb += next + ": [" + prev + ", " + prev + "], "
	}
	for expr, want := range map[string]string{
		bomb + "r: string(" + name(39) + ")}.r":                                    "string: the text becomes too long",
		"{x: for i in 1..2000 return if i = 1 then [] else [partial[-1]], r: 1}.x": "lists and contexts nest too deep",
	} {
		e, err := feel.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Eval(nil)
		if len(warnings) == 0 || warnings[0].Msg != want {
			t.Errorf("%.40s: %v, want %s", expr, warnings, want)
		}
	}
	e, err := feel.Compile(bomb + "r: " + name(39) + "}.r")
	if err != nil {
		t.Fatal(err)
	}
	v, _ := e.Eval(nil)
	w, _ := e.Eval(nil)
	if v.Equal(w) { // told after a bounded time: it cannot be known
		t.Error("two huge values compare as equal")
	}
	if _, err := v.MarshalJSON(); err == nil {
		t.Error("a huge value has a JSON text")
	}
}

func name(i int) string { return "a" + string(rune('0'+i/10)) + string(rune('0'+i%10)) }

// Patterns that would keep a naive matcher busy for ever.
func TestHostilePatterns(t *testing.T) {
	long := strings.Repeat("a", 2000)
	for pattern, want := range map[string]string{
		`^(a+)+b`:                "false",
		`^((a|aa)+)+\1b`:         "null", // back-references: the budget ends it
		`a{1000}{1000}{1000}`:    "null",
		strings.Repeat("(", 500): "null",
	} {
		e, err := feel.Compile("matches(s, p)", feel.Names("s", "p"))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := e.EvalContext(feel.ContextOf(map[string]feel.Value{"s": feel.String(long), "p": feel.String(pattern)}))
		if v.String() != want {
			t.Errorf("%.20s: %s, want %s", pattern, v, want)
		}
	}
}

// The steps of an evaluation inside a function count for the outer one.
func TestInnerEvaluationsShareTheLimits(t *testing.T) {
	inner, err := feel.Compile("count(for i in 1..1000 return i)")
	if err != nil {
		t.Fatal(err)
	}
	f := feel.Function(feel.Signature{Params: []feel.Param{{Name: "x"}}}, func(c *feel.Call, _ []feel.Value) feel.Value {
		v, w := inner.Eval(nil, c.Options()...)
		c.Add(w)
		return v
	})
	outer, err := feel.Compile("for i in 1..1000 return f(i)", feel.Names("f"))
	if err != nil {
		t.Fatal(err)
	}
	vars := feel.ContextOf(map[string]feel.Value{"f": f})
	if v, w := outer.EvalContext(vars, feel.WithMaxSteps(100_000)); !v.IsNull() || len(w) == 0 || !w[len(w)-1].Limit {
		t.Errorf("100,000 steps were enough: %v", w)
	}
	if v, w := outer.EvalContext(vars); len(v.Items()) != 1000 || len(w) > 0 {
		t.Errorf("ten million steps were not enough: %v", w)
	}
}

func TestOneExpressionFromManyGoroutines(t *testing.T) {
	e, err := feel.Compile("sum(for m in list return f(m) + n) + count(list[matches(string(item), \"[0-9]\")])", feel.Names("list", "n", "f"))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := eval(t, "function(x) x * 2", feel.Null(), nil)
	var group sync.WaitGroup
	for n := range int64(8) {
		group.Go(func() {
			vars := feel.ContextOf(map[string]feel.Value{"list": feel.List(feel.Int(1), feel.Int(2)), "n": feel.Int(n), "f": f})
			for range 200 {
				if v, w := e.EvalContext(vars); !v.Equal(feel.Int(6 + 2*n + 2)) {
					t.Errorf("n = %d: %s %v", n, v, w)
					return
				}
			}
		})
	}
	group.Wait()
}
