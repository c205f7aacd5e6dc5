package dmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// checkedExpr is an expression with what is known where it stands.
type checkedExpr struct {
	u       *unit
	at      Pos
	element string
	expr    *feel.Expr
	scope   *names
	want    *feel.Type // of its value; nil: any
	input   *feel.Type // of "?" in unary tests
}

// typer infers the types of an expression as far as they are known, and notes
// what cannot be right. A nil type is unknown: nothing is said about it.
type typer struct {
	x     *checkedExpr
	scope *names
	say   func(n feel.Node, msg string)
}

// types checks every expression of the model.
func (c *checker) types() {
	for i := range c.m.exprs {
		x := &c.m.exprs[i]
		told := map[string]bool{}
		t := &typer{x: x, scope: x.scope, say: func(n feel.Node, msg string) {
			if !told[msg] {
				told[msg] = true
				c.add(x.u, x.at, x.element, BadType, SeverityError, fmt.Sprintf("%s in %q", msg, x.expr.Source()))
			}
		}}
		got := t.of(x.expr.AST())
		if x.want != nil && got != nil && disjoint(got, x.want) {
			t.say(x.expr.AST(), fmt.Sprintf("the value is a %s, not a %s", kindName(got), kindName(x.want)))
		}
	}
}

// disjoint reports whether no value but null can be of both types, coercion of
// lists of one and of dates included.
func disjoint(a, b *feel.Type) bool {
	if a == nil || b == nil || a.Kind == feel.TypeAny || b.Kind == feel.TypeAny || a.Kind == feel.TypeNull || b.Kind == feel.TypeNull {
		return false
	}
	if a.Kind == feel.TypeList || b.Kind == feel.TypeList {
		x, y := a, b
		if x.Kind == feel.TypeList {
			x = x.Elem
		}
		if y.Kind == feel.TypeList {
			y = y.Elem
		}
		return disjoint(x, y)
	}
	if a.Kind == feel.TypeDate && b.Kind == feel.TypeDateTime || a.Kind == feel.TypeDateTime && b.Kind == feel.TypeDate {
		return false
	}
	return a.Kind != b.Kind
}

func kindName(t *feel.Type) string {
	plain := *t
	plain.Name = ""
	switch plain.Kind {
	case feel.TypeContext, feel.TypeFunction, feel.TypeList, feel.TypeRange:
		return t.String()
	}
	return plain.String()
}

// of returns the type of a node.
func (t *typer) of(n feel.Node) *feel.Type {
	switch n := n.(type) {
	case *feel.Literal:
		return literalType(n.Value)
	case *feel.Name:
		if n.Name == "?" {
			return t.x.input
		}
		return t.scope.typeOf(n.Name)
	case *feel.Path:
		return t.path(n)
	case *feel.Negation:
		return t.of(n.X)
	case *feel.Binary:
		return t.binary(n)
	case *feel.Between, *feel.In, *feel.InstanceOf:
		return feel.BooleanType
	case *feel.If:
		if c := t.of(n.Cond); disjoint(c, feel.BooleanType) {
			t.say(n.Cond, "the condition "+n.Cond.String()+" is a "+kindName(c))
		}
		a, b := t.of(n.Then), t.of(n.Else)
		if a == nil || b == nil || a.Kind == b.Kind {
			return a
		}
		if a.Kind == feel.TypeNull {
			return b
		}
		if b.Kind == feel.TypeNull {
			return a
		}
		return nil
	case *feel.Quantified:
		return feel.BooleanType
	case *feel.ListLiteral:
		return t.list(n)
	case *feel.ContextLiteral:
		inner := *t
		out := &feel.Type{Kind: feel.TypeContext}
		for _, e := range n.Entries {
			f := inner.of(e.Value)
			inner.scope = inner.scope.with(e.Name, f)
			out.Fields = append(out.Fields, feel.Field{Name: e.Name, Type: f})
		}
		return out
	case *feel.Invocation:
		for _, a := range n.Args {
			t.of(a)
		}
		if name, ok := n.Fn.(*feel.Name); ok {
			if f := t.scope.typeOf(name.Name); f != nil && f.Kind == feel.TypeFunction {
				return f.Result
			} else if !t.scope.has(name.Name) {
				return builtinResults[name.Name]
			}
		}
	}
	return nil
}

