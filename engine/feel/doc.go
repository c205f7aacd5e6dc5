// Package feel implements FEEL, the Friendly Enough Expression Language of
// DMN 1.5 (OMG formal/24-01-01, chapter 10).
//
// An expression is compiled once and evaluated many times:
//
//	e, err := feel.Compile("income < limit and size >= 2",
//		feel.Names("income", "limit", "size"))
//	v, warnings := e.EvalContext(feel.Context(
//		feel.Entry{Name: "income", Value: feel.Int(1200)}, …))
//
// # Rules that hold everywhere
//
//   - A Value is immutable. The zero Value is null. An Expr is immutable. Both
//     may be used from many goroutines at once.
//   - FEEL has no exceptions: what cannot be computed is null. Each such null
//     comes with a Warning that says why and where.
//   - Numbers are IEEE 754-2008 decimal128: every operation rounds half-even to
//     34 significant digits. There are no infinities and no NaN: they are null.
//   - Strings are counted in Unicode code points.
//   - Times, and dates and times, are compared by the whole second, as the DMN
//     test suite wants it; their fractions are kept. One with a zone and one
//     without have no order.
//   - A function that is declared external is null: there is no JVM and no PMML
//     here.
//   - Names in scope may contain spaces and operators ("monthly income",
//     "pre-tax"): the longest name in scope wins (DMN 1.5, 10.3.1.2).
//   - Nothing reads the machine's clock: now() and today() use the clock given
//     to the evaluation (WithClock) and are null without one.
//   - Every evaluation is bounded: depth of nesting, steps, list sizes, regular
//     expressions (linear time). A limit that is reached ends the evaluation
//     with null and a Warning whose Limit is true.
//
// Zones such as "Europe/Luxembourg" are looked up with time.LoadLocation; a
// program that must not depend on the machine's zone files imports time/tzdata.
package feel
