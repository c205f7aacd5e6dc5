package pack

import (
	"fmt"
	"slices"
	"strings"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// rules tells the decisions and the functions with their logic, and what else
// decision.dmn says: types, inputs, services.
func (w *words) rules(add adder) {
	const file = "decision.dmn"
	inside, names := map[string]xmlNode{}, map[string]string{}
	var rest []xmlNode
	for _, n := range readXML(w.p.files[file]).Kids {
		names[n.attr("id")] = n.attr("name")
		switch n.kind() {
		case "decision", "businessKnowledgeModel":
			inside[n.attr("name")] = n
		case "DMNDI":
		default:
			rest = append(rest, n)
		}
	}
	everything := func(string, xmlNode) bool { return false }
	// more is what a person is told only where it differs: the remark, what is
	// required, and the whole as the file has it
	more := func(name string) (out []Line) {
		n := inside[name]
		for _, kid := range n.Kids {
			if said, ok := w.aside(kid, names); ok {
				out = append(out, said)
			}
		}
		return append(out, raw(n.lines("", everything))...)
	}
	for _, d := range w.p.definitions.Decisions {
		add(SectionRules, file, d.Name, w.text("decisions."+d.Name, d.Name), w.logic(d.Logic), more(d.Name)...)
	}
	for _, k := range w.p.definitions.Knowledge {
		var logic dmn.Expression // not k.Function itself: nil there is a function, not none
		if k.Function != nil {
			logic = k.Function.Body
		}
		add(SectionRules, file, k.Name, w.text("decisions."+k.Name, k.Name), w.logic(logic), more(k.Name)...)
	}
	for _, n := range rest {
		name := n.attr("name")
		if name == "" {
			name = n.attr("id")
		}
		label := name
		if key := "pack.rule.kind." + n.kind(); w.loc.Has(key) {
			label = w.loc.T(key, "name", name)
		}
		add(SectionRules, file, strings.TrimSpace(n.kind()+" "+name), label, raw(n.lines("", everything)))
	}
}

// aside tells what stands beside the logic of a decision: the remark on it, and
// what it needs.
func (w *words) aside(n xmlNode, names map[string]string) (said Line, ok bool) {
	switch n.kind() {
	case "description":
		return say(w.loc.T("pack.rule.description", "text", strings.Join(textLines([]byte(n.Text)), " "))), true
	case "informationRequirement", "knowledgeRequirement":
		if len(n.Kids) != 1 || len(n.Kids[0].Kids) > 0 {
			return Line{}, false
		}
		href := n.Kids[0].attr("href")
		name, known := names[strings.TrimPrefix(href, "#")]
		if !known {
			return Line{}, false
		}
		what := w.quoted(name)
		if slices.Contains(factNames, name) {
			what = w.loc.T("pack.rule.fact." + name)
		} else if w.p.Has("decisions." + name) {
			what = w.named("decisions."+name, name)
		}
		return say(w.loc.T("pack.rule.needs", "what", what)), true
	}
	return Line{}, false
}

// logic tells an expression as a person reads it: a table rule by rule, a formula
// branch by branch.
func (w *words) logic(x dmn.Expression) []Line {
	switch x := x.(type) {
	case *dmn.Literal:
		return w.lines(x.Text, thing{})
	case *dmn.DecisionTable:
		return w.table(x)
	case *dmn.Context:
		var lines []Line
		for _, e := range x.Entries {
			lines = append(lines, w.under(w.entry(e.Variable.Name), w.logic(e.Value))...)
		}
		return lines
	case *dmn.Conditional:
		return slices.Concat(w.boxed("if", w.logic(x.If)), w.boxed("then", w.logic(x.Then)), w.boxed("else", w.logic(x.Else)))
	case *dmn.FunctionDefinition:
		return w.logic(x.Body)
	case *dmn.Filter:
		return slices.Concat(w.logic(x.In), w.boxed("where", w.logic(x.Match)))
	case *dmn.Iteration:
		return slices.Concat(w.boxed(x.Kind, w.logic(x.In), "name", x.Variable), w.boxed("each", w.logic(x.Each), "name", x.Variable))
	case *dmn.List:
		var lines []Line
		for _, item := range x.Items {
			lines = append(lines, w.logic(item)...)
		}
		return lines
	case *dmn.Relation:
		var lines []Line
		for _, row := range x.Rows {
			for i, value := range row {
				lines = append(lines, w.under(x.Columns[i].Name, w.logic(value))...)
			}
		}
		return lines
	case *dmn.Invocation:
		lines := w.logic(x.Callee)
		for _, b := range x.Bindings {
			lines = append(lines, w.under(b.Param.Name, w.logic(b.Value))...)
		}
		return lines
	case nil:
		return nil
	}
	return []Line{{Code: fmt.Sprintf("%T", x)}}
}

// under puts a name before each line; an entry without one is the result.
func (w *words) under(name string, lines []Line) []Line {
	for i := range lines {
		if name != "" {
			lines[i].Text = w.loc.T("pack.rule.under", "name", name, "text", lines[i].Text)
		}
	}
	return lines
}

// boxed puts before each line which part of a boxed expression it is.
func (w *words) boxed(part string, lines []Line, args ...any) []Line {
	return w.under(w.loc.T("pack.rule.boxed."+part, args...), lines)
}

// table tells a decision table: how it is read, then each rule as a sentence.
func (w *words) table(x *dmn.DecisionTable) []Line {
	key := string(x.HitPolicy)
	if x.Aggregation != "" {
		key += " " + string(x.Aggregation)
	}
	how := Line{Text: w.loc.T("pack.rule.how"), Code: key}
	if k := "pack.rule.hit." + strings.ReplaceAll(strings.ToLower(key), " ", "-"); w.loc.Has(k) {
		how = say(w.loc.T(k))
	}
	lines := []Line{how}
	for _, out := range x.Outputs {
		if out.Default != nil {
			lines = append(lines, w.then("pack.rule.default", "", x, []*dmn.Literal{out.Default})...)
		}
	}
	for _, r := range x.Rules {
		var when []string
		var wide []int // those that would take in the next one
		lost := false
		for i, in := range r.Inputs {
			if text := strings.TrimSpace(in.Text); text == "-" || text == "" || i >= len(x.Inputs) {
				continue
			}
			said, reaches, ok := w.cell(x.Inputs[i], in.Text)
			if !ok {
				lost, reaches = true, false
				said = strings.TrimSpace(x.Inputs[i].Expr.Text) + ": " + strings.TrimSpace(in.Text)
			}
			if reaches {
				wide = append(wide, len(when))
			}
			when = append(when, said)
		}
		for _, i := range wide {
			if len(when) > 1 {
				when[i] = "(" + when[i] + ")"
			}
		}
		and := " " + w.loc.T("pack.feel.and") + " "
		var said []Line
		switch {
		case lost:
			said = w.then("pack.rule.if", w.loc.T("pack.line.holds"), x, r.Outputs)
			said[0].Code = strings.TrimPrefix(strings.Join(when, and)+" → "+said[0].Code, " → ")
			said[0].Code = strings.TrimSuffix(said[0].Code, " → ")
		case len(when) == 0 && x.HitPolicy == dmn.First:
			said = w.then("pack.rule.otherwise", "", x, r.Outputs)
		case len(when) == 0:
			said = w.then("pack.rule.always", "", x, r.Outputs)
		default:
			said = w.then("pack.rule.if", strings.Join(when, and), x, r.Outputs)
		}
		for _, note := range r.Annotations {
			if note != "" {
				said[0].Text += " " + w.loc.T("pack.rule.note", "text", note)
			}
		}
		lines = append(lines, said...)
	}
	return lines
}

// then tells what a rule gives.
func (w *words) then(key, cond string, x *dmn.DecisionTable, outputs []*dmn.Literal) []Line {
	var told, coded []string
	for i, out := range outputs {
		kind := ""
		if i < len(x.Outputs) {
			kind = map[string]string{"outcome": "outcome", "reasons": "reason"}[x.Outputs[i].Name]
		}
		said, ok := w.tell(out.Text, func(n feel.Node) string { return w.noun(n, thing{kind: kind}) })
		if !ok {
			said = w.loc.T("pack.line.result")
			coded = append(coded, strings.TrimSpace(out.Text))
		}
		if i < len(x.Outputs) && len(x.Outputs) > 1 {
			said = w.loc.T("pack.rule.under", "name", w.entry(x.Outputs[i].Name), "text", said)
		}
		told = append(told, said)
	}
	return []Line{{Text: w.loc.T(key, "cond", cond, "value", strings.Join(told, "; ")), Code: strings.Join(coded, "; ")}}
}

// cell tells one condition of a rule by the label of its column; reaches is as in
// [words.reaches].
func (w *words) cell(in dmn.TableInput, text string) (said string, reaches, ok bool) {
	e, err := feel.CompileUnaryTests(text, w.names)
	if err != nil {
		return "", false, false
	}
	tests, ok := e.AST().(*feel.UnaryTests)
	if !ok {
		return "", false, false
	}
	w.lost = false
	of, known := thing{}, false
	column, err := feel.Compile(in.Expr.Text, w.names)
	if err == nil {
		of, known = w.thing(column.AST())
	}
	if err == nil && !known && len(tests.Tests) == 1 { // true and false of what is a condition itself
		if lit, isLiteral := tests.Tests[0].(*feel.Literal); isLiteral && isClause(column.AST()) {
			if b, isBool := lit.Value.AsBool(); isBool {
				said, reaches := w.clause(column.AST()), w.reaches(column.AST())
				if !w.lost && b == tests.Not {
					reaches = true
					said = w.loc.T("pack.feel.not", "cond", said)
				}
				if !w.lost {
					return said, reaches, true
				}
				w.lost = false
			}
		}
	}
	if !known {
		switch {
		case in.Label != "":
			of = thing{name: w.quoted(in.Label)}
		case err == nil:
			of = thing{name: w.noun(column.AST(), thing{})}
		default:
			return "", false, false
		}
	}
	said = w.tests(of, tests.Tests)
	if tests.Not {
		said = w.loc.T("pack.feel.not", "cond", said)
	}
	return said, tests.Not || several(tests.Tests), !w.lost
}
