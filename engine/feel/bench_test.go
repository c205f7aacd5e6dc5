package feel_test

import (
	"testing"

	"passerelle/engine/feel"
)

// Two comparisons: the everyday condition of a form or a decision table.
func BenchmarkTwoComparisons(b *testing.B) {
	e, err := feel.Compile("income < 2000 and members >= 2", feel.Names("income", "members"))
	if err != nil {
		b.Fatal(err)
	}
	vars := feel.Context(feel.Entry{Name: "income", Value: feel.MustNumber("1817.50")}, feel.Entry{Name: "members", Value: feel.Int(3)})
	b.ReportAllocs()
	for b.Loop() {
		if v, _ := e.EvalContext(vars); v.IsNull() {
			b.Fatal("null")
		}
	}
}

func BenchmarkUnaryTest(b *testing.B) {
	e, err := feel.CompileUnaryTests("[1000..2000)")
	if err != nil {
		b.Fatal(err)
	}
	in := feel.MustNumber("1817.50")
	b.ReportAllocs()
	for b.Loop() {
		if ok, _ := e.Test(in, nil); !ok {
			b.Fatal("no match")
		}
	}
}

func BenchmarkArithmetic(b *testing.B) {
	e, err := feel.Compile("decimal(base + (members - 1) * step, 2)", feel.Names("base", "members", "step"))
	if err != nil {
		b.Fatal(err)
	}
	vars := feel.Context(feel.Entry{Name: "base", Value: feel.MustNumber("2640.50")},
		feel.Entry{Name: "members", Value: feel.Int(3)}, feel.Entry{Name: "step", Value: feel.MustNumber("792.15")})
	b.ReportAllocs()
	for b.Loop() {
		e.EvalContext(vars)
	}
}

func BenchmarkSumOfFilter(b *testing.B) {
	e, err := feel.Compile("sum(months[kind = \"salary\"].gross)", feel.Names("months"))
	if err != nil {
		b.Fatal(err)
	}
	var items []feel.Value
	for i := range 12 {
		kind := "salary"
		if i%3 == 0 {
			kind = "pension"
		}
		items = append(items, feel.Context(feel.Entry{Name: "kind", Value: feel.String(kind)}, feel.Entry{Name: "gross", Value: feel.MustNumber("2680.04")}))
	}
	vars := feel.Context(feel.Entry{Name: "months", Value: feel.List(items...)})
	b.ReportAllocs()
	for b.Loop() {
		e.EvalContext(vars)
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := feel.Compile("if income < 2000 then \"full\" else \"reduced\"", feel.Names("income")); err != nil {
			b.Fatal(err)
		}
	}
}
