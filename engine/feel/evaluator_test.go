package feel_test

import (
	"testing"

	"passerelle/engine/feel"
)

// An evaluator that runs inside of itself, through a function, keeps to the same
// limits and gives the same values.
func TestEvaluatorInsideItself(t *testing.T) {
	ev := feel.NewEvaluator(feel.WithMaxSteps(1000))
	inner, err := feel.Compile("count(for i in 1..100 return i)")
	if err != nil {
		t.Fatal(err)
	}
	f := feel.Func([]string{"x"}, func([]feel.Value) feel.Value {
		v, _ := ev.Eval(inner, nil)
		return v
	})
	outer, err := feel.Compile("for i in 1..n return f(i)", feel.Names("f", "n"))
	if err != nil {
		t.Fatal(err)
	}
	vars := func(n int64) feel.Value {
		return feel.Context(feel.Entry{Name: "f", Value: f}, feel.Entry{Name: "n", Value: feel.Int(n)})
	}
	if v, w := ev.EvalContext(outer, vars(3)); v.String() != "[100, 100, 100]" || len(w) > 0 {
		t.Error(v, w)
	}
	if v, _ := ev.EvalContext(outer, vars(20)); !v.IsNull() {
		t.Error("a thousand steps were enough for two thousand rounds:", v)
	}
	ev.Reset()
	if v, w := ev.EvalContext(outer, vars(20)); len(v.Items()) != 20 || len(w) > 0 {
		t.Error(v, w)
	}
	ev.Release()
	var zero feel.Evaluator
	if v, _ := zero.Test(inner, feel.Null(), nil); !v.Equal(feel.Int(100)) {
		t.Error(v)
	}
}

// What is measured as free of allocations stays so.
func TestTheHotPathAllocatesNothing(t *testing.T) {
	e, err := feel.Compile("income < 2000 and members >= 2", feel.Names("income", "members"))
	if err != nil {
		t.Fatal(err)
	}
	vars := feel.Context(feel.Entry{Name: "income", Value: feel.MustNumber("1817.50")}, feel.Entry{Name: "members", Value: feel.Int(3)})
	ev := feel.NewEvaluator()
	for name, f := range map[string]func(){
		"EvalContext":           func() { e.EvalContext(vars) },
		"Evaluator.EvalContext": func() { ev.EvalContext(e, vars) },
	} {
		if n := testing.AllocsPerRun(1000, f); n >= 1 { // the collector may empty the pool once
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
