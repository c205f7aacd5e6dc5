package dmn

import "strings"

// onlyExpression returns the expression directly inside e, nil when there is
// none.
func (p *parser) onlyExpression(e *element) Expression {
	list := p.expressions(e)
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	p.fail(list[1].box().Pos, "a second expression in %s", e.name)
	return nil
}

func (p *parser) expressions(e *element) []Expression {
	var out []Expression
	for _, c := range e.children {
		if c.space == e.space {
			if x := p.expression(c); x != nil {
				out = append(out, x)
			}
		}
	}
	return out
}

// expression returns the boxed expression that e is, nil when it is none.
func (p *parser) expression(e *element) Expression {
	b := Box{e.Pos, e.attr("id"), e.attr("label"), strings.TrimSpace(e.attr("typeRef")), e.childText("description")}
	switch e.name {
	case "literalExpression":
		return p.literal(e)
	case "decisionTable":
		return p.table(e, b)
	case "context":
		return p.context(e, b)
	case "list":
		return &List{b, p.expressions(e)}
	case "relation":
		return p.relation(e, b)
	case "functionDefinition":
		return p.function(e)
	case "invocation":
		return p.invocation(e, b)
	case "conditional":
		return &Conditional{b, p.part(e, "if"), p.part(e, "then"), p.part(e, "else")}
	case "filter":
		return &Filter{b, p.part(e, "in"), p.part(e, "match")}
	case "for":
		return &Iteration{b, "for", p.iterator(e), p.part(e, "in"), p.part(e, "return")}
	case "every", "some":
		return &Iteration{b, e.name, p.iterator(e), p.part(e, "in"), p.part(e, "satisfies")}
	}
	return nil
}

func (p *parser) iterator(e *element) string {
	v := cleanName(e.attr("iteratorVariable"))
	if v == "" {
		p.fail(e.Pos, "%s has no iteratorVariable", e.name)
	}
	return v
}

// part returns the expression inside a named child, such as "then".
func (p *parser) part(e *element, name string) Expression {
	c := e.child(name)
	if c == nil {
		p.fail(e.Pos, "%s has no %s", e.name, name)
		return nil
	}
	x := p.onlyExpression(c)
	if x == nil {
		p.fail(c.Pos, "%s of %s has no expression", name, e.name)
	}
	return x
}

// literal reads a literal expression or anything that has the same shape:
// input expressions, output entries.
func (p *parser) literal(e *element) *Literal {
	l := &Literal{Box: Box{e.Pos, e.attr("id"), e.attr("label"), strings.TrimSpace(e.attr("typeRef")), e.childText("description")},
		Lang: e.attr("expressionLanguage"), TextPos: e.Pos}
	if t := e.child("text"); t != nil {
		l.Text, l.TextPos = strings.TrimSpace(t.text), t.Pos
	}
	return l
}

func (p *parser) context(e *element, b Box) *Context {
	x := &Context{Box: b}
	for _, c := range e.children {
		if c.space != e.space || c.name != "contextEntry" {
			continue
		}
		entry := ContextEntry{Value: p.onlyExpression(c)}
		if v := c.child("variable"); v != nil {
			entry.Variable = typed(v)
		} else {
			entry.Variable.Pos = c.Pos
		}
		x.Entries = append(x.Entries, entry)
	}
	return x
}

func (p *parser) relation(e *element, b Box) *Relation {
	x := &Relation{Box: b}
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "column":
			x.Columns = append(x.Columns, typed(c))
		case "row":
			row := p.expressions(c)
			if len(row) != len(x.Columns) {
				p.fail(c.Pos, "the row has %d cells, the relation %d columns", len(row), len(x.Columns))
			}
			x.Rows = append(x.Rows, row)
		}
	}
	return x
}

