package column

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"passerelle/engine/feel"
)

func compile(t testing.TB, text string) *feel.Expr {
	t.Helper()
	e, err := feel.Compile(text, feel.Names("a", "b", "c", "t", "u"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// expression draws a text over the numbers a, b, c and the truth values t, u.
func expression(number bool, depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		draw := func(number bool) string { return expression(number, depth-1).Draw(t, "part") }
		if number {
			if depth == 0 {
				return rapid.SampledFrom([]string{"a", "b", "c", "0", "1", "-3", "12", "0.5", "2710.51", "1000000", "0.001"}).Draw(t, "leaf")
			}
			switch rapid.IntRange(0, 8).Draw(t, "kind") {
			case 0, 1:
				return "(" + draw(true) + " " + rapid.SampledFrom([]string{"+", "-", "*"}).Draw(t, "op") + " " + draw(true) + ")"
			case 2:
				return "max(" + draw(true) + ", " + draw(true) + ")"
			case 3:
				return "min(" + draw(true) + ", " + draw(true) + ", 7.25)"
			case 4:
				return "(if " + draw(false) + " then " + draw(true) + " else " + draw(true) + ")"
			case 5:
				return rapid.SampledFrom([]string{"round half up", "round up", "round down", "floor", "ceiling"}).Draw(t, "round") + "(" + draw(true) + ", " + fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "places")) + ")"
			case 6:
				return "abs(" + draw(true) + ")"
			case 7:
				return "-(" + draw(true) + ")"
			}
			return draw(true)
		}
		if depth == 0 {
			return rapid.SampledFrom([]string{"t", "u", "true", "false"}).Draw(t, "leaf")
		}
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0, 1:
			return "(" + draw(true) + " " + rapid.SampledFrom([]string{"<", "<=", ">", ">=", "=", "!="}).Draw(t, "op") + " " + draw(true) + ")"
		case 2:
			return "(" + draw(false) + " " + rapid.SampledFrom([]string{"and", "or"}).Draw(t, "op") + " " + draw(false) + ")"
		case 3:
			return "not(" + draw(false) + ")"
		case 4:
			return "(" + draw(true) + " between " + draw(true) + " and " + draw(true) + ")"
		}
		return "(if " + draw(false) + " then " + draw(false) + " else " + draw(false) + ")"
	})
}

// Over columns or row by row: the same values.
func TestColumnsAgreeWithRows(t *testing.T) {
	fast := 0
	rapid.Check(t, func(t *rapid.T) {
		text := expression(rapid.Bool().Draw(t, "number"), rapid.IntRange(0, 4).Draw(t, "depth")).Draw(t, "text")
		e, err := feel.Compile(text, feel.Names("a", "b", "c", "t", "u"))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		n := rapid.SampledFrom([]int{0, 1, 5, 3000}).Draw(t, "rows")
		limit := rapid.SampledFrom([]int64{10, 500_000, math.MaxInt64}).Draw(t, "size of numbers")
		ints := func(name string) []int64 {
			few := rapid.SliceOfN(rapid.Int64Range(-limit, limit), 1, 7).Draw(t, name)
			out := make([]int64, n)
			for i := range out {
				out[i] = few[i%len(few)]
			}
			return out
		}
		bools := func(k int) []bool {
			out := make([]bool, n)
			for i := range out {
				out[i] = i%k == 0
			}
			return out
		}
		columns := map[string]Column{"a": Numbers(2, ints("a")), "b": Numbers(0, ints("b")), "c": Constant(feel.MustNumber("1817.25")), "t": Booleans(bools(2)), "u": Booleans(bools(3))}
		got, ok := Eval(e, n, columns)
		if ok {
			fast++
		}
		for row := range n {
			vars := feel.Context(feel.Entry{Name: "a", Value: columns["a"].Value(row)}, feel.Entry{Name: "b", Value: columns["b"].Value(row)},
				feel.Entry{Name: "c", Value: columns["c"].Value(row)}, feel.Entry{Name: "t", Value: columns["t"].Value(row)}, feel.Entry{Name: "u", Value: columns["u"].Value(row)})
			want, _ := e.EvalContext(vars)
			if v := got.Value(row); !v.Equal(want) && !(v.IsNull() && want.IsNull()) {
				t.Fatalf("%s, row %d of %v: %s over columns (%v), %s alone", text, row, vars, v, ok, want)
			}
			if row >= 8 && row < n-8 && row%97 != 0 {
				continue
			}
		}
	})
	if fast == 0 {
		t.Error("nothing ran over columns")
	}
}

