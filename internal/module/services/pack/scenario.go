package pack

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/feel"
)

// scenario is one case with what must come of it: a row of the examples, or the
// scenario itself when it has none.
type scenario struct {
	file string
	line int
	name string
	doc  map[string]any // application, evidence, applicant, date, tasks, expect
}

// Keys of scenario files.
var (
	fileKeys     = []string{"base", "scenarios"}
	factKeys     = []string{"date", "applicant", "evidence", "application", "party", "calendar", "tasks", "timers", "expect"}
	scenarioKeys = append([]string{"name", "source", "examples"}, factKeys...)
	expectKeys   = []string{"outcome", "amount", "reasons", "invalid", "values", "waitsAt", "ends", "error", "nearest"}
)

// scenarios reads all scenarios of the package, in the order of the files.
func (p *Package) scenarios() ([]scenario, []Finding) {
	var names []string
	for name := range p.files {
		if strings.HasPrefix(name, "scenarios/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	r := &scenarioReader{l: &loader{dir: p.Dir, files: p.files}}
	for _, name := range names {
		r.file = name
		r.read(p.files[name])
	}
	return r.out, r.l.findings
}

type scenarioReader struct {
	l    *loader
	file string
	out  []scenario
}

func (r *scenarioReader) fault(line int, code string, args ...any) {
	r.l.fault(r.file, line, code, args...)
}

func (r *scenarioReader) read(src []byte) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		r.l.yamlError(r.file, err)
		return
	}
	if len(doc.Content) == 0 {
		r.fault(0, "pack.finding.file.empty")
		return
	}
	var whole any // refuses aliases that contain themselves
	if err := doc.Decode(&whole); err != nil {
		r.fault(doc.Line, "pack.finding.scenarios.wrong", "msg", err)
		return
	}
	parts, ok := r.mapping(doc.Content[0], "the file", fileKeys)
	if !ok {
		return
	}
	base := map[string]any{}
	if b := parts["base"]; b != nil {
		if _, ok := r.mapping(b, "base", factKeys); !ok {
			return
		}
		base, _ = tree(b).(map[string]any)
	}
	list := parts["scenarios"]
	if list == nil || list.Kind != yaml.SequenceNode {
		r.fault(doc.Content[0].Line, "pack.finding.scenarios.missing")
		return
	}
	for _, n := range list.Content {
		r.one(n, base)
	}
}

// mapping returns the values of a mapping by key; unknown keys are faults.
func (r *scenarioReader) mapping(n *yaml.Node, what string, keys []string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		r.fault(n.Line, "pack.finding.scenarios.mapping", "what", what)
		return nil, false
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if !slices.Contains(keys, k.Value) {
			r.fault(k.Line, "pack.finding.scenarios.key", "what", what, "key", k.Value, "list", strings.Join(keys, ", "))
		}
		if out[k.Value] != nil {
			r.fault(k.Line, "pack.finding.scenarios.keyTwice", "what", what, "key", k.Value)
		}
		out[k.Value] = n.Content[i+1]
	}
	return out, true
}

func (r *scenarioReader) one(n *yaml.Node, base map[string]any) {
	parts, ok := r.mapping(n, "scenario", scenarioKeys)
	if !ok {
		return
	}
	s := scenario{file: r.file, line: n.Line}
	if parts["name"] == nil {
		r.fault(n.Line, "pack.finding.scenarios.noName")
		return
	}
	s.name = parts["name"].Value
	own := map[string]any{}
	for _, k := range factKeys {
		if parts[k] != nil {
			own[k] = tree(parts[k])
		}
	}
	doc := merge(base, own).(map[string]any)
	if _, ok := doc["expect"].(map[string]any); !ok {
		r.fault(n.Line, "pack.finding.scenarios.noExpect", "name", s.name)
		return
	}
	if e := parts["expect"]; e != nil {
		r.mapping(e, "expect", expectKeys)
	}
	if parts["examples"] == nil {
		s.doc = r.evaluate(s, doc, nil, nil)
		r.out = append(r.out, s)
		return
	}
	r.examples(s, doc, parts["examples"])
}

// examples makes a scenario of each row.
func (r *scenarioReader) examples(s scenario, doc map[string]any, n *yaml.Node) {
	parts, ok := r.mapping(n, "examples", []string{"columns", "rows"})
	if !ok || parts["columns"] == nil || parts["rows"] == nil {
		r.fault(n.Line, "pack.finding.scenarios.examples")
		return
	}
	var columns []string
	for _, c := range parts["columns"].Content {
		columns = append(columns, c.Value)
	}
	for _, row := range parts["rows"].Content {
		if len(row.Content) != len(columns) {
			r.fault(row.Line, "pack.finding.scenarios.row", "n", len(row.Content), "of", len(columns))
			continue
		}
		entries := make([]feel.Entry, len(columns))
		name := s.name
		for i, c := range row.Content {
			v, err := yamlValue(c)
			if err != nil {
				r.fault(c.Line, "pack.finding.scenarios.wrong", "msg", err)
			}
			entries[i] = feel.Entry{Name: columns[i], Value: v}
			name = strings.ReplaceAll(name, "{"+columns[i]+"}", c.Value)
		}
		one := scenario{file: s.file, line: row.Line, name: name}
		one.doc = r.evaluate(one, doc, columns, entries)
		r.out = append(r.out, one)
	}
}

