package dmn

import (
	"strings"

	"passerelle/engine/feel"
)

// Used is a variable, or an entry of one, that an expression read.
type Used struct {
	Name  string     `json:"name"` // such as "Household.monthly income"
	Value feel.Value `json:"value"`
}

// usesOf returns what an expression read from the scope, each once, in the
// order of the text. Functions and variables of the expression itself are left
// out.
func usesOf(e *feel.Expr, s *feel.Scope) []Used {
	if e == nil {
		return nil
	}
	free := e.Names()
	if len(free) == 0 {
		return nil
	}
	var out []Used
	add := func(name string, v feel.Value) {
		if v.Kind() == feel.KindFunction {
			return
		}
		for _, u := range out {
			if u.Name == name {
				return
			}
		}
		out = append(out, Used{name, v})
	}
	inPath := map[feel.Node]bool{} // heads of paths already resolved
	walk(e.AST(), func(n feel.Node) {
		if inPath[n] {
			return
		}
		path := pathOf(n)
		if path == nil || !readsFree(path[0], free) {
			return
		}
		for x := n; x != nil; {
			inPath[x] = true
			p, ok := x.(*feel.Path)
			if !ok {
				break
			}
			x = p.X
		}
		if name, v, ok := resolvePath(path, s); ok {
			add(name, v)
		}
	})
	return out
}

func readsFree(name string, free []string) bool {
	for _, f := range free {
		if f == name {
			return f != "?"
		}
	}
	return false
}

// pathOf returns the parts of a name or a path of names, nil for other nodes.
func pathOf(n feel.Node) []string {
	switch n := n.(type) {
	case *feel.Name:
		return []string{n.Name}
	case *feel.Path:
		if head := pathOf(n.X); head != nil {
			return append(head, n.Name)
		}
	}
	return nil
}

// resolvePath follows a path as far as contexts go. A variable whose own name
// has dots is found under its longest name.
func resolvePath(path []string, s *feel.Scope) (string, feel.Value, bool) {
	for n := len(path); n > 0; n-- {
		name := strings.Join(path[:n], ".")
		v, ok := s.Lookup(name)
		if !ok {
			continue
		}
		for _, part := range path[n:] {
			next, ok := v.Get(part)
			if !ok {
				break
			}
			v, name = next, name+"."+part
		}
		return name, v, true
	}
	return "", feel.Value{}, false
}
