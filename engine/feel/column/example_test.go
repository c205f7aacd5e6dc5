package column_test

import (
	"fmt"

	"passerelle/engine/feel"
	"passerelle/engine/feel/column"
)

func Example() {
	e, _ := feel.Compile("max(0, amount - 12 * (income - limit))", feel.Names("amount", "income", "limit"))
	out, fast := column.Eval(e, 2, map[string]column.Column{
		"income": column.Numbers(2, []int64{280_000, 300_000}), // 2800.00 and 3000.00
		"limit":  column.Constant(feel.MustNumber("2710.51")),
		"amount": column.Constant(feel.Int(1817)),
	})
	fmt.Println(out.Value(0), out.Value(1), fast)
	// Output: 743.12 0 true
}
