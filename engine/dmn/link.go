package dmn

import (
	"strings"

	"passerelle/engine/feel"
)

// linkImports finds the model of each import: by namespace, else by file name,
// else by a namespace that ends with the model's id, as some modellers write.
func (u *unit) linkImports(fail failFunc) {
	for _, imp := range u.defs.Imports {
		if imp.Type != "" && !strings.Contains(imp.Type, "/DMN/") {
			u.problem(imp.Pos, imp.Name, "imports of type "+imp.Type+" are "+unsupportedMark)
			continue
		}
		target := u.m.findImport(u, imp)
		if target == nil {
			fail(u, imp.Pos, imp.Name, "no model of namespace %q was given", imp.Namespace)
			continue
		}
		u.imports = append(u.imports, unitImport{cleanName(imp.Name), target})
	}
}

func (m *Model) findImport(from *unit, imp *Import) *unit {
	for _, u := range m.units {
		if u != from && u.defs.Namespace == imp.Namespace {
			return u
		}
	}
	for _, u := range m.units {
		if u != from && u.defs.Name != "" && (imp.Location == u.defs.Name || strings.HasSuffix(imp.Location, u.defs.Name+".dmn")) {
			return u
		}
	}
	for _, u := range m.units {
		if u != from && u.defs.ID != "" && strings.HasSuffix(imp.Namespace, "/"+u.defs.ID) {
			return u
		}
	}
	return nil
}

// importOrder sorts models so that each comes after those it imports.
func importOrder(units []*unit, fail failFunc) []*unit {
	var out []*unit
	state := map[*unit]int{}
	var visit func(u *unit)
	visit = func(u *unit) {
		switch state[u] {
		case 1:
			fail(u, u.defs.Pos, u.defs.Name, "the model imports itself through others")
			return
		case 2:
			return
		}
		state[u] = 1
		for _, imp := range u.imports {
			visit(imp.unit)
		}
		state[u] = 2
		out = append(out, u)
	}
	for _, u := range units {
		visit(u)
	}
	return out
}

// link resolves the requirements.
func (u *unit) link(fail failFunc) {
	for _, n := range u.nodes {
		switch n := n.(type) {
		case *decisionNode:
			n.reqs = u.requirements(n.def.Requires, n.label, fail)
		case *knowledgeNode:
			n.reqs = u.requirements(n.def.Requires, n.label, fail)
		case *serviceNode:
			u.linkService(n, fail)
		}
	}
}

func (u *unit) requirements(list []Requirement, element string, fail failFunc) []requirement {
	var out []requirement
	seen := map[node]bool{}
	for _, r := range list {
		q, ok := u.resolve(r, element, fail)
		if !ok || seen[q.node] {
			continue
		}
		seen[q.node] = true
		out = append(out, q)
	}
	return out
}

func (u *unit) resolve(r Requirement, element string, fail failFunc) (requirement, bool) {
	namespace, id, found := strings.Cut(r.Href, "#")
	if !found {
		namespace, id = "", r.Href
	}
	var q requirement
	if namespace == "" || namespace == u.defs.Namespace {
		q.node = u.byID[id]
	}
	if q.node == nil && namespace != "" {
		for _, imp := range u.imports {
			if imp.unit.defs.Namespace != namespace && !strings.HasSuffix(namespace, "/"+imp.unit.defs.ID) {
				continue
			}
			if n := imp.unit.byID[id]; n != nil {
				q.prefix, q.node = imp.name, n
				break
			}
		}
	}
	if q.node == nil {
		fail(u, r.Pos, element, "the requirement %q leads nowhere", r.Href)
		return q, false
	}
	kind := RequiresKnowledge
	switch q.node.(type) {
	case *inputNode:
		kind = RequiresInput
	case *decisionNode:
		kind = RequiresDecision
	}
	if kind != r.Kind {
		fail(u, r.Pos, element, "the requirement %q should be of kind %s, not %s", r.Href, kind, r.Kind)
		return q, false
	}
	q.name = q.node.info().name
	return q, true
}

func (u *unit) linkService(s *serviceNode, fail failFunc) {
	for _, r := range append(append([]Requirement{}, s.def.InputDataRefs...), s.def.InputDecisions...) {
		if q, ok := u.resolve(r, s.label, fail); ok {
			s.inputs = append(s.inputs, q.node)
			i := q.node.info()
			s.sig.Params = append(s.sig.Params, feel.Param{Name: i.name, Type: i.typ})
		}
	}
	for _, r := range s.def.Outputs {
		if q, ok := u.resolve(r, s.label, fail); ok {
			s.outputs = append(s.outputs, q.node.(*decisionNode))
		}
	}
	for _, r := range s.def.Encapsulated {
		u.resolve(r, s.label, fail)
	}
	if len(s.outputs) == 0 {
		fail(u, s.at, s.label, "the service has no output decision")
	}
	s.outType = s.typ
	if s.typ != nil && s.typ.Kind == feel.TypeFunction {
		s.outType = s.typ.Result
	}
}

// findCircles reports decisions that require themselves. Knowledge models may:
// that is recursion.
func findCircles(m *Model, fail failFunc) {
	state := map[*decisionNode]int{}
	var visit func(d *decisionNode)
	visit = func(d *decisionNode) {
		state[d] = 1
		for _, r := range d.reqs {
			n, ok := r.node.(*decisionNode)
			if !ok {
				continue
			}
			switch state[n] {
			case 0:
				visit(n)
			case 1:
				fail(d.u, d.at, d.label, "the decision requires itself through %q", n.label)
			}
		}
		state[d] = 2
	}
	for _, u := range m.units {
		for _, n := range u.nodes {
			if d, ok := n.(*decisionNode); ok && state[d] == 0 {
				visit(d)
			}
		}
	}
}
