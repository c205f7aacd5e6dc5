package reference

import (
	"strings"

	"passerelle/engine/feel"
)

// Result is what came of an evaluation. Skip says why it cannot be compared:
// the expression asks for more than this evaluator can do.
type Result struct {
	Value feel.Value
	Skip  string
}

// Eval evaluates a syntax tree in a scope (nil: no variables). A tree of unary
// tests is evaluated on the scope's "?".
func Eval(n feel.Node, scope *feel.Scope) (r Result) {
	in := &interpreter{scope: scope, left: 10_000}
	defer func() {
		if p := recover(); p != nil {
			s, ok := p.(skip)
			if !ok {
				panic(p)
			}
			r = Result{Skip: string(s)}
		}
	}()
	return Result{Value: in.eval(n, nil)}
}

// skip is the panic that ends an evaluation which cannot be compared.
type skip string

type interpreter struct {
	scope     *feel.Scope
	left      int // nodes, rounds and items to visit: lists are copied, so that work may be its square
	functions []closure
	calls     int
}

// closure is a function literal with what it saw.
type closure struct {
	value feel.Value // stands for it
	lit   *feel.FunctionLiteral
	in    *frame
}

// frame is one variable, or the item of a filter, inside the frames around it.
type frame struct {
	outer *frame
	name  string
	value feel.Value
	item  bool
}

func (in *interpreter) work(n int) {
	if in.left -= n; in.left < 0 {
		panic(skip("too much work"))
	}
}

// lookup finds a variable; the entries of a filter's item are variables too.
func (in *interpreter) lookup(f *frame, name string) (feel.Value, bool) {
	for ; f != nil; f = f.outer {
		if f.item && name != "?" {
			if v, ok := f.value.Get(name); ok {
				return v, true
			}
		}
		if f.name == name {
			return f.value, true
		}
	}
	return in.scope.Lookup(name)
}

func null() feel.Value { return feel.Null() }

func (in *interpreter) eval(n feel.Node, f *frame) feel.Value {
	in.work(1)
	switch n := n.(type) {
	case *feel.Literal:
		return n.Value
	case *feel.Name:
		return in.name(n.Name, f)
	case *feel.Path:
		return path(in.eval(n.X, f), n.Name)
	case *feel.Filter:
		return in.filter(n, f)
	case *feel.Invocation:
		return in.invocation(n, f)
	case *feel.Negation:
		return negative(in.eval(n.X, f))
	case *feel.Binary:
		return in.binary(n.Op, in.eval(n.X, f), in.eval(n.Y, f))
	case *feel.Between: // table 42: x >= low and x <= high
		x, low, high := in.eval(n.X, f), in.eval(n.Low, f), in.eval(n.High, f)
		return conjunction(compared(">=", x, low), compared("<=", x, high))
	case *feel.In:
		return logical(in.anyTest(n.Tests, in.eval(n.X, f), f))
	case *feel.InstanceOf:
		return instanceOf(in.eval(n.X, f), n.Type)
	case *feel.If:
		if isTrue(in.eval(n.Cond, f)) {
			return in.eval(n.Then, f)
		}
		return in.eval(n.Else, f)
	case *feel.For:
		return in.forReturn(n, f)
	case *feel.Quantified:
		return in.quantified(n, f)
	case *feel.FunctionLiteral:
		if n.External {
			return null()
		}
		return in.closure(n, f)
	case *feel.ListLiteral:
		items := []feel.Value{}
		for _, x := range n.Items {
			items = append(items, in.eval(x, f))
		}
		return feel.List(items...)
	case *feel.ContextLiteral:
		return in.context(n, f)
	case *feel.RangeLiteral:
		return literalRange(n, in.eval(n.Low, f), in.eval(n.High, f))
	case *feel.Comparison:
		return unaryRange(n.Op, in.eval(n.X, f))
	case *feel.UnaryTests:
		return in.cell(n, f)
	}
	panic(skip("an unknown node"))
}

func (in *interpreter) name(name string, f *frame) feel.Value {
	if v, ok := in.lookup(f, name); ok {
		return v
	}
	if first, rest, dotted := strings.Cut(name, "."); dotted {
		if v, ok := in.lookup(f, first); ok {
			for _, part := range strings.Split(rest, ".") {
				v = path(v, part)
			}
			return v
		}
	}
	return engineFunction(name)
}

