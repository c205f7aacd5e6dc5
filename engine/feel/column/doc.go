// Package column evaluates one FEEL expression over many rows at once: a rule
// over a population.
//
//	incomes := column.Numbers(2, cents) // 250000 is 2500.00
//	limit := column.Constant(feel.MustNumber("2710.51"))
//	out, fast := column.Eval(e, len(cents), map[string]column.Column{"income": incomes, "limit": limit})
//
// # What holds
//
//   - The result of a row is the value that the expression has for that row by
//     itself (feel.Expr.EvalContext): exact decimals, never binary fractions.
//   - Numbers are integers with a common scale. Before anything is computed, the
//     bounds of every intermediate result follow from those of the columns; what
//     could leave 64 bits, and what has no form in columns (text, dates, lists,
//     division, null), is evaluated row by row instead: slower, the same values.
//   - Eval uses one goroutine. Columns are immutable and may be shared; whoever
//     has several processors gives each a part of the rows.
//
// Arithmetic with constants is folded before it runs: amount - 12 * (income -
// limit) is one multiplication and one addition a row.
package column