// evaluate replaces every text that begins with "=" by what it computes.
func (r *scenarioReader) evaluate(s scenario, doc map[string]any, columns []string, entries []feel.Entry) map[string]any {
	vars := feel.Context(entries...)
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			out := make(map[string]any, len(v))
			for k, item := range v {
				out[k] = walk(item)
			}
			return out
		case []any:
			out := make([]any, len(v))
			for i, item := range v {
				out[i] = walk(item)
			}
			return out
		case string:
			text, ok := strings.CutPrefix(v, "=")
			if !ok {
				return v
			}
			e, err := feel.Compile(strings.TrimSpace(text), feel.Names(columns...))
			if err != nil {
				r.fault(s.line, "pack.finding.scenarios.formula", "text", v, "msg", err)
				return nil
			}
			result, warnings := e.EvalContext(vars)
			if result.IsNull() && len(warnings) > 0 {
				r.fault(s.line, "pack.finding.scenarios.null", "text", v, "msg", warnings[0].Msg)
			}
			return jsonOf(result)
		}
		return v
	}
	return walk(doc).(map[string]any)
}

// tree turns YAML into a JSON value: numbers as written, dates as text.
func tree(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return tree(n.Alias)
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag == "!!merge" {
				if inherited, ok := tree(n.Content[i+1]).(map[string]any); ok {
					for k, v := range inherited {
						if _, own := m[k]; !own {
							m[k] = v
						}
					}
				}
				continue
			}
			m[n.Content[i].Value] = tree(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = tree(c)
		}
		return list
	}
	switch n.Tag {
	case "!!int", "!!float":
		if v, err := yamlValue(n); err == nil {
			return jsonOf(v)
		}
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	}
	return n.Value
}

// jsonOf turns a FEEL value into a JSON value; dates become ISO texts.
func jsonOf(v feel.Value) any {
	switch v.Kind() {
	case feel.KindBoolean:
		b, _ := v.AsBool()
		return b
	case feel.KindNumber:
		n, _ := v.AsNumber()
		return json.Number(plain(n))
	case feel.KindString:
		s, _ := v.AsString()
		return s
	case feel.KindDate, feel.KindDateTime:
		t, _ := v.AsTime(time.UTC)
		return t.Format(time.DateOnly)
	case feel.KindList:
		list := make([]any, len(v.Items()))
		for i, item := range v.Items() {
			list[i] = jsonOf(item)
		}
		return list
	case feel.KindContext:
		m := make(map[string]any, len(v.Entries()))
		for _, e := range v.Entries() {
			m[e.Name] = jsonOf(e.Value)
		}
		return m
	}
	return nil
}

// merge puts own over base: mappings deep, anything else replaced.
func merge(base, own any) any {
	b, ok1 := base.(map[string]any)
	o, ok2 := own.(map[string]any)
	if !ok1 || !ok2 {
		return own
	}
	out := make(map[string]any, len(b)+len(o))
	for k, v := range b {
		out[k] = v
	}
	for k, v := range o {
		if old, ok := out[k]; ok {
			out[k] = merge(old, v)
		} else {
			out[k] = v
		}
	}
	return out
}

// facts are the facts of a scenario.
func (s scenario) facts() (Facts, error) {
	f := Facts{Evidence: map[string]json.RawMessage{}, Calendar: []CalendarFact{}} // never that of this installation
	date, _ := s.doc["date"].(string)
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return f, fmt.Errorf("date: %q is no date like 2025-03-09", date)
	}
	f.Date = t
	f.Application, _ = s.doc["application"].(map[string]any)
	evidence, _ := s.doc["evidence"].(map[string]any)
	for id, v := range evidence {
		if v == nil {
			continue
		}
		if f.Evidence[id], err = json.Marshal(v); err != nil {
			return f, err
		}
	}
	days, _ := s.doc["calendar"].([]any)
	for _, v := range days {
		day := mapping(v)
		date, _ := day["date"].(string)
		kind, _ := day["kind"].(string)
		f.Calendar = append(f.Calendar, CalendarFact{date, DayKind(kind)})
	}
	for id, v := range mapping(s.doc["party"]) {
		part := mapping(v)
		status, _ := part["status"].(string)
		name, _ := part["name"].(string)
		if f.Parties == nil {
			f.Parties = map[string]Contribution{}
		}
		f.Parties[id] = Contribution{Status: status, Name: name, Answers: mapping(part["answers"])}
	}
	if a, ok := s.doc["applicant"].(map[string]any); ok {
		f.Applicant = applicant(a)
	}
	return f, nil
}

func mapping(v any) map[string]any { m, _ := v.(map[string]any); return m }

func applicant(a map[string]any) feel.Value {
	keys := make([]string, 0, len(a))
	for k := range a {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var entries []feel.Entry
	for _, k := range keys {
		s, _ := a[k].(string)
		v := feel.String(s)
		if k == "birthDate" {
			if t, err := time.Parse(time.DateOnly, s); err == nil {
				v = feel.DateOf(t)
			}
		}
		entries = append(entries, feel.Entry{Name: k, Value: v})
	}
	return feel.Context(entries...)
}

func (s scenario) expect() map[string]any {
	e, _ := s.doc["expect"].(map[string]any)
	return e
}
