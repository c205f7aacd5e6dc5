package dmn

import (
	"fmt"
	"io"
	"strings"
)

// namespaces are those of DMN 1.2 to 1.6; the elements used here are the same
// in all of them.
var namespaces = map[string]bool{
	"http://www.omg.org/spec/DMN/20180521/MODEL/":  true,
	"https://www.omg.org/spec/DMN/20180521/MODEL/": true,
	"https://www.omg.org/spec/DMN/20191111/MODEL/": true,
	"https://www.omg.org/spec/DMN/20211108/MODEL/": true,
	"https://www.omg.org/spec/DMN/20230324/MODEL/": true,
	"https://www.omg.org/spec/DMN/20240513/MODEL/": true,
}

// Parse reads a DMN model from XML. The error is a *ParseError with the place
// of the mistake. Elements of other namespaces, diagrams and documentation
// elements are skipped. Document type declarations, texts of more than 32 MiB
// and elements nested deeper than 200 are refused.
func Parse(r io.Reader) (*Definitions, error) {
	root, err := readXML(r)
	if err != nil {
		return nil, err
	}
	if root.name != "definitions" {
		return nil, &ParseError{root.Pos, fmt.Sprintf("the root element is %q, not \"definitions\"", root.name)}
	}
	if !namespaces[root.space] {
		return nil, &ParseError{root.Pos, fmt.Sprintf("namespace %q is none of DMN 1.2 to 1.6", root.space)}
	}
	p := &parser{}
	d := p.definitions(root)
	if p.err != nil {
		return nil, p.err
	}
	return d, nil
}

// parser keeps the first error.
type parser struct{ err *ParseError }

func (p *parser) fail(at Pos, format string, args ...any) {
	if p.err == nil {
		p.err = &ParseError{at, fmt.Sprintf(format, args...)}
	}
}

func (p *parser) definitions(e *element) *Definitions {
	d := &Definitions{Pos: e.Pos, ID: e.attr("id"), Name: e.attr("name"), Namespace: e.attr("namespace")}
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "import":
			d.Imports = append(d.Imports, &Import{c.Pos, c.attr("name"), c.attr("namespace"), c.attr("locationURI"), c.attr("importType")})
		case "itemDefinition":
			d.Types = append(d.Types, p.itemDefinition(c))
		case "inputData":
			in := &InputData{Pos: c.Pos, ID: c.attr("id"), Name: p.name(c), Label: c.attr("label"), Description: c.childText("description")}
			in.Variable = p.variable(c, in.Name)
			d.Inputs = append(d.Inputs, in)
		case "decision":
			d.Decisions = append(d.Decisions, p.decision(c))
		case "businessKnowledgeModel":
			d.Knowledge = append(d.Knowledge, p.knowledge(c))
		case "decisionService":
			d.Services = append(d.Services, p.service(c))
		}
	}
	return d
}

func (p *parser) name(e *element) string {
	n := cleanName(e.attr("name"))
	if n == "" {
		p.fail(e.Pos, "%s has no name", e.name)
	}
	return n
}

// cleanName folds white space, as FEEL does with names.
func cleanName(s string) string { return strings.Join(strings.Fields(s), " ") }

// variable returns the element's variable; without one it is called name.
func (p *parser) variable(e *element, name string) Variable {
	v := e.child("variable")
	if v == nil {
		return Variable{Pos: e.Pos, Name: name}
	}
	out := typed(v)
	if out.Name == "" {
		out.Name = name
	}
	return out
}

func typed(e *element) Variable {
	return Variable{e.Pos, e.attr("id"), cleanName(e.attr("name")), typeRef(e)}
}

// typeRef is an attribute or, in item definitions, a child.
func typeRef(e *element) string {
	if t := strings.TrimSpace(e.attr("typeRef")); t != "" {
		return t
	}
	return e.childText("typeRef")
}

func (p *parser) itemDefinition(e *element) *ItemDefinition {
	d := &ItemDefinition{Pos: e.Pos, ID: e.attr("id"), Name: p.name(e), Label: e.attr("label"), TypeRef: typeRef(e),
		Collection: e.attr("isCollection") == "true", Allowed: tests(e.child("allowedValues")), Constraint: tests(e.child("typeConstraint"))}
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "itemComponent":
			d.Components = append(d.Components, p.itemDefinition(c))
		case "functionItem":
			d.Function = &FunctionItem{Result: c.attr("outputTypeRef")}
			for _, q := range c.children {
				if q.name == "parameters" && q.space == e.space {
					d.Function.Params = append(d.Function.Params, typed(q))
				}
			}
		}
	}
	return d
}

func tests(e *element) *UnaryTests {
	if e == nil {
		return nil
	}
	t := e.child("text")
	if t == nil || strings.TrimSpace(t.text) == "" {
		return nil
	}
	return &UnaryTests{t.Pos, strings.TrimSpace(t.text)}
}

func (p *parser) decision(e *element) *Decision {
	d := &Decision{Pos: e.Pos, ID: e.attr("id"), Name: p.name(e), Label: e.attr("label"), Description: e.childText("description"),
		Question: e.childText("question"), AllowedAnswers: e.childText("allowedAnswers"), Requires: p.requirements(e)}
	d.Variable = p.variable(e, d.Name)
	d.Logic = p.onlyExpression(e)
	return d
}

func (p *parser) requirements(e *element) []Requirement {
	var out []Requirement
	for _, c := range e.children {
		if c.space != e.space || c.name != "informationRequirement" && c.name != "knowledgeRequirement" {
			continue
		}
		for _, q := range c.children {
			if q.space != e.space {
				continue
			}
			switch q.name {
			case "requiredInput":
				out = append(out, p.ref(q, RequiresInput))
			case "requiredDecision":
				out = append(out, p.ref(q, RequiresDecision))
			case "requiredKnowledge":
				out = append(out, p.ref(q, RequiresKnowledge))
			}
		}
	}
	return out
}

func (p *parser) ref(e *element, kind RequirementKind) Requirement {
	href := strings.TrimSpace(e.attr("href"))
	if href == "" {
		p.fail(e.Pos, "%s has no href", e.name)
	}
	return Requirement{e.Pos, kind, href}
}

func (p *parser) knowledge(e *element) *KnowledgeModel {
	k := &KnowledgeModel{Pos: e.Pos, ID: e.attr("id"), Name: p.name(e), Label: e.attr("label"),
		Description: e.childText("description"), Requires: p.requirements(e)}
	k.Variable = p.variable(e, k.Name)
	if f := e.child("encapsulatedLogic"); f != nil {
		k.Function = p.function(f)
	}
	return k
}

func (p *parser) service(e *element) *Service {
	s := &Service{Pos: e.Pos, ID: e.attr("id"), Name: p.name(e), Label: e.attr("label"), Description: e.childText("description")}
	s.Variable = p.variable(e, s.Name)
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "outputDecision":
			s.Outputs = append(s.Outputs, p.ref(c, RequiresDecision))
		case "encapsulatedDecision":
			s.Encapsulated = append(s.Encapsulated, p.ref(c, RequiresDecision))
		case "inputDecision":
			s.InputDecisions = append(s.InputDecisions, p.ref(c, RequiresDecision))
		case "inputData":
			s.InputDataRefs = append(s.InputDataRefs, p.ref(c, RequiresInput))
		}
	}
	return s
}
