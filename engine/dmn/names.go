package dmn

import (
	"strings"

	"passerelle/engine/feel"
)

// walk calls f for a node of FEEL's syntax tree and all below it.
func walk(n feel.Node, f func(feel.Node)) { feel.Walk(n, f) }

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
