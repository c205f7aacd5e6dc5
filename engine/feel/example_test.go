package feel_test

import (
	"fmt"
	"time"

	"passerelle/engine/feel"
)

func ExampleCompile() {
	e, err := feel.Compile("monthly income < limit and size >= 2", feel.Names("monthly income", "limit", "size"))
	if err != nil {
		fmt.Println(err)
		return
	}
	vars := feel.Context(
		feel.Entry{Name: "monthly income", Value: feel.MustNumber("2680.04")},
		feel.Entry{Name: "limit", Value: feel.Int(3000)},
		feel.Entry{Name: "size", Value: feel.Int(3)},
	)
	v, _ := e.EvalContext(vars)
	fmt.Println(v)
	// Output: true
}

// What cannot be computed is null, and a warning says why.
func ExampleExpr_Eval() {
	e, err := feel.Compile("income / months", feel.Names("income", "months"))
	if err != nil {
		fmt.Println(err)
		return
	}
	scope := feel.NewScope(feel.Null()).With("income", feel.Int(100)).With("months", feel.Int(0))
	v, warnings := e.Eval(scope)
	fmt.Println(v, warnings)
	// Output: null [1:8: division by zero]
}

func ExampleCompileUnaryTests() {
	e, err := feel.CompileUnaryTests("[1000..2000), > 5000")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range []int64{1000, 2000, 5001} {
		matched, _ := e.Test(feel.Int(n), nil)
		fmt.Println(n, matched)
	}
	// Output:
	// 1000 true
	// 2000 false
	// 5001 true
}

func ExampleFunction() {
	vat := feel.Function(feel.Signature{
		Params: []feel.Param{{Name: "net", Type: feel.NumberType}, {Name: "rate", Type: feel.NumberType}},
		Result: feel.NumberType,
	}, func(_ *feel.Call, args []feel.Value) feel.Value {
		net, _ := args[0].AsNumber()
		rate, _ := args[1].AsNumber()
		return feel.Number(net.Mul(rate))
	})
	e, err := feel.Compile(`vat(rate: 0.17, net: 200)`, feel.Names("vat"))
	if err != nil {
		fmt.Println(err)
		return
	}
	v, _ := e.Eval(feel.NewScope(feel.Null()).With("vat", vat))
	fmt.Println(v)
	// Output: 34
}

func ExampleFromJSON() {
	v, err := feel.FromJSON([]byte(`{"gross": 2680.04, "kind": "salary"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := feel.Compile(`gross * 3`, feel.Names("gross"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sum, _ := e.EvalContext(v)
	text, err := sum.MarshalJSON()
	fmt.Println(string(text), err)
	// Output: 8040.12 <nil>
}

func ExampleType_Coerce() {
	v, ok := feel.ListOf(feel.NumberType).Coerce(feel.Int(1))
	fmt.Println(v, ok)
	v, ok = feel.NumberType.Coerce(feel.List(feel.Int(1)))
	fmt.Println(v, ok)
	v, ok = feel.DateTimeType.Coerce(feel.Date(2025, 11, 23))
	fmt.Println(v, ok)
	v, ok = feel.NumberType.Coerce(feel.String("1"))
	fmt.Println(v, ok)
	// Output:
	// [1] true
	// 1 true
	// @"2025-11-23T00:00:00Z" true
	// null false
}

func ExampleWithClock() {
	e, err := feel.Compile(`today() + duration("P3M")`)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := func() time.Time { return time.Date(2025, 11, 30, 12, 0, 0, 0, time.UTC) }
	v, _ := e.Eval(nil, feel.WithClock(now))
	fmt.Println(v)
	// Output: @"2026-02-28"
}

// What a stranger wrote gets fewer steps.
func ExampleWithMaxSteps() {
	e, _ := feel.Compile("for i in 1..1000, j in 1..1000 return i * j")
	v, warnings := e.Eval(nil, feel.WithMaxSteps(10_000))
	fmt.Println(v, warnings, warnings[0].Limit)
	// Output: null [1:1: the evaluation takes too many steps] true
}

// Many evaluations that share their limits and allocate nothing.
func ExampleEvaluator() {
	limit, err := feel.Compile("if income < 2000 then 3 else 2", feel.Names("income"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ev := feel.NewEvaluator(feel.WithMaxSteps(1_000_000))
	defer ev.Release()
	for _, income := range []int64{1200, 2600} {
		vars := feel.Context(feel.Entry{Name: "income", Value: feel.Int(income)})
		v, _ := ev.EvalContext(limit, vars)
		fmt.Println(income, v)
	}
	// Output:
	// 1200 3
	// 2600 2
}