// engineFunction is the value of a built-in function, null when there is none.
func engineFunction(name string) feel.Value {
	if v, ok := engineValues[name]; ok {
		return v
	}
	return compiled(name)
}

func compiled(name string) feel.Value {
	e, err := feel.Compile(name)
	if err != nil {
		return null()
	}
	v, _ := e.Eval(nil)
	return v
}

// filter is 10.3.2.5: a list keeps the items for which the condition is true; a
// number is a position; what is no list is a list of itself.
func (in *interpreter) filter(n *feel.Filter, f *frame) feel.Value {
	x := in.eval(n.X, f)
	if x.IsNull() {
		return null()
	}
	items := asList(x)
	if i, ok := literalNumber(n.Cond); ok {
		return itemAt(items, i)
	}
	kept := []feel.Value{}
	for k, item := range items {
		in.work(1)
		c := in.eval(n.Cond, &frame{f, "item", item, true})
		switch {
		case k == 0 && c.Kind() == feel.KindNumber:
			return itemAt(items, c)
		case isTrue(c):
			kept = append(kept, item)
		case !c.IsNull() && c.Kind() != feel.KindBoolean:
			return null()
		}
	}
	return feel.List(kept...)
}

func literalNumber(n feel.Node) (feel.Value, bool) {
	switch n := n.(type) {
	case *feel.Literal:
		return n.Value, n.Value.Kind() == feel.KindNumber
	case *feel.Negation:
		if l, ok := n.X.(*feel.Literal); ok && l.Value.Kind() == feel.KindNumber {
			return negative(l.Value), true
		}
	}
	return null(), false
}

func asList(v feel.Value) []feel.Value {
	if v.Kind() == feel.KindList {
		return v.Items()
	}
	return []feel.Value{v}
}

// itemAt counts from 1, backwards from -1.
func itemAt(items []feel.Value, position feel.Value) feel.Value {
	i, ok := position.AsInt()
	switch n := int64(len(items)); {
	case !ok:
		return null()
	case i >= 1 && i <= n:
		return items[i-1]
	case i <= -1 && i >= -n:
		return items[n+i]
	}
	return null()
}

func isTrue(v feel.Value) bool { b, ok := v.AsBool(); return ok && b }

// rounds calls body with every combination of the iterators' values, the last
// fastest, until it returns false. wrong: an iterator has nothing to run over.
func (in *interpreter) rounds(its []feel.Iterator, f *frame, body func(*frame) bool) (wrong, stopped bool) {
	if len(its) == 0 {
		return false, !body(f)
	}
	values, ok := in.over(&its[0], f)
	if !ok {
		return true, false
	}
	for _, v := range values {
		in.work(1)
		if wrong, stopped = in.rounds(its[1:], &frame{outer: f, name: its[0].Name, value: v}, body); wrong || stopped {
			return wrong, stopped
		}
	}
	return false, false
}

// over lists what an iterator visits.
func (in *interpreter) over(it *feel.Iterator, f *frame) ([]feel.Value, bool) {
	v := in.eval(it.List, f)
	if it.End != nil { // a..b, in either direction
		return in.steps(v, in.eval(it.End, f))
	}
	switch v.Kind() {
	case feel.KindList:
		return v.Items(), true
	case feel.KindNull:
		return nil, false
	case feel.KindRange: // closed, and not backwards
		low, lowClosed, high, highClosed, _ := v.Bounds()
		c, ok := compare(low, high)
		if !lowClosed || !highClosed || operator(v) != "" || !ok || c > 0 {
			return nil, false
		}
		return in.steps(low, high)
	}
	return []feel.Value{v}, true
}

// steps goes from one number to another in ones, or from day to day.
func (in *interpreter) steps(from, to feel.Value) ([]feel.Value, bool) {
	one := feel.Int(1)
	if from.Kind() == feel.KindDate {
		one = mustTemporal("P1D")
	}
	c, ok := compare(from, to)
	if !ok || from.Kind() != feel.KindNumber && from.Kind() != feel.KindDate {
		return nil, false
	}
	if c > 0 {
		one = negative(one)
	}
	var out []feel.Value
	for v := from; ; v = plus(v, one) {
		in.work(1)
		if d, _ := compare(v, to); d != 0 && (d > 0) == (c <= 0) {
			return out, true
		}
		out = append(out, v)
	}
}