func literalType(v feel.Value) *feel.Type {
	switch v.Kind() {
	case feel.KindNull:
		return feel.NullType
	case feel.KindList, feel.KindContext, feel.KindRange, feel.KindFunction:
		return nil
	}
	return feel.SimpleType(v.Kind().String())
}

func (t *typer) list(n *feel.ListLiteral) *feel.Type {
	var elem *feel.Type
	for i, item := range n.Items {
		x := t.of(item)
		if i == 0 {
			elem = x
		} else if elem == nil || x == nil || elem.Kind != x.Kind || elem.String() != x.String() {
			elem = nil
		}
	}
	return feel.ListOf(elem)
}

func (t *typer) path(n *feel.Path) *feel.Type {
	x := t.of(n.X)
	list := false
	if x != nil && x.Kind == feel.TypeList { // a path on a list is the list of the paths
		x, list = x.Elem, true
	}
	if x == nil || x.Kind != feel.TypeContext || len(x.Fields) == 0 {
		return nil
	}
	for _, f := range x.Fields {
		if f.Name == n.Name {
			if list {
				return feel.ListOf(f.Type)
			}
			return f.Type
		}
	}
	t.say(n, fmt.Sprintf("%s has no %q", n.X.String(), n.Name))
	return nil
}

func (t *typer) binary(n *feel.Binary) *feel.Type {
	a, b := t.of(n.X), t.of(n.Y)
	switch n.Op {
	case "and", "or":
		for _, x := range []*feel.Type{a, b} {
			if disjoint(x, feel.BooleanType) {
				t.say(n, fmt.Sprintf("%q needs true or false, not a %s", n.Op, kindName(x)))
			}
		}
		return feel.BooleanType
	case "=", "!=", "<", "<=", ">", ">=":
		if disjoint(a, b) {
			t.say(n, fmt.Sprintf("%s compares a %s with a %s", n.String(), kindName(a), kindName(b)))
		}
		return feel.BooleanType
	}
	if a == nil || b == nil {
		return nil
	}
	if a.Kind == feel.TypeNumber && b.Kind == feel.TypeNumber {
		return feel.NumberType
	}
	if a.Kind == feel.TypeString && b.Kind == feel.TypeString && n.Op == "+" {
		return feel.StringType
	}
	for _, x := range []*feel.Type{a, b} {
		other := a
		if x == a {
			other = b
		}
		if (x.Kind == feel.TypeString || x.Kind == feel.TypeBoolean) && other.Kind >= feel.TypeBoolean && other.Kind <= feel.TypeMonthsDuration {
			t.say(n, fmt.Sprintf("%q does not work on a %s and a %s", n.Op, kindName(a), kindName(b)))
			return nil
		}
	}
	return nil // dates and durations: many combinations
}

// builtinResults are the result types of FEEL's functions that have one.
var builtinResults = func() map[string]*feel.Type {
	out := map[string]*feel.Type{}
	add := func(t *feel.Type, names ...string) {
		for _, n := range names {
			out[n] = t
		}
	}
	add(feel.NumberType, "number", "string length", "count", "sum", "mean", "product", "median", "stddev", "decimal", "floor", "ceiling",
		"round up", "round down", "round half up", "round half down", "abs", "modulo", "sqrt", "log", "exp", "day of year", "week of year")
	add(feel.StringType, "string", "substring", "upper case", "lower case", "substring before", "substring after", "replace", "string join",
		"day of week", "month of year")
	add(feel.BooleanType, "not", "contains", "starts with", "ends with", "matches", "list contains", "all", "any", "even", "odd", "is",
		"before", "after", "meets", "met by", "overlaps", "includes", "during", "starts", "finishes", "coincides")
	add(feel.DateType, "date", "today")
	add(feel.DateTimeType, "date and time", "now")
	add(feel.TimeType, "time")
	add(feel.MonthsDurationType, "years and months duration")
	return out
}()
