package column

import (
	"math/bits"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// node is a planned expression: *number or *truth.
type node interface {
	run(n int) Column
}

// planner finds the form in columns of a syntax tree. nil means that there is
// none. Every part of the tree is planned once.
type planner struct {
	columns map[string]Column
	parts   int // planned so far
}

// maxParts bounds an expression that runs over columns: each part may need a
// block of its own.
const maxParts = 4096

func (p *planner) plan(n feel.Node) node {
	if p.parts++; p.parts > maxParts {
		return nil
	}
	switch n := n.(type) {
	case *feel.Literal:
		return constant(n.Value)
	case *feel.Name:
		return p.name(n.Name)
	case *feel.Negation:
		if x := p.number(n.X); x != nil {
			return keep(x.times(-1, 0))
		}
	case *feel.Binary:
		return p.binary(n)
	case *feel.Between:
		x, low, high := p.number(n.X), p.number(n.Low), p.number(n.High)
		if x != nil && low != nil && high != nil {
			return both(keepTruth(compare("<=", low, x)), keepTruth(compare("<=", x, high)))
		}
	case *feel.If:
		return p.choice(n)
	case *feel.Invocation:
		return p.call(n)
	}
	return nil
}

// keep and keepTruth turn a typed nil into a plain one.
func keep(x *number) node {
	if x == nil {
		return nil
	}
	return x
}

func keepTruth(t *truth) node {
	if t == nil {
		return nil
	}
	return t
}

func constant(v feel.Value) node {
	switch v.Kind() {
	case feel.KindNumber:
		d, _ := v.AsNumber()
		return keep(exactly(d))
	case feel.KindBoolean:
		b, _ := v.AsBool()
		return always(b)
	}
	return nil
}

// exactly is a constant as an integer and a scale.
func exactly(d decimal128.Decimal) *number {
	for scale := 0; scale <= 18; scale++ {
		scaled := d.Mul(decimal128.New(1, scale))
		if i, ok := scaled.Int64(); ok && decimal128.FromInt64(i).Equal(scaled) {
			return &number{b: i, scale: scale, lo: i, hi: i}
		}
	}
	return nil
}

func (p *planner) name(name string) node {
	switch c, ok := p.columns[name]; {
	case !ok:
		return nil
	case c.ints != nil:
		return &number{base: plain(c.ints), k: 1, scale: c.scale, lo: c.lo, hi: c.hi}
	case c.bools != nil:
		return &truth{given: c.bools}
	case c.values == nil:
		return constant(c.all)
	}
	return nil
}

func (p *planner) number(n feel.Node) *number {
	x, _ := p.plan(n).(*number)
	return x
}

func (p *planner) truth(n feel.Node) *truth {
	x, _ := p.plan(n).(*truth)
	return x
}

func (p *planner) binary(n *feel.Binary) node {
	switch n.Op {
	case "and":
		return both(p.plan(n.X), p.plan(n.Y))
	case "or":
		x, y := p.truth(n.X), p.truth(n.Y)
		if x == nil || y == nil {
			return nil
		}
		return not(both(not(x), not(y)))
	}
	x, y := p.number(n.X), p.number(n.Y)
	if x == nil || y == nil {
		return nil
	}
	switch n.Op {
	case "+":
		return keep(add(x, y))
	case "-":
		if y = y.times(-1, 0); y != nil {
			return keep(add(x, y))
		}
	case "*":
		return keep(multiply(x, y))
	case "<", "<=", ">", ">=", "=", "!=":
		return keepTruth(compare(n.Op, x, y))
	}
	return nil
}

func (p *planner) choice(n *feel.If) node {
	cond := p.truth(n.Cond)
	if cond == nil {
		return nil
	}
	if cond.certain {
		if cond.value {
			return p.plan(n.Then)
		}
		return p.plan(n.Else)
	}
	switch x := p.plan(n.Then).(type) {
	case *number:
		if y := p.number(n.Else); y != nil {
			return keep(choose(cond, x, y))
		}
	case *truth:
		if y := p.truth(n.Else); y != nil {
			// c ? x : y is (c and x) or (not c and y)
			return not(both(not(both(cond, x)), not(both(not(cond), y))))
		}
	}
	return nil
}

// call plans the built-in functions of numbers. A name that is a column is none.
func (p *planner) call(n *feel.Invocation) node {
	fn, ok := n.Fn.(*feel.Name)
	if _, shadowed := p.columns[fn0(fn)]; !ok || shadowed || len(n.Names) > 0 || len(n.Args) == 0 {
		return nil
	}
	if fn.Name == "not" && len(n.Args) == 1 {
		if x := p.truth(n.Args[0]); x != nil {
			return not(x)
		}
		return nil
	}
	var args []*number
	for _, a := range n.Args {
		x := p.number(a)
		if x == nil {
			return nil
		}
		args = append(args, x)
	}
	switch fn.Name {
	case "max", "min":
		if len(args) < 2 {
			return nil
		}
		x := args[0]
		for _, y := range args[1:] {
			if x = extreme(fn.Name == "max", x, y); x == nil {
				return nil
			}
		}
		return x
	case "abs":
		if len(args) == 1 {
			if minus := args[0].times(-1, 0); minus != nil {
				return keep(extreme(true, args[0], minus))
			}
		}
	case "floor", "ceiling", "round half up", "round up", "round down":
		places := 0
		if len(args) == 2 {
			if args[1].base != nil || args[1].scale != 0 || args[1].b < 0 || args[1].b > 18 {
				return nil
			}
			places = int(args[1].b)
		} else if len(args) != 1 || (fn.Name != "floor" && fn.Name != "ceiling") {
			return nil
		}
		return keep(round(fn.Name, args[0], places))
	}
	return nil
}

func fn0(fn *feel.Name) string {
	if fn == nil {
		return ""
	}
	return fn.Name
}

// Arithmetic of bounds: ok is false when the result needs more than 64 bits.

func sum(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func product(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > 1<<62 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return uint64(-a)
	}
	return uint64(a)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