func (in *interpreter) forReturn(n *feel.For, f *frame) feel.Value {
	out := []feel.Value{}
	wrong, _ := in.rounds(n.Iterators, f, func(f *frame) bool {
		partial := feel.List(append([]feel.Value{}, out...)...)
		out = append(out, in.eval(n.Body, &frame{outer: f, name: "partial", value: partial}))
		return true
	})
	if wrong {
		return null()
	}
	return feel.List(out...)
}

// quantified is the disjunction (some) or conjunction (every) of its rounds.
func (in *interpreter) quantified(n *feel.Quantified, f *frame) feel.Value {
	result := feel.Bool(n.Every)
	wrong, _ := in.rounds(n.Iterators, f, func(f *frame) bool {
		v := in.eval(n.Body, f)
		if n.Every {
			result = conjunction(result, v)
		} else {
			result = disjunction(result, v)
		}
		b, ok := result.AsBool()
		return !ok || b == n.Every // once decided, the rest does not matter
	})
	if wrong {
		return null()
	}
	return result
}

// context evaluates the entries in order; each sees those before it, and a
// function literal sees itself.
func (in *interpreter) context(n *feel.ContextLiteral, f *frame) feel.Value {
	var entries []feel.Entry
	for _, e := range n.Entries {
		for _, before := range entries {
			if before.Name == e.Name {
				return null()
			}
		}
		own := &frame{outer: f, name: e.Name}
		if _, isFunction := e.Value.(*feel.FunctionLiteral); isFunction {
			own.value = in.eval(e.Value, own)
		} else {
			own.value = in.eval(e.Value, f)
		}
		f = own
		entries = append(entries, feel.Entry{Name: e.Name, Value: own.value})
	}
	return feel.Context(entries...)
}

func (in *interpreter) closure(n *feel.FunctionLiteral, f *frame) feel.Value {
	v := feel.Function(feel.Signature{Params: n.Params}, func(*feel.Call, []feel.Value) feel.Value {
		panic(skip("the engine calls a function of the reference"))
	})
	in.functions = append(in.functions, closure{v, n, f})
	return v
}

// apply calls a function value by position.
func (in *interpreter) apply(fn feel.Value, args []feel.Value) feel.Value {
	in.work(1)
	sig, ok := fn.Signature()
	if !ok {
		return null()
	}
	if in.calls++; in.calls > 200 {
		panic(skip("deep recursion"))
	}
	defer func() { in.calls-- }()
	for _, c := range in.functions {
		if !c.value.Equal(fn) {
			continue
		}
		if len(args) != len(sig.Params) {
			return null()
		}
		f := c.in
		for i, p := range sig.Params {
			v, ok := coerce(p.Type, args[i])
			if !ok {
				return null()
			}
			f = &frame{outer: f, name: p.Name, value: v}
		}
		return in.eval(c.lit.Body, f)
	}
	if name := builtinOf(fn); name != "" {
		return in.builtin(name, nil, args)
	}
	v, _ := fn.Invoke(args)
	return v
}

func (in *interpreter) invocation(n *feel.Invocation, f *frame) feel.Value {
	var args []feel.Value
	for _, a := range n.Args {
		args = append(args, in.eval(a, f))
	}
	name, isName := n.Fn.(*feel.Name)
	if isName {
		v, known := in.lookup(f, name.Name)
		if known && v.Kind() == feel.KindFunction {
			return in.call(v, n.Names, args)
		}
		return in.builtin(name.Name, n.Names, args)
	}
	return in.call(in.eval(n.Fn, f), n.Names, args)
}

// call puts named arguments into their order.
func (in *interpreter) call(fn feel.Value, names []string, args []feel.Value) feel.Value {
	if names == nil {
		return in.apply(fn, args)
	}
	sig, ok := fn.Signature()
	if !ok {
		return null()
	}
	if b := builtinOf(fn); b != "" {
		return in.builtin(b, names, args)
	}
	given := map[string]feel.Value{}
	for i, n := range names {
		if _, twice := given[n]; twice {
			return null()
		}
		given[n] = args[i]
	}
	ordered := []feel.Value{}
	for _, p := range sig.Params {
		v, ok := given[p.Name]
		if !ok {
			return null()
		}
		ordered = append(ordered, v)
	}
	if len(ordered) != len(given) {
		return null()
	}
	return in.apply(fn, ordered)
}
