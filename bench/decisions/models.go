package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The models, each written for every engine from one source: DMN 1.3 (which all
// of them read), the decision format of zen-engine, and the bare conditions for
// engines that have expressions only.

// inputs is how many different inputs one row rotates through.
const inputs = 64

// model is one thing to be decided.
type model struct {
	Name     string           `json:"name"`
	Decision string           `json:"decision"` // name in the DMN model
	DMN      string           `json:"dmn"`
	Zen      any              `json:"zen"`    // decision of zen-engine
	Steps    []step           `json:"steps"`  // for engines without models: expressions in order
	Table    *table           `json:"table"`  // or one table
	Inputs   []map[string]any `json:"inputs"` // numbers and texts
}

// step is one decision of a graph: a FEEL expression over inputs and earlier
// steps.
type step struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Zen  string `json:"zen"` // the same for zen-engine, whose language is its own
	Type string `json:"-"`
}

// table is a decision table with one output.
type table struct {
	Columns []string   `json:"columns"`
	Types   []string   `json:"-"`
	Rules   [][]string `json:"rules"` // unary tests, then the output
}

func models() []model {
	return []model{expression(), small(), large(), graph()}
}

// expression has two comparisons.
func expression() model {
	m := model{Name: "expression", Decision: "result", Steps: []step{{Name: "result", Text: "income < 2710.51 and size >= 2", Zen: "income < 2710.51 and size >= 2", Type: "boolean"}}}
	for i := range inputs {
		m.Inputs = append(m.Inputs, map[string]any{"income": 2000 + 25*i, "size": 1 + i%4})
	}
	return m.of([]string{"income", "size"}, []string{"number", "number"})
}

// small is a table of 8 rules and 2 inputs.
func small() model {
	t := &table{Columns: []string{"size", "income"}, Types: []string{"number", "number"}}
	for size, limit := range map[int]string{1: "2710.51", 2: "4065.77", 3: "4878.92"} {
		t.Rules = append(t.Rules, []string{fmt.Sprint(size), "<= " + limit, fmt.Sprint(1000 + size)}, []string{fmt.Sprint(size), "> " + limit, fmt.Sprint(-size)})
	}
	t.Rules = append(t.Rules, []string{">= 4", "<= 5692.07", "1004"}, []string{">= 4", "> 5692.07", "-4"})
	t.sort()
	m := model{Name: "table 8x2", Table: t}
	for i := range inputs {
		m.Inputs = append(m.Inputs, map[string]any{"size": 1 + i%6, "income": 2000 + 70*i})
	}
	return m.tabular()
}

// large is a table of 200 rules and 6 inputs; exactly one rule matches.
func large() model {
	t := &table{Columns: []string{"category", "region", "age", "income", "months", "children"},
		Types: []string{"string", "string", "number", "number", "number", "number"}}
	ages := []string{"[0..18)", "[18..30)", "[30..45)", "[45..65)", ">= 65"}
	n := 0
	for c := range 5 {
		for r := range 4 {
			for _, age := range ages {
				for _, income := range []string{"< 3000", ">= 3000"} {
					n++
					t.Rules = append(t.Rules, []string{fmt.Sprintf(`"c%d"`, c), fmt.Sprintf(`"r%d"`, r), age, income, ">= 12", ">= 0", fmt.Sprint(n)})
				}
			}
		}
	}
	m := model{Name: "table 200x6", Table: t}
	for i := range inputs {
		m.Inputs = append(m.Inputs, map[string]any{"category": fmt.Sprintf("c%d", i%5), "region": fmt.Sprintf("r%d", i%4), "age": (i * 7) % 90,
			"income": 1000 + 97*(i%50), "months": 12 + i, "children": i % 3})
	}
	return m.tabular()
}

