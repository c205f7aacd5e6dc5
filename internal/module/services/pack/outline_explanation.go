package pack

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/feel"
)

// norms tells norms.yaml: which open norm or which exceptions go to a person, and
// when.
func (w *words) norms(add adder) {
	w.yaml(SectionRules, normsFile, add, func(key, id string, m map[string]any) (string, []Line) {
		reason := id
		if m["reason"] != nil {
			reason = scalar(m["reason"])
		}
		lines := []Line{say(w.loc.T("pack.norm." + key))}
		if m["when"] != nil {
			lines = append(lines, w.cond("pack.norm.when", scalar(m["when"])))
		}
		for _, x := range items(m["of"]) {
			if one, ok := x.(map[string]any); ok {
				lines = append(lines, w.cond("pack.norm.of", scalar(one["when"])))
				lines = append(lines, w.legal(one["legal"])...)
			}
		}
		return w.text("reasons."+reason, id), append(lines, w.legal(m["legal"])...)
	})
}

// legal is the citation of resource or resource/article.
func (w *words) legal(cite any) []Line {
	if cite == nil {
		return nil
	}
	ref, ok := w.p.Legal(w.loc.Lang(), scalar(cite))
	text := scalar(cite)
	if ok {
		text = strings.TrimPrefix(ref.Article+", ", ", ") + ref.Title
	}
	return []Line{say(w.loc.T("pack.line.legal", "legal", text))}
}

// explanation tells explanation.yaml: each condition and each line of the
// calculation by its text, with when it is shown and what it rests on.
func (w *words) explanation(add adder) {
	w.yaml(SectionExplanation, "explanation.yaml", add, func(key, id string, m map[string]any) (string, []Line) {
		var lines []Line
		text := "explanation." + key
		switch key {
		case "headline":
			return w.loc.T("pack.explain.headline"), w.placeholders(m)
		case "conditions":
			text += "." + id + ".met"
			lines = append(lines, w.met(m["met"])...)
		case "rows":
			text += "." + id
		case "nearest":
			text += "." + id + ".better"
			lines = w.varied(m)
		case "steps":
			return w.loc.T("pack.explain.steps"), nil
		}
		if m["when"] != nil {
			lines = append(lines, w.cond("pack.explain.when", scalar(m["when"])))
		}
		if x := m["value"]; x != nil {
			lines = append(lines, w.value("pack.rule.value", scalar(x), thing{}))
		}
		if x := m["unit"]; x != nil {
			lines = append(lines, say(w.loc.T("pack.line.unit", "unit", w.unit(scalar(x)))))
		}
		if m["sign"] == "minus" {
			lines = append(lines, say(w.loc.T("pack.explain.minus")))
		}
		if args, ok := m["args"].(map[string]any); ok {
			lines = append(lines, w.placeholders(args)...)
		}
		return w.text(text, id), append(lines, w.rests(m)...)
	})
}

// rests tells on what a condition or a line rests: evidence, legal value, norm.
func (w *words) rests(m map[string]any) []Line {
	if source, ok := m["source"].(map[string]any); ok {
		m = source
	}
	var lines []Line
	if x := m["evidence"]; x != nil {
		lines = append(lines, say(w.loc.T("pack.explain.evidence", "evidence", w.named("evidence."+scalar(x)+".label", scalar(x)))))
	}
	if x := m["parameter"]; x != nil {
		lines = append(lines, say(w.loc.T("pack.explain.parameter", "parameter", w.named("parameters."+scalar(x), scalar(x)))))
	}
	return append(lines, w.legal(m["legal"])...)
}

// met tells when a condition is met: true, false and null are its three states.
func (w *words) met(x any) []Line {
	text := scalar(x)
	if e, err := feel.Compile(text, w.names); err == nil {
		if _, branches := e.AST().(*feel.If); !branches {
			return []Line{w.cond("pack.explain.met", text)}
		}
	}
	return w.lines(text, thing{kind: "met"})
}

// placeholders tells what fills the gaps of a text.
func (w *words) placeholders(args map[string]any) []Line {
	var lines []Line
	for _, name := range slices.Sorted(maps.Keys(args)) {
		text, format, _ := strings.Cut(scalar(args[name]), "|")
		line := w.value("pack.explain.arg", text, thing{}, "name", "{"+name+"}")
		if key := "pack.explain.format." + strings.TrimSpace(format); w.loc.Has(key) {
			line.Text += ", " + w.loc.T(key)
		}
		lines = append(lines, line)
	}
	return lines
}

// varied tells a quantity of which the nearest value is sought that would change
// the decision.
func (w *words) varied(m map[string]any) []Line {
	what := m["decision"]
	if what == nil {
		what = m["fact"]
	}
	lines := []Line{w.value("pack.explain.varied", scalar(what), thing{})}
	for _, key := range []string{"min", "max", "step"} {
		if x := m[key]; x != nil {
			lines = append(lines, w.value(map[string]string{"min": "pack.explain.min", "max": "pack.explain.max", "step": "pack.explain.smallest"}[key], scalar(x), thing{}))
		}
	}
	if m["only"] == "better" {
		lines = append(lines, say(w.loc.T("pack.explain.onlyBetter")))
	}
	return lines
}

// yaml goes through a file key by key; through a list, item by item. tell gives
// the label and the lines of each; the file's own words stand behind them.
func (w *words) yaml(s Section, file string, add adder, tell func(key, id string, m map[string]any) (string, []Line)) {
	var written map[string]any
	if yaml.Unmarshal(w.p.files[file], &written) != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		var rest []any
		for _, item := range items(written[key]) {
			m, ok := item.(map[string]any)
			if !ok || m["id"] == nil {
				rest = append(rest, item)
				continue
			}
			id := scalar(m["id"])
			said := maps.Clone(m)
			delete(said, "id")
			label, lines := tell(key, id, m)
			add(s, file, key+"."+id, label, lines, raw(flat(said))...)
		}
		m, _ := written[key].(map[string]any)
		switch {
		case items(written[key]) == nil:
			label, lines := tell(key, key, m)
			add(s, file, key, label, lines, raw(flat(written[key]))...)
		case rest != nil:
			label, lines := tell(key, key, nil)
			for _, x := range rest {
				lines = append(lines, w.value("pack.explain.counts", scalar(x), thing{}))
			}
			add(s, file, key, label, lines, raw(flat(rest))...)
		}
	}
}