func (p *parser) function(e *element) *FunctionDefinition {
	f := &FunctionDefinition{Box: Box{e.Pos, e.attr("id"), e.attr("label"), strings.TrimSpace(e.attr("typeRef")), e.childText("description")},
		Kind: e.attr("kind"), Body: p.onlyExpression(e)}
	if f.Kind == "" {
		f.Kind = "FEEL"
	}
	for _, c := range e.children {
		if c.space == e.space && c.name == "formalParameter" {
			v := typed(c)
			if v.Name == "" {
				p.fail(c.Pos, "the parameter has no name")
			}
			f.Params = append(f.Params, v)
		}
	}
	return f
}

func (p *parser) invocation(e *element, b Box) *Invocation {
	x := &Invocation{Box: b, Callee: p.onlyExpression(e)}
	if x.Callee == nil {
		p.fail(e.Pos, "the invocation does not say what to call")
	}
	for _, c := range e.children {
		if c.space != e.space || c.name != "binding" {
			continue
		}
		param := c.child("parameter")
		if param == nil {
			p.fail(c.Pos, "the binding has no parameter")
			continue
		}
		x.Bindings = append(x.Bindings, Binding{typed(param), p.onlyExpression(c)})
	}
	return x
}

func (p *parser) table(e *element, b Box) *DecisionTable {
	t := &DecisionTable{Box: b, HitPolicy: HitPolicy(e.attr("hitPolicy")), Aggregation: Aggregation(e.attr("aggregation")), OutputLabel: e.attr("outputLabel")}
	switch t.HitPolicy {
	case "":
		t.HitPolicy = Unique
	case Unique, Any, Priority, First, RuleOrder, OutputOrder, Collect:
	default:
		p.fail(e.Pos, "unknown hit policy %q", t.HitPolicy)
	}
	switch t.Aggregation {
	case "", Sum, Count, Min, Max:
	default:
		p.fail(e.Pos, "unknown aggregation %q", t.Aggregation)
	}
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "input":
			in := TableInput{Pos: c.Pos, ID: c.attr("id"), Label: c.attr("label"), Values: tests(c.child("inputValues"))}
			if x := c.child("inputExpression"); x != nil {
				in.Expr = p.literal(x)
			} else {
				p.fail(c.Pos, "the input has no inputExpression")
			}
			t.Inputs = append(t.Inputs, in)
		case "output":
			out := TableOutput{Pos: c.Pos, ID: c.attr("id"), Label: c.attr("label"), Name: cleanName(c.attr("name")),
				TypeRef: strings.TrimSpace(c.attr("typeRef")), Values: tests(c.child("outputValues"))}
			if x := c.child("defaultOutputEntry"); x != nil {
				out.Default = p.literal(x)
			}
			t.Outputs = append(t.Outputs, out)
		case "annotation":
			t.Annotations = append(t.Annotations, c.attr("name"))
		case "rule":
			t.Rules = append(t.Rules, p.rule(c, t))
		}
	}
	if len(t.Outputs) == 0 {
		p.fail(e.Pos, "the decision table has no output")
	}
	return t
}

func (p *parser) rule(e *element, t *DecisionTable) Rule {
	r := Rule{Pos: e.Pos, ID: e.attr("id"), Description: e.childText("description")}
	for _, c := range e.children {
		if c.space != e.space {
			continue
		}
		switch c.name {
		case "inputEntry":
			entry := UnaryTests{Pos: c.Pos, Text: "-"}
			if u := tests(c); u != nil {
				entry = *u
			}
			r.Inputs = append(r.Inputs, entry)
		case "outputEntry":
			r.Outputs = append(r.Outputs, p.literal(c))
		case "annotationEntry":
			r.Annotations = append(r.Annotations, c.childText("text"))
		}
	}
	if len(r.Inputs) != len(t.Inputs) || len(r.Outputs) != len(t.Outputs) {
		p.fail(e.Pos, "the rule has %d inputs and %d outputs, the table %d and %d", len(r.Inputs), len(r.Outputs), len(t.Inputs), len(t.Outputs))
	}
	return r
}
