package pack

import (
	"slices"
	"strings"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/platform/i18n"
)

// words tells FEEL in a reader's language, as far as the package has words for
// what it reads: questions, legal values, decisions, steps. What it has none for
// stays as it is written.
type words struct {
	p     *Package
	loc   *i18n.Locale
	names feel.Option
	steps map[string]bpmn.Element

	each map[string][]string // what a name of "some … in …" goes through
	lost bool                // something had no words
}

func (p *Package) words(loc *i18n.Locale) *words {
	w := &words{p: p, loc: loc, steps: map[string]bpmn.Element{}, each: map[string][]string{}}
	names := append(slices.Clone(factNames), "decision", "case", "item", "asked", "value")
	names = append(names, p.decisions...)
	for _, k := range p.definitions.Knowledge {
		names = append(names, k.Name)
	}
	if p.Process != nil {
		for _, e := range p.Process.Elements() {
			w.steps[e.ID] = e
			names = append(names, e.ID)
		}
	}
	w.names = feel.Names(names...)
	return w
}

// text is a text of the package, or else what stands for it.
func (w *words) text(key, other string) string {
	if w.p.Has(key) {
		return w.p.T(w.loc.Lang(), key)
	}
	return other
}

func (w *words) quoted(text string) string { return w.loc.T("pack.feel.quoted", "text", text) }

// step is the name of an element of the process.
func (w *words) step(id string) string { return w.text("process."+id, id) }

func (w *words) unit(unit string) string {
	if key := "pack.unit." + unit; w.loc.Has(key) {
		return w.loc.T(key)
	}
	return unit
}

// cond is a line about a condition: key has it as {cond}.
func (w *words) cond(key, text string) Line {
	if said, ok := w.tell(text, w.clause); ok {
		return say(w.loc.T(key, "cond", said))
	}
	return Line{Text: w.loc.T(key, "cond", w.loc.T("pack.line.holds")), Code: trimmed(text)}
}

// value is a line about a value: key has it as {value}.
func (w *words) value(key, text string, like thing, args ...any) Line {
	if said, ok := w.tell(text, func(n feel.Node) string { return w.noun(n, like) }); ok {
		return say(w.loc.T(key, append(args, "value", said)...))
	}
	return Line{Text: w.loc.T(key, append(args, "value", w.loc.T("pack.line.result"))...), Code: trimmed(text)}
}

func trimmed(text string) string { return strings.Join(textLines([]byte(text)), "\n") }

// tell tells a text; ok is false when something in it has no words.
func (w *words) tell(text string, as func(feel.Node) string) (said string, ok bool) {
	e, err := feel.Compile(text, w.names)
	if err != nil {
		return "", false
	}
	w.lost = false
	said = as(e.AST())
	return said, !w.lost
}

func (w *words) give() string {
	w.lost = true
	return ""
}

// thing is what a value is compared with; it says how the value is written.
type thing struct {
	name  string // in words
	field *form.Field
	unit  string // of a legal value
	kind  string // outcome, status, reason, date, year, met; "" for others
}

func (w *words) named(key, other string) string { return w.quoted(w.text(key, other)) }

// path is a chain of names, with what a name of "some … in …" goes through
// before it.
func (w *words) path(n feel.Node) []string {
	switch n := n.(type) {
	case *feel.Name:
		if of, ok := w.each[n.Name]; ok {
			return of
		}
		return []string{n.Name}
	case *feel.Path:
		if before := w.path(n.X); before != nil {
			return append(slices.Clone(before), n.Name)
		}
	}
	return nil
}

// thing finds what a path names.
func (w *words) thing(n feel.Node) (thing, bool) {
	path := w.path(n)
	if path == nil {
		return thing{}, false
	}
	answer := func(id string) (thing, bool) {
		f := w.p.Field(id)
		if f == nil {
			return thing{}, false
		}
		x := thing{name: w.named("form."+id+".label", id), field: f}
		if f.Type == form.Date {
			x.kind = "date"
		}
		return x, true
	}
	part := func(of, whose, name string) (thing, bool) { // what decisions and steps have
		key := "pack.feel.of." + name
		if !w.loc.Has(key) {
			return thing{}, false
		}
		kind := map[string]string{"outcome": "outcome", "reasons": "reason", "status": "status", "year": "year"}[name]
		return thing{name: w.loc.T(key, "of", of, "whose", whose), kind: kind}, true
	}
	named := func(of, name string) (thing, bool) {
		return part(of, w.loc.T("pack.feel.whose.named", "name", of), name)
	}
	if x, isPath := n.(*feel.Path); isPath && slices.Contains([]string{"year", "month", "day"}, x.Name) {
		if of, ok := w.thing(x.X); ok && of.kind == "date" {
			if of.name == w.loc.T("pack.feel.date") {
				return part(of.name, w.loc.T("pack.feel.whose.date"), x.Name)
			}
			return named(of.name, x.Name)
		}
	}
	root, rest := path[0], path[1:]
	switch {
	case (root == "application" || root == "asked") && len(rest) > 0:
		return answer(strings.Join(rest, "."))
	case root == "parameters" && len(rest) == 1:
		if prm, ok := w.p.Parameters.Get(rest[0]); ok {
			return thing{name: w.named("parameters."+rest[0], rest[0]), unit: prm.Unit}, true
		}
	case root == "evidence" && len(rest) == 1:
		return thing{name: w.named("evidence."+rest[0]+".label", rest[0])}, true
	case root == "party" && len(rest) == 2 && rest[1] != "answers":
		return named(w.named("party."+rest[0]+".name", rest[0]), rest[1])
	case root == "party" && len(rest) > 2:
		return answer(strings.Join(rest[2:], "."))
	case root == "value" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.answer")}, true
	case root == "date" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.date"), kind: "date"}, true
	case root == "applicant" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.applicant")}, true
	case root == "decision" && len(rest) == 1:
		return part(w.loc.T("pack.feel.decision"), w.loc.T("pack.feel.whose.decision"), rest[0])
	case slices.Contains(w.p.decisions, root) && len(rest) == 0:
		return thing{name: w.named("decisions."+root, root)}, true
	case slices.Contains(w.p.decisions, root) && len(rest) == 1:
		return named(w.named("decisions."+root, root), rest[0])
	}
	if _, isStep := w.steps[root]; isStep && len(rest) == 1 {
		return named(w.named("process."+root, root), rest[0])
	}
	return thing{}, false
}