// graph is a requirement graph of 12 decisions, shaped like an allowance.
func graph() model {
	m := model{Name: "graph of 12", Decision: "result", Steps: []step{
		{"adults", "size - children", "size - children", "number"},
		{"factor", "1 + 0.5 * (adults - 1) + 0.3 * children", "1 + 0.5 * (adults - 1) + 0.3 * children", "number"},
		{"limit", "2710.51 * factor", "2710.51 * factor", "number"},
		{"counted", "if salary > 0 then salary + pension else pension", "salary > 0 ? salary + pension : pension", "number"},
		{"monthly", "counted - 100 * children", "counted - 100 * children", "number"},
		{"excess", "if monthly > limit then 12 * (monthly - limit) else 0", "monthly > limit ? 12 * (monthly - limit) : 0", "number"},
		{"full", "if size <= 5 then 1362 + 455 * size else 3637", "size <= 5 ? 1362 + 455 * size : 3637", "number"},
		{"reduced", "if excess < full then full - excess else 0", "excess < full ? full - excess : 0", "number"},
		{"premium", "if monthly <= 1.25 * limit then 600 else 0", "monthly <= 1.25 * limit ? 600 : 0", "number"},
		{"resident", "months >= 12", "months >= 12", "boolean"},
		{"eligible", "resident and excess < full", "resident and excess < full", "boolean"},
		{"result", "if eligible then reduced + premium else if resident then premium else 0", "eligible ? reduced + premium : resident ? premium : 0", "number"},
	}}
	for i := range inputs {
		m.Inputs = append(m.Inputs, map[string]any{"size": 1 + i%6, "children": i % 6 / 2, "salary": (i * 331) % 9000, "pension": (i * 57) % 2000, "months": i % 24})
	}
	return m.of([]string{"size", "children", "salary", "pension", "months"}, []string{"number", "number", "number", "number", "number"})
}

func (t *table) sort() {
	for i := range t.Rules {
		for j := i; j > 0 && t.Rules[j][0]+t.Rules[j][1] < t.Rules[j-1][0]+t.Rules[j-1][1]; j-- {
			t.Rules[j], t.Rules[j-1] = t.Rules[j-1], t.Rules[j]
		}
	}
}

