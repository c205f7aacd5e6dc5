package column

import (
	"slices"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// Column is one value for each row. The zero Column is null in every row.
type Column struct {
	ints   []int64 // numbers: value × 10^scale
	scale  int
	lo, hi int64 // bounds of ints
	bools  []bool
	values []feel.Value // anything else
	all    feel.Value   // a constant, when nothing above is set
}

// Numbers makes a column of numbers: a row's value is values[i] / 10^scale. The
// slice is kept and must not be changed. scale is 0 to 18.
func Numbers(scale int, values []int64) Column {
	if scale < 0 || scale > 18 {
		panic("column: scale out of range")
	}
	c := Column{ints: given(values), scale: scale}
	if len(values) == 0 {
		return c
	}
	c.lo, c.hi = slices.Min(values), slices.Max(values)
	return c
}

// Booleans makes a column of truth values; the slice is kept.
func Booleans(values []bool) Column { return Column{bools: given(values)} }

// Values makes a column of any values; the slice is kept. Expressions that read
// it are evaluated row by row.
func Values(values []feel.Value) Column { return Column{values: given(values)} }

// given tells a column without rows from a constant.
func given[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// holds reports whether the column has exactly n rows; a constant has as many as
// are asked for.
func (c Column) holds(n int) bool {
	switch {
	case c.ints != nil:
		return len(c.ints) == n
	case c.bools != nil:
		return len(c.bools) == n
	case c.values != nil:
		return len(c.values) == n
	}
	return true
}

// Constant is the same value in every row.
func Constant(v feel.Value) Column { return Column{all: v} }

// Value returns the value of a row.
func (c Column) Value(row int) feel.Value {
	switch {
	case c.ints != nil:
		return feel.Number(decimal128.New(c.ints[row], -c.scale))
	case c.bools != nil:
		return feel.Bool(c.bools[row])
	case c.values != nil:
		return c.values[row]
	}
	return c.all
}

// Integers returns the numbers as Numbers takes them, and whether the column
// has that form.
func (c Column) Integers() (values []int64, scale int, ok bool) {
	return c.ints, c.scale, c.ints != nil
}

// Truth returns the truth values, and whether the column has that form.
func (c Column) Truth() (values []bool, ok bool) { return c.bools, c.bools != nil }

// Eval evaluates an expression for n rows. A name without column is null. fast
// tells whether it ran over columns; otherwise it was evaluated row by row. It
// panics when a column has not exactly n rows.
func Eval(e *feel.Expr, n int, columns map[string]Column) (result Column, fast bool) {
	for name, c := range columns {
		if !c.holds(n) {
			panic("column: " + name + " has not as many rows as are evaluated")
		}
	}
	p := planner{columns: columns}
	if node := p.plan(e.AST()); node != nil {
		return node.run(n), true
	}
	out := make([]feel.Value, n)
	names := e.Names()
	entries := make([]feel.Entry, len(names))
	for row := range out {
		for i, name := range names {
			entries[i] = feel.Entry{Name: name}
			if c, ok := columns[name]; ok {
				entries[i].Value = c.Value(row)
			}
		}
		out[row], _ = e.EvalContext(feel.Context(slices.Clone(entries)...))
	}
	return Values(out), false
}
