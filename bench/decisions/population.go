package main

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"passerelle/engine/feel"
	"passerelle/engine/feel/column"
)

// rule is the population's: full amount up to the limit, above it less twelve
// times what is over.
const rule = "if income <= limit then amount else max(0, amount - 12 * (income - limit))"

// population decides one rule about n households in exact decimals, over columns
// and household by household.
func population(n int) ([]row, error) {
	e, err := feel.Compile(rule, feel.Names("income", "limit", "amount"))
	if err != nil {
		return nil, err
	}
	limit, amount := feel.MustNumber("2710.51"), feel.MustNumber("1817")
	cents := make([]int64, n)
	for i := range cents {
		cents[i] = int64(100_000 + i*7919%400_000)
	}
	columns := map[string]column.Column{"income": column.Numbers(2, cents), "limit": column.Constant(limit), "amount": column.Constant(amount)}
	together := row{Engine: engine, Row: "population", NsPerOp: math.Inf(1), Note: "exact decimals, over columns"}
	var out column.Column
	for range 9 {
		start := time.Now()
		var fast bool
		if out, fast = column.Eval(e, n, columns); !fast {
			return nil, fmt.Errorf("the rule did not run over columns")
		}
		together.NsPerOp = min(together.NsPerOp, float64(time.Since(start).Nanoseconds())/float64(n))
	}
	people := make([]feel.Value, n)
	for i := range people {
		people[i] = feel.Context(feel.Entry{Name: "income", Value: columns["income"].Value(i)},
			feel.Entry{Name: "limit", Value: limit}, feel.Entry{Name: "amount", Value: amount})
	}
	each := row{Engine: engine, Row: "population, one by one", NsPerOp: math.Inf(1), Note: "exact decimals"}
	for range 3 {
		start := time.Now()
		for i, x := range people {
			if v, _ := e.EvalContext(x); i%997 == 0 && !v.Equal(out.Value(i)) {
				return nil, fmt.Errorf("household %d: %s over columns, %s alone", i, out.Value(i), v)
			}
		}
		each.NsPerOp = min(each.NsPerOp, float64(time.Since(start).Nanoseconds())/float64(n))
	}
	for i := range inputs {
		together.Results = append(together.Results, json.RawMessage(plain(out.Value(i))))
	}
	return []row{together, each}, nil
}
