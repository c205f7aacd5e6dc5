package dmn

import (
	"strings"

	"passerelle/engine/feel"
)

// walk calls f for a node of FEEL's syntax tree and all below it.
func walk(n feel.Node, f func(feel.Node)) {
	if n == nil {
		return
	}
	f(n)
	all := func(nodes ...feel.Node) {
		for _, x := range nodes {
			walk(x, f)
		}
	}
	iterators := func(list []feel.Iterator) {
		for _, i := range list {
			all(i.List, i.End)
		}
	}
	switch n := n.(type) {
	case *feel.Path:
		all(n.X)
	case *feel.Filter:
		all(n.X, n.Cond)
	case *feel.Invocation:
		all(n.Fn)
		all(n.Args...)
	case *feel.Negation:
		all(n.X)
	case *feel.Binary:
		all(n.X, n.Y)
	case *feel.Between:
		all(n.X, n.Low, n.High)
	case *feel.In:
		all(n.X)
		all(n.Tests...)
	case *feel.InstanceOf:
		all(n.X)
	case *feel.If:
		all(n.Cond, n.Then, n.Else)
	case *feel.For:
		iterators(n.Iterators)
		all(n.Body)
	case *feel.Quantified:
		iterators(n.Iterators)
		all(n.Body)
	case *feel.FunctionLiteral:
		all(n.Body)
	case *feel.ListLiteral:
		all(n.Items...)
	case *feel.ContextLiteral:
		for _, e := range n.Entries {
			all(e.Value)
		}
	case *feel.RangeLiteral:
		all(n.Low, n.High)
	case *feel.Comparison:
		all(n.X)
	case *feel.UnaryTests:
		all(n.Tests...)
	}
}

// anyName in a scope says that further names may turn up in evaluation: the
// entries of an item of unknown type.
const anyName = ""

// use notes the names of an expression: those it may read from the scope, and
// those that nothing defines.
func (c *logicCompiler) use(e *feel.Expr, scope *names, at Pos) {
	if c.free == nil {
		c.free = map[string]bool{}
	}
	for _, n := range e.Names() {
		c.free[n] = true
		if n == "?" || scope.has(n) || scope.hasDotted(n) {
			continue
		}
		if scope.has(anyName) {
			c.open = true
		} else {
			c.u.m.unknown = append(c.u.m.unknown, unknownName{c.u, at, c.element, e.Source(), n})
		}
	}
	// Inside a filter a name may be an entry of the item or a variable, and only
	// evaluation can tell: Names leaves it out.
	walk(e.AST(), func(n feel.Node) {
		if _, ok := n.(*feel.FunctionLiteral); ok {
			c.u.m.functions = true
		}
		f, ok := n.(*feel.Filter)
		if !ok {
			return
		}
		walk(f.Cond, func(n feel.Node) {
			if name, ok := n.(*feel.Name); ok && scope.has(name.Name) {
				c.free[name.Name] = true
			} else if ok {
				c.open = true
			}
		})
	})
}

// hasDotted reports whether a name with a dot, such as "decision 2.1", begins
// with n.
func (n *names) hasDotted(first string) bool {
	for ; n != nil; n = n.parent {
		if strings.HasPrefix(n.name, first+".") {
			return true
		}
	}
	return false
}

// uses reports whether a set of used names has name, or the part of it before a
// dot.
func uses(used map[string]bool, name string) bool {
	if used[name] {
		return true
	}
	first, _, dotted := strings.Cut(name, ".")
	return dotted && used[first]
}
