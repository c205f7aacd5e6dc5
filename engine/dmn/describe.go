package dmn

import "passerelle/engine/feel"

// Problems returns the mistakes found in single expressions and types, in no
// particular order of importance. A model that decides about people should
// have none.
func (m *Model) Problems() []Problem { return m.problems }

// Name returns the model's name.
func (m *Model) Name() string { return m.main.defs.Name }

// Namespace returns the model's namespace.
func (m *Model) Namespace() string { return m.main.defs.Namespace }

// Decisions returns the names of the model's decisions, as written. Imported
// ones are not among them.
func (m *Model) Decisions() []string {
	var out []string
	for _, d := range m.main.defs.Decisions {
		out = append(out, d.Name)
	}
	return out
}

// Services returns the names of the model's decision services.
func (m *Model) Services() []string {
	var out []string
	for _, s := range m.main.defs.Services {
		out = append(out, s.Name)
	}
	return out
}

// Input describes one fact that a decision needs.
type Input struct {
	ID, Name, Label, Description string
	TypeRef                      string     // as written; "": any
	Type                         *feel.Type // nil: any
	Namespace                    string     // of the model that defines it
	Imported                     bool       // not from the main model
}

// Inputs returns the facts that a decision (by name or id) needs, directly or
// through other decisions, each once, in the order in which they are met. It
// is nil for an unknown decision.
func (m *Model) Inputs(decision string) []Input {
	d := m.decision(decision)
	if d == nil {
		return nil
	}
	out := []Input{}
	seen := map[node]bool{}
	var visit func(n node)
	visit = func(n node) {
		if seen[n] {
			return
		}
		seen[n] = true
		switch n := n.(type) {
		case *inputNode:
			out = append(out, Input{ID: n.id, Name: n.def.Name, Label: n.def.Label, Description: n.def.Description, TypeRef: n.typeRef,
				Type: n.typ, Namespace: n.u.defs.Namespace, Imported: n.u != m.main})
		case *decisionNode:
			for _, r := range n.reqs {
				visit(r.node)
			}
		}
	}
	visit(d)
	return out
}

// decision finds a decision of the main model by name or id.
func (m *Model) decision(key string) *decisionNode {
	if d, ok := m.main.byName[key].(*decisionNode); ok {
		return d
	}
	d, _ := m.main.byID[key].(*decisionNode)
	return d
}

func (m *Model) service(key string) *serviceNode {
	if s, ok := m.main.byName[key].(*serviceNode); ok {
		return s
	}
	s, _ := m.main.byID[key].(*serviceNode)
	return s
}