const head = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="https://passerelle.lu/bench">
`

// of writes the steps as decisions of a requirement graph.
func (m model) of(names, types []string) model {
	var b strings.Builder
	b.WriteString(head)
	defined := map[string]string{} // name → reference
	for i, n := range names {
		fmt.Fprintf(&b, "  <inputData id=\"i_%s\" name=\"%s\"><variable id=\"iv_%s\" name=\"%s\" typeRef=\"%s\"/></inputData>\n", n, n, n, n, types[i])
		defined[n] = fmt.Sprintf("<requiredInput href=\"#i_%s\"/>", n)
	}
	for _, s := range m.Steps {
		fmt.Fprintf(&b, "  <decision id=\"d_%s\" name=\"%s\"><variable id=\"v_%s\" name=\"%s\" typeRef=\"%s\"/>\n", s.Name, s.Name, s.Name, s.Name, s.Type)
		for n, ref := range ordered(defined, s.Text) {
			fmt.Fprintf(&b, "    <informationRequirement id=\"r_%s_%s\">%s</informationRequirement>\n", s.Name, n, ref)
		}
		fmt.Fprintf(&b, "    <literalExpression id=\"x_%s\"><text>%s</text></literalExpression>\n  </decision>\n", s.Name, escape(s.Text))
		defined[s.Name] = fmt.Sprintf("<requiredDecision href=\"#d_%s\"/>", s.Name)
	}
	b.WriteString("</definitions>\n")
	m.DMN = b.String()
	nodes := []any{map[string]any{"id": "in", "type": "inputNode", "name": "in", "position": origin, "content": map[string]any{}}}
	var edges []any
	before := "in"
	for _, s := range m.Steps {
		nodes = append(nodes, map[string]any{"id": s.Name, "type": "expressionNode", "name": s.Name, "position": origin,
			"content": map[string]any{"passThrough": true, "expressions": []any{map[string]any{"id": "e_" + s.Name, "key": s.Name, "value": s.Zen}}}})
		edges = append(edges, edge(before, s.Name))
		before = s.Name
	}
	nodes = append(nodes, map[string]any{"id": "out", "type": "outputNode", "name": "out", "position": origin, "content": map[string]any{}})
	m.Zen = map[string]any{"nodes": nodes, "edges": append(edges, edge(before, "out"))}
	return m
}

// ordered yields the defined names that a text uses, in a fixed order.
func ordered(defined map[string]string, text string) func(func(string, string) bool) {
	used := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z') }) {
		used[w] = true
	}
	return func(yield func(string, string) bool) {
		var names []string
		for n := range defined {
			if used[n] {
				names = append(names, n)
			}
		}
		for i := range names {
			for j := i; j > 0 && names[j] < names[j-1]; j-- {
				names[j], names[j-1] = names[j-1], names[j]
			}
		}
		for _, n := range names {
			if !yield(n, defined[n]) {
				return
			}
		}
	}
}

var origin = map[string]any{"x": 0, "y": 0}

func edge(from, to string) any {
	return map[string]any{"id": from + "-" + to, "type": "edge", "sourceId": from, "targetId": to}
}

// tabular writes the table for DMN and for zen-engine.
func (m model) tabular() model {
	t := m.Table
	m.Decision = "result"
	var b strings.Builder
	b.WriteString(head)
	for i, n := range t.Columns {
		fmt.Fprintf(&b, "  <inputData id=\"i_%s\" name=\"%s\"><variable id=\"iv_%s\" name=\"%s\" typeRef=\"%s\"/></inputData>\n", n, n, n, n, t.Types[i])
	}
	b.WriteString("  <decision id=\"d_result\" name=\"result\"><variable id=\"v_result\" name=\"result\" typeRef=\"number\"/>\n")
	for _, n := range t.Columns {
		fmt.Fprintf(&b, "    <informationRequirement id=\"r_%s\"><requiredInput href=\"#i_%s\"/></informationRequirement>\n", n, n)
	}
	b.WriteString("    <decisionTable id=\"t\" hitPolicy=\"UNIQUE\">\n")
	for i, n := range t.Columns {
		fmt.Fprintf(&b, "      <input id=\"c_%s\"><inputExpression id=\"ce_%s\" typeRef=\"%s\"><text>%s</text></inputExpression></input>\n", n, n, t.Types[i], n)
	}
	b.WriteString("      <output id=\"o\" name=\"result\" typeRef=\"number\"/>\n")
	var rules []any
	for i, r := range t.Rules {
		fmt.Fprintf(&b, "      <rule id=\"rule%d\">", i)
		zen := map[string]any{"_id": fmt.Sprint("rule", i)}
		for j, cell := range r {
			if j < len(t.Columns) {
				fmt.Fprintf(&b, "<inputEntry id=\"e%d_%d\"><text>%s</text></inputEntry>", i, j, escape(cell))
				zen[t.Columns[j]] = cell
			} else {
				fmt.Fprintf(&b, "<outputEntry id=\"e%d_%d\"><text>%s</text></outputEntry>", i, j, escape(cell))
				zen["result"] = cell
			}
		}
		b.WriteString("</rule>\n")
		rules = append(rules, zen)
	}
	b.WriteString("    </decisionTable>\n  </decision>\n</definitions>\n")
	m.DMN = b.String()
	var columns []any
	for _, n := range t.Columns {
		columns = append(columns, map[string]any{"id": n, "name": n, "field": n})
	}
	m.Zen = map[string]any{
		"nodes": []any{
			map[string]any{"id": "in", "type": "inputNode", "name": "in", "position": origin, "content": map[string]any{}},
			map[string]any{"id": "t", "type": "decisionTableNode", "name": "t", "position": origin, "content": map[string]any{
				"hitPolicy": "first", "inputs": columns, "outputs": []any{map[string]any{"id": "result", "name": "result", "field": "result"}}, "rules": rules}},
			map[string]any{"id": "out", "type": "outputNode", "name": "out", "position": origin, "content": map[string]any{}},
		},
		"edges": []any{edge("in", "t"), edge("t", "out")},
	}
	return m
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// encode is what the peers read.
func encode(ms []model) ([]byte, error) { return json.Marshal(ms) }
