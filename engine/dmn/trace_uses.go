package dmn

import (
	"slices"
	"strings"

	"passerelle/engine/feel"
)

// Used is a variable, or an entry of one, that an expression read.
type Used struct {
	Name  string     `json:"name"` // such as "Household.monthly income"
	Value feel.Value `json:"value"`
}

// reads are the names and paths that an expression reads from its scope, in the
// order of the text: what can be said of its uses before any evaluation.
type reads [][]string

// readsOf finds what an expression (nil: none) reads.
func readsOf(e *feel.Expr) reads {
	if e == nil {
		return nil
	}
	free := e.Names()
	if len(free) == 0 {
		return nil
	}
	var out reads
	inPath := map[feel.Node]bool{} // heads of paths already taken
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
		out = append(out, path)
	})
	return out
}

// uses returns what is read in the scope, each once. Functions and variables of
// the expression itself are left out.
func (paths reads) uses(s *feel.Scope) []Used {
	var out []Used
	for _, path := range paths {
		name, v, ok := resolvePath(path, s)
		if !ok || v.Kind() == feel.KindFunction || slices.ContainsFunc(out, func(u Used) bool { return u.Name == name }) {
			continue
		}
		out = append(out, Used{name, v})
	}
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
