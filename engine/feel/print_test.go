package feel

import (
	"testing"

	"pgregory.net/rapid"
)

// drawNode makes a random syntax tree.
func drawNode(t *rapid.T, depth int) Node {
	if depth == 0 {
		return drawLeaf(t)
	}
	sub := func() Node { return drawNode(t, depth-1) }
	switch rapid.IntRange(0, 16).Draw(t, "node") {
	case 0:
		return &Path{X: sub(), Name: rapid.SampledFrom([]string{"a b", "pre-tax", "year", "time offset"}).Draw(t, "member")}
	case 1:
		return &Filter{X: sub(), Cond: sub()}
	case 2:
		n := &Invocation{Fn: &Name{Name: rapid.SampledFrom([]string{"sum", "date and time", "f"}).Draw(t, "function")}}
		named := rapid.Bool().Draw(t, "named")
		for _, name := range rapid.SampledFrom([][]string{nil, {"x"}, {"list", "start position"}}).Draw(t, "arguments") {
			n.Args = append(n.Args, sub())
			if named {
				n.Names = append(n.Names, name)
			}
		}
		return n
	case 3:
		return &Negation{X: sub()}
	case 4, 5, 6:
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"}).Draw(t, "operator")
		return &Binary{Op: op, X: sub(), Y: sub()}
	case 7:
		return &Between{X: sub(), Low: sub(), High: sub()}
	case 8:
		in := &In{X: sub(), Tests: []Node{sub()}}
		if rapid.Bool().Draw(t, "more tests") {
			in.Tests = append(in.Tests, &Comparison{Op: "<=", X: sub()})
		}
		return in
	case 9:
		types := []*Type{NumberType, DateTimeType, ListOf(StringType), ContextType(Field{"a", Any}), RangeOf(DateType), FunctionType(Any, NumberType)}
		return &InstanceOf{X: sub(), Type: rapid.SampledFrom(types).Draw(t, "type")}
	case 10:
		return &If{Cond: sub(), Then: sub(), Else: sub()}
	case 11:
		f := &For{Iterators: []Iterator{{Name: "my item", List: sub()}}, Body: sub()}
		if rapid.Bool().Draw(t, "to") {
			f.Iterators[0].End = sub()
		}
		return f
	case 12:
		return &Quantified{Every: rapid.Bool().Draw(t, "every"), Iterators: []Iterator{{Name: "e", List: sub()}}, Body: sub()}
	case 13:
		return &FunctionLiteral{Params: []Param{{Name: "p", Type: NumberType}, {Name: "q r"}}, Body: sub()}
	case 14:
		return &ListLiteral{Items: []Node{sub(), sub()}}
	case 15:
		return &ContextLiteral{Entries: []ContextEntry{{"a b", sub()}, {"c+d", sub()}}}
	}
	return &RangeLiteral{Low: sub(), High: sub(), LowClosed: rapid.Bool().Draw(t, "closed"), HighClosed: rapid.Bool().Draw(t, "closed")}
}

func drawLeaf(t *rapid.T) Node {
	switch rapid.IntRange(0, 3).Draw(t, "leaf") {
	case 0:
		return &Name{Name: rapid.SampledFrom([]string{"x", "a b", "pre-tax", "f"}).Draw(t, "name")}
	case 1:
		return &Literal{Value: String(rapid.String().Draw(t, "text"))}
	case 2:
		return &Literal{Value: number(number34(t, "number"))}
	}
	v, _ := ParseTemporal(rapid.SampledFrom([]string{"2025-11-23", "10:00:00Z", "P1Y2M", "-PT1H"}).Draw(t, "literal"))
	return &Literal{Value: rapid.SampledFrom([]Value{v, Bool(true), Bool(false), Null()}).Draw(t, "constant")}
}

// Every tree that is printed compiles to a tree that is printed the same, and
// both have the same value.
func TestPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNode(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		text := n.String()
		opts := []Option{Names("x", "a b", "pre-tax", "f"), Var("c", ContextType(Field{"pre-tax", nil}, Field{"a b", nil}))}
		e, err := Compile(text, opts...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again := e.AST().String(); again != text {
			t.Fatalf("%s\nis printed as\n%s", text, again)
		}
		e.Eval(nil, WithMaxSteps(100_000), WithMaxList(10_000))
	})
}
