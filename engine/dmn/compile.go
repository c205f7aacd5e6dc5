package dmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// Model is a compiled model: immutable, safe for use from many goroutines.
type Model struct {
	main     *unit
	units    []*unit
	scopes   int  // requirements of all decisions
	slots    int  // nodes that are memoised
	reusable bool // see runs

	functions bool // some expression makes a function
	work      int  // see maxWork
	tables    []checkedTable
	exprs     []checkedExpr

	conditionals []checkedConditional
	problems     []Problem
	unknown      []unknownName
}

// unknownName is a name that an expression uses and nothing defines.
type unknownName struct {
	u                   *unit
	at                  Pos
	element, text, name string
}

// unit is one model with its types and nodes: the main one, or an imported one.
type unit struct {
	m       *Model
	defs    *Definitions
	imports []unitImport
	types   map[string]*feel.Type
	byID    map[string]node
	byName  map[string]node
	nodes   []node
}

type unitImport struct {
	name string
	unit *unit
}

// node is an element of the requirement graph: *inputNode, *decisionNode,
// *knowledgeNode or *serviceNode.
type node interface{ info() *nodeInfo }

type nodeInfo struct {
	u        *unit
	at       Pos
	id, name string // name: of the variable
	label    string // name of the element
	typ      *feel.Type
	typeRef  string
	slot     int // in the evaluation's memory
}

func (n *nodeInfo) info() *nodeInfo { return n }

type inputNode struct {
	nodeInfo
	def *InputData
}

type decisionNode struct {
	nodeInfo
	def     *Decision
	reqs    []requirement
	logic   boxed           // nil: none
	used    map[string]bool // names that the logic uses
	plain   bool            // see run.scope
	chained bool            // see run.scope
}

type knowledgeNode struct {
	nodeInfo
	def   *KnowledgeModel
	reqs  []requirement
	fn    *boxedFunction // nil: no logic
	used  map[string]bool
	value feel.Value  // the function, for evaluations without trace
	scope *feel.Scope // of value's body
}

type serviceNode struct {
	nodeInfo
	def     *Service
	outputs []*decisionNode
	inputs  []node // parameters: input data, then input decisions
	sig     feel.Signature
	outType *feel.Type
	value   feel.Value
}

// requirement is an edge: under which prefix ("": none) and name a node is
// seen.
type requirement struct {
	prefix, name string
	node         node
	slot         int // of an input or decision, whose value the evaluation remembers; else -1
}

// Compile links the definitions with those they import and compiles every
// expression. The error is a *CompileError; mistakes that concern one
// expression only are Problems of the model, and evaluate to null.
func Compile(defs *Definitions, imports ...*Definitions) (*Model, error) {
	m := &Model{}
	all := append([]*Definitions{defs}, imports...)
	byDefs := map[*Definitions]*unit{}
	for _, d := range all {
		if byDefs[d] != nil {
			continue
		}
		u := &unit{m: m, defs: d, types: map[string]*feel.Type{}, byID: map[string]node{}, byName: map[string]node{}}
		byDefs[d] = u
		m.units = append(m.units, u)
	}
	m.main = m.units[0]
	var fatal []Problem
	fail := func(u *unit, at Pos, element, format string, args ...any) {
		fatal = append(fatal, Problem{at, u.defs.Name, element, fmt.Sprintf(format, args...)})
	}
	for _, u := range m.units {
		u.linkImports(fail)
	}
	ordered := importOrder(m.units, fail)
	if fatal != nil {
		return nil, &CompileError{fatal}
	}
	for _, u := range ordered {
		u.buildTypes()
		u.declare(fail)
	}
	for _, u := range ordered {
		u.link(fail)
	}
	if fatal == nil {
		findCircles(m, fail)
	}
	if fatal != nil {
		return nil, &CompileError{fatal}
	}
	for _, u := range ordered {
		u.compileNodes()
	}
	for _, u := range ordered {
		u.bindFunctions()
	}
	m.reusable = !m.functions
	for _, u := range ordered {
		u.bindScopes()
		m.reusable = m.reusable && len(u.defs.Knowledge) == 0 && len(u.defs.Services) == 0
	}
	return m, nil
}

type failFunc func(u *unit, at Pos, element, format string, args ...any)

func (u *unit) problem(at Pos, element, msg string) {
	u.m.problems = append(u.m.problems, Problem{at, u.defs.Name, element, msg})
}

// declare makes the nodes of a unit, without their requirements.
func (u *unit) declare(fail failFunc) {
	add := func(n node, elementName string) {
		i := n.info()
		i.slot = u.m.slots
		u.m.slots++
		u.nodes = append(u.nodes, n)
		if i.id != "" {
			if u.byID[i.id] != nil {
				fail(u, i.at, elementName, "a second element with id %q", i.id)
			}
			u.byID[i.id] = n
		}
		if u.byName[elementName] != nil {
			fail(u, i.at, elementName, "a second element of this name")
		}
		u.byName[elementName] = n
	}
	info := func(at Pos, id, name string, v Variable) nodeInfo {
		return nodeInfo{u: u, at: at, id: id, name: v.Name, label: name, typ: u.typeOf(v.TypeRef, v.Pos, name), typeRef: v.TypeRef}
	}
	for _, d := range u.defs.Inputs {
		add(&inputNode{nodeInfo: info(d.Pos, d.ID, d.Name, d.Variable), def: d}, d.Name)
	}
	for _, d := range u.defs.Decisions {
		add(&decisionNode{nodeInfo: info(d.Pos, d.ID, d.Name, d.Variable), def: d}, d.Name)
	}
	for _, d := range u.defs.Knowledge {
		add(&knowledgeNode{nodeInfo: info(d.Pos, d.ID, d.Name, d.Variable), def: d}, d.Name)
	}
	for _, d := range u.defs.Services {
		add(&serviceNode{nodeInfo: info(d.Pos, d.ID, d.Name, d.Variable), def: d}, d.Name)
	}
}