func TestWhatHasNoColumnsRunsByRow(t *testing.T) {
	texts := []feel.Value{feel.String("x"), feel.String("y"), feel.Null()}
	got, fast := Eval(compile(t, `if a = "x" then 1 else 2`), 3, map[string]Column{"a": Values(texts)})
	if fast || !got.Value(0).Equal(feel.Int(1)) || !got.Value(1).Equal(feel.Int(2)) || !got.Value(2).Equal(feel.Int(2)) {
		t.Errorf("%v %v %v %v", fast, got.Value(0), got.Value(1), got.Value(2))
	}
	got, fast = Eval(compile(t, "a / 3"), 1, map[string]Column{"a": Numbers(0, []int64{1})})
	if fast || got.Value(0).String() != "0.3333333333333333333333333333333333" {
		t.Errorf("%v %v", fast, got.Value(0))
	}
	if got, fast = Eval(compile(t, "a * a"), 1, map[string]Column{"a": Numbers(0, []int64{math.MaxInt64})}); fast || got.Value(0).String() != "85070591730234615847396907784232501249" && got.Value(0).IsNull() {
		t.Errorf("%v %v", fast, got.Value(0))
	}
	if got, fast = Eval(compile(t, "missing(a)"), 1, nil); fast || !got.Value(0).IsNull() {
		t.Errorf("%v %v", fast, got.Value(0))
	}
}

// However deep constructs stand in one another, each part is planned once and
// computed once a block.
func TestNestingIsLinear(t *testing.T) {
	for _, c := range []struct {
		name, part string // # is replaced by the part inside
		leaf       string
	}{
		{"abs", "abs(#)", "a"},
		{"extreme", "min(a, max(#, b))", "a"},
		{"choice", "(if t then # else b)", "a"},
		{"choice on both sides", "(if a < # then a else #)", "a"},
		{"choice of truths", "(if # then t else u)", "t"},
		{"truths", "(if t then # else not(#))", "u"},
		{"negated", "(not(#) or u)", "t"},
		{"between", "(if # between b and 10 then a else b)", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.leaf
			depth := 40
			if strings.Count(c.part, "#") > 1 {
				depth = 9 // the text itself doubles
			}
			for range depth {
				text = strings.ReplaceAll(c.part, "#", text)
			}
			n := 1200
			numbers, truths := make([]int64, n), make([]bool, n)
			for i := range n {
				numbers[i], truths[i] = int64(i%23)-11, i%3 == 0
			}
			columns := map[string]Column{"a": Numbers(0, numbers), "b": Constant(feel.Int(3)), "t": Booleans(truths), "u": Booleans(make([]bool, n))}
			e := compile(t, text)
			got, fast := Eval(e, n, columns)
			if !fast {
				t.Fatal("row by row")
			}
			for _, row := range []int{0, 3, 511, 512, n - 1} {
				want, _ := e.EvalContext(feel.Context(feel.Entry{Name: "a", Value: columns["a"].Value(row)}, feel.Entry{Name: "b", Value: feel.Int(3)},
					feel.Entry{Name: "t", Value: columns["t"].Value(row)}, feel.Entry{Name: "u", Value: feel.Bool(false)}))
				if !got.Value(row).Equal(want) {
					t.Errorf("row %d: %s, want %s", row, got.Value(row), want)
				}
			}
		})
	}
}

func TestPartsAreBounded(t *testing.T) {
	e := compile(t, "a"+strings.Repeat(" + a", maxParts/2+1))
	got, fast := Eval(e, 1, map[string]Column{"a": Numbers(0, []int64{2})})
	if want := feel.Int(int64(2 * (maxParts/2 + 2))); fast || !got.Value(0).Equal(want) {
		t.Errorf("%v %v, want %v row by row", fast, got.Value(0), want)
	}
}

func TestRowsAreCounted(t *testing.T) {
	e := compile(t, "b")
	for name, c := range map[string]Column{
		"numbers": Numbers(0, []int64{1}), "truths": Booleans([]bool{true}), "values": Values([]feel.Value{feel.Null()}),
		"no numbers": Numbers(0, nil), "no truths": Booleans(nil), "no values": Values(nil), "too many": Numbers(0, []int64{1, 2, 3}),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			Eval(e, 2, map[string]Column{"a": c})
		})
	}
}

func BenchmarkRule(b *testing.B) {
	e := compile(b, "if a <= b then c else max(0, c - 12 * (a - b))")
	cents := make([]int64, 1_000_000)
	for i := range cents {
		cents[i] = int64(100_000 + i*7919%400_000)
	}
	columns := map[string]Column{"a": Numbers(2, cents), "b": Constant(feel.MustNumber("2710.51")), "c": Constant(feel.MustNumber("1817"))}
	for b.Loop() {
		if _, fast := Eval(e, len(cents), columns); !fast {
			b.Fatal("by row")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cents)), "ns/row")
}
