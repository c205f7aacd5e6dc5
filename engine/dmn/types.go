package dmn

import (
	"strings"

	"passerelle/engine/feel"
)

// typeBuilder turns the item definitions of one model into FEEL types.
type typeBuilder struct {
	u       *unit
	defs    map[string]*ItemDefinition
	running map[string]bool // definitions being built, to find circles
}

func (u *unit) buildTypes() {
	b := &typeBuilder{u, map[string]*ItemDefinition{}, map[string]bool{}}
	for _, d := range u.defs.Types {
		if b.defs[d.Name] != nil {
			u.problem(d.Pos, d.Name, "a second type of this name")
			continue
		}
		b.defs[d.Name] = d
	}
	for _, d := range u.defs.Types {
		b.named(d)
	}
}

func (b *typeBuilder) named(d *ItemDefinition) *feel.Type {
	if t, ok := b.u.types[d.Name]; ok {
		return t
	}
	if b.running[d.Name] {
		b.u.problem(d.Pos, d.Name, "the type is defined by itself")
		return feel.Any
	}
	b.running[d.Name] = true
	t := b.build(d, d.Name)
	delete(b.running, d.Name)
	b.u.types[d.Name] = t
	return t
}

// build returns the type of a definition or component; path names it in
// problems.
func (b *typeBuilder) build(d *ItemDefinition, path string) *feel.Type {
	var t *feel.Type
	switch {
	case len(d.Components) > 0:
		t = &feel.Type{Kind: feel.TypeContext}
		for _, c := range d.Components {
			t.Fields = append(t.Fields, feel.Field{Name: c.Name, Type: b.build(c, path+"."+c.Name)})
		}
	case d.Function != nil:
		t = &feel.Type{Kind: feel.TypeFunction, Result: b.ref(d.Function.Result, d.Pos, path)}
		for _, p := range d.Function.Params {
			t.Params = append(t.Params, b.ref(p.TypeRef, p.Pos, path))
		}
	default:
		t = b.ref(d.TypeRef, d.Pos, path)
	}
	if d.Allowed != nil {
		t = b.constrain(t, d.Allowed, path)
	}
	if d.Collection {
		t = feel.ListOf(t)
	}
	if d.Constraint != nil {
		t = b.constrain(t, d.Constraint, path)
	}
	if len(d.Components) > 0 || d.Allowed != nil || d.Constraint != nil {
		named := *t
		if named.Name == "" {
			named.Name = path
		}
		t = &named
	}
	return t
}

// constrain adds tests to a copy of t. Tests that t has already stay in force.
func (b *typeBuilder) constrain(t *feel.Type, tests *UnaryTests, path string) *feel.Type {
	out := feel.Type{}
	if t != nil {
		out = *t
	}
	text := tests.Text
	if out.Allowed != nil {
		text = "(? in (" + out.Allowed.Source() + ")) and (? in (" + text + "))"
	}
	e, err := feel.CompileUnaryTests(text, feel.InputType(t))
	if err != nil {
		b.u.problem(tests.Pos, path, "allowed values: "+err.Error())
		return t
	}
	out.Allowed, out.Name = e, path
	return &out
}

func (b *typeBuilder) ref(name string, at Pos, path string) *feel.Type {
	name = cleanName(name)
	if d := b.defs[name]; d != nil {
		return b.named(d)
	}
	if t, ok := b.u.lookupType(name); ok {
		return t
	}
	b.u.problem(at, path, "unknown type "+name)
	return feel.Any
}

// lookupType returns the type that a typeRef names: an item definition of this
// model or (with a prefix) of an imported one, or a type of FEEL. An empty name
// is Any.
func (u *unit) lookupType(name string) (*feel.Type, bool) {
	name = cleanName(name)
	if name == "" {
		return nil, true
	}
	if t, ok := u.types[name]; ok {
		return t, true
	}
	for _, imp := range u.imports {
		if imp.name == "" {
			if t, ok := imp.unit.types[name]; ok {
				return t, true
			}
		} else if rest, ok := strings.CutPrefix(name, imp.name+"."); ok {
			if t, ok := imp.unit.lookupType(rest); ok {
				return t, true
			}
		}
	}
	name = strings.TrimPrefix(name, "feel:")
	if t := feel.SimpleType(name); t != nil {
		return t, true
	}
	switch name { // bare names of generic types, used by some modellers
	case "context":
		return feel.ContextType(), true
	case "list":
		return feel.ListOf(feel.Any), true
	case "function":
		return feel.Any, true
	}
	return nil, false
}

// typeOf is lookupType with a problem for unknown names.
func (u *unit) typeOf(ref string, at Pos, element string) *feel.Type {
	t, ok := u.lookupType(ref)
	if !ok {
		u.problem(at, element, "unknown type "+ref)
	}
	return t
}

// allTypes returns the types "instance of" may name in this model.
func (u *unit) allTypes() map[string]*feel.Type {
	if len(u.imports) == 0 {
		return u.types
	}
	out := map[string]*feel.Type{}
	for _, imp := range u.imports {
		for n, t := range imp.unit.types {
			if imp.name != "" {
				n = imp.name + "." + n
			}
			out[n] = t
		}
	}
	for n, t := range u.types {
		out[n] = t
	}
	return out
}