// compileNodes compiles the logic of decisions and knowledge models.
func (u *unit) compileNodes() {
	types := u.allTypes()
	for _, n := range u.nodes {
		switch n := n.(type) {
		case *decisionNode:
			c := &logicCompiler{u: u, element: n.label, types: types}
			if n.def.Logic != nil {
				c.want = n.typ
				n.logic, _ = c.compile(n.def.Logic, scopeOf(n.reqs))
			}
			n.used = c.free
			for i := range n.reqs {
				q := &n.reqs[i]
				switch q.node.(type) {
				case *inputNode, *decisionNode:
					q.slot = q.node.info().slot
				default:
					q.slot = -1
				}
			}
			n.chained = len(n.reqs) > 0 && len(n.reqs) <= maxChain && !prefixed(n.reqs)
			u.m.scopes += len(n.reqs)
			n.plain = !c.open && plainScope(n.reqs, c.free)
		case *knowledgeNode:
			if n.def.Function == nil {
				continue
			}
			c := &logicCompiler{u: u, element: n.label, types: types}
			names := scopeOf(n.reqs).with(n.name, nil) // itself, for recursion
			n.fn = c.function(n.def.Function, names)
			n.used = c.free
			if n.fn.sig.Result == nil && n.typ != nil { // the variable's type may be the function's or, as DMN 1.1 had it, the result's
				n.fn.sig.Result = n.typ
				if n.typ.Kind == feel.TypeFunction {
					n.fn.sig.Result = n.typ.Result
				}
			}
		}
	}
}

func prefixed(reqs []requirement) bool {
	for _, q := range reqs {
		if q.prefix != "" {
			return true
		}
	}
	return false
}

// scopeOf returns the names and types that requirements bring.
func scopeOf(reqs []requirement) *names {
	var s *names
	prefixes := map[string]*feel.Type{}
	var order []string
	for _, r := range reqs {
		t := staticNodeType(r.node)
		if r.prefix == "" {
			s = s.with(r.name, t)
			continue
		}
		p := prefixes[r.prefix]
		if p == nil {
			p = &feel.Type{Kind: feel.TypeContext}
			prefixes[r.prefix] = p
			order = append(order, r.prefix)
		}
		p.Fields = append(p.Fields, feel.Field{Name: r.name, Type: t})
	}
	for _, prefix := range order {
		s = s.with(prefix, prefixes[prefix])
	}
	return s
}

// staticNodeType is the type of a node's value: as declared, or for decisions
// without one as far as the boxed expression shows it.
func staticNodeType(n node) *feel.Type {
	i := n.info()
	switch n := n.(type) {
	case *decisionNode:
		if i.typ == nil || i.typ.Kind == feel.TypeAny {
			return shapeOf(n.u, n.def.Logic)
		}
	case *knowledgeNode:
		return n.functionType()
	case *serviceNode:
		return serviceType(n)
	}
	return i.typ
}

// functionType is the type of a knowledge model's function.
func (n *knowledgeNode) functionType() *feel.Type {
	f := n.def.Function
	if f == nil {
		return nil
	}
	t := &feel.Type{Kind: feel.TypeFunction}
	for _, p := range f.Params {
		x, _ := n.u.lookupType(p.TypeRef)
		t.Params = append(t.Params, x)
	}
	switch {
	case n.typ != nil && n.typ.Kind == feel.TypeFunction:
		t.Result = n.typ.Result
	case n.typ != nil && n.typ.Kind != feel.TypeAny:
		t.Result = n.typ
	default:
		t.Result = shapeOf(n.u, f.Body)
	}
	return t
}

func serviceType(n *serviceNode) *feel.Type {
	t := &feel.Type{Kind: feel.TypeFunction, Result: n.outType}
	for _, p := range n.sig.Params {
		t.Params = append(t.Params, p.Type)
	}
	if t.Result == nil && len(n.outputs) == 1 {
		t.Result = staticNodeType(n.outputs[0])
	}
	return t
}

// plainScope reports whether the caller's inputs can serve as the scope as
// they are: all requirements are inputs of the main model, and no name is used
// that is not required.
func plainScope(reqs []requirement, free map[string]bool) bool {
	known := map[string]bool{}
	for _, r := range reqs {
		if _, ok := r.node.(*inputNode); !ok || r.prefix != "" || r.node.info().u != r.node.info().u.m.main {
			return false
		}
		known[r.name] = true
	}
	for name := range free {
		if !known[name] {
			return false
		}
	}
	return true
}

// bindFunctions makes the function values of knowledge models and services for
// evaluations without trace.
func (u *unit) bindFunctions() {
	for _, n := range u.nodes {
		switch n := n.(type) {
		case *knowledgeNode:
			n.value = n.function(nil)
		case *serviceNode:
			n.value = n.function(nil)
		}
	}
}

// bindScopes makes the scopes of those functions; it needs all of them.
func (u *unit) bindScopes() {
	for _, n := range u.nodes {
		if k, ok := n.(*knowledgeNode); ok {
			k.scope = k.requiredScope(nil)
		}
	}
}
