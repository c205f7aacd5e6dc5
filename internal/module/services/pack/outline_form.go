package pack

import (
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/form"
)

// form tells a form: the one of the application, or one for a party, whose parts
// are called by the party.
func (w *words) form(s Section, file, prefix string, add adder) {
	var written struct {
		Pages []struct {
			ID     string           `yaml:"id"`
			When   string           `yaml:"when"`
			Fields []map[string]any `yaml:"fields"`
		} `yaml:"pages"`
	}
	if yaml.Unmarshal(w.p.files[file], &written) != nil {
		return
	}
	var fields func(page, group string, list []map[string]any)
	fields = func(page, group string, list []map[string]any) {
		for _, f := range list {
			id := group + fmt.Sprint(f["id"])
			inner, _ := f["fields"].([]any)
			said := maps.Clone(f)
			delete(said, "id")
			if f["type"] == string(form.Group) {
				delete(said, "fields")
			}
			more := raw(append([]string{"page: " + page}, flat(said)...))
			add(s, file, prefix+id, w.text("form."+id+".label", id), w.field(page, id, f), more...)
			var within []map[string]any
			for _, x := range inner {
				if m, ok := x.(map[string]any); ok {
					within = append(within, m)
				}
			}
			fields(page, id+".", within)
		}
	}
	for _, page := range written.Pages {
		lines := []Line{say(w.loc.T("pack.form.pageAlways"))}
		if page.When != "" {
			lines = []Line{w.cond("pack.form.pageWhen", page.When)}
		}
		add(s, file, "page "+prefix+page.ID, w.loc.T("pack.form.page", "page", w.quoted(w.page(page.ID))), lines, raw([]string{"when: " + page.When})...)
		fields(page.ID, "", page.Fields)
	}
}

func (w *words) page(id string) string { return w.text("form."+id+".title", id) }

// field tells a question: where it stands, what it takes, when it is asked.
func (w *words) field(page, id string, f map[string]any) []Line {
	kind := fmt.Sprint(f["type"])
	is := thing{field: w.p.Field(id)}
	lines := []Line{
		say(w.loc.T("pack.form.on", "page", w.quoted(w.page(page)))),
		say(w.loc.T("pack.form.kind", "kind", w.loc.T("pack.form.kinds."+kind))),
	}
	text := func(key string) (string, bool) {
		x, ok := f[key]
		return strings.TrimSpace(scalar(x)), ok && x != nil
	}
	lines = append(lines, w.asked(kind, text)...)
	for _, key := range []string{"min", "max"} {
		if x, ok := text(key); ok {
			name := "pack.form." + key
			if kind == string(form.Group) || kind == string(form.File) {
				name += "Of." + kind
			}
			lines = append(lines, w.value(name, x, is))
		}
	}
	for _, key := range []string{"minLength", "maxLength", "decimals", "maxSize"} {
		if x, ok := text(key); ok {
			lines = append(lines, say(w.loc.T("pack.form."+key, "n", x)))
		}
	}
	if x, ok := text("pattern"); ok {
		lines = append(lines, Line{Text: w.loc.T("pack.form.pattern"), Code: x})
	}
	for _, o := range items(f["options"]) {
		lines = append(lines, say(w.loc.T("pack.form.option", "option", w.text("form."+id+".options."+scalar(o), scalar(o)))))
	}
	if accept := items(f["accept"]); accept != nil {
		var names []string
		for _, a := range accept {
			names = append(names, strings.ToUpper(scalar(a)))
		}
		lines = append(lines, say(w.loc.T("pack.form.accept", "files", w.loc.ListOr(names))))
	}
	for _, x := range items(f["checks"]) {
		if check, ok := x.(map[string]any); ok {
			lines = append(lines, w.cond("pack.form.check", scalar(check["that"])))
			if key := "form." + id + ".error." + scalar(check["id"]); w.p.Has(key) {
				lines = append(lines, say(w.loc.T("pack.form.refused", "text", w.named(key, ""))))
			}
		}
	}
	if prefill, ok := f["prefill"].(map[string]any); ok {
		lines = append(lines, w.prefill(prefill)...)
	}
	return lines
}

// asked tells whether a question is asked and must be answered.
func (w *words) asked(kind string, text func(string) (string, bool)) []Line {
	var lines []Line
	switch required, given := text("required"); {
	case kind == string(form.Fact) || kind == string(form.Declaration):
	case !given || required == "true":
		lines = append(lines, say(w.loc.T("pack.form.required")))
	case required == "false":
		lines = append(lines, say(w.loc.T("pack.form.optional")))
	default:
		lines = append(lines, w.cond("pack.form.requiredIf", required))
	}
	if when, ok := text("when"); ok {
		lines = append(lines, w.cond("pack.form.when", when))
	}
	return lines
}

func (w *words) prefill(x map[string]any) []Line {
	var lines []Line
	if id := x["evidence"]; id != nil {
		lines = append(lines, say(w.loc.T("pack.form.prefill", "evidence", w.named("evidence."+scalar(id)+".label", scalar(id)))))
	}
	if x["value"] != nil {
		lines = append(lines, w.value("pack.form.prefillValue", scalar(x["value"]), thing{}))
	}
	if x["editable"] == true {
		lines = append(lines, say(w.loc.T("pack.form.editable")))
	}
	return lines
}

// items are what stands in a YAML list, nil for anything else.
func items(x any) []any {
	list, _ := x.([]any)
	return list
}
