package pack

import (
	"regexp"
	"slices"
	"strings"

	"passerelle/engine/feel"
)

// place says of a text where people read it, such as the help of a question.
func (w *words) place(key string) string {
	parts := strings.Split(key, ".")
	last := parts[len(parts)-1]
	known := func(key string, args ...any) (string, bool) {
		if !w.loc.Has(key) {
			return "", false
		}
		return w.loc.T(key, args...), true
	}
	name, told := "", false
	switch {
	case parts[0] == "form" && len(parts) > 2:
		name, told = w.formPlace(parts[1:])
	case parts[0] == "explanation" && len(parts) == 4: // conditions.<id>.met, nearest.<id>.better
		name, told = known("pack.place."+parts[1]+"."+last, "of", w.first("explanation."+parts[1]+"."+parts[2]+".", parts[2], "met", "better"))
	case parts[0] == "explanation" && len(parts) > 1:
		name, told = known("pack.place." + parts[1])
	case parts[0] == "service", parts[0] == "decision":
		name, told = known("pack.place." + key)
	case parts[0] == "process":
		id := strings.TrimPrefix(key, "process.")
		if e, ok := w.steps[id]; ok {
			kind := "pack.step.kind." + e.Kind
			if !w.loc.Has(kind) {
				kind = "pack.step.kind.task"
			}
			name, told = w.loc.T("pack.place.element", "kind", w.loc.T(kind)), true
		} else {
			name, told = w.loc.T("pack.place.drawing"), true
		}
	case len(parts) == 3 && (parts[0] == "evidence" || parts[0] == "party" || parts[0] == "appeal"):
		of := map[string]string{"evidence": "label", "party": "name", "appeal": "name"}[parts[0]]
		name, told = known("pack.place."+parts[0]+"."+last, "of", w.named(parts[0]+"."+parts[1]+"."+of, parts[1]))
	case parts[0] == "outputs" && len(parts) > 2:
		name, told = known("pack.place.outputs.states", "of", w.named("outputs."+parts[1], parts[1]))
	case parts[0] == "party" && len(parts) == 4:
		name, told = known("pack.place.party.shows", "of", w.named("party."+parts[1]+".name", parts[1]))
	case parts[0] == "outputs":
		name, told = w.loc.T("pack.place.outputs.name"), true
	default: // reasons, decisions, parameters, legal
		name, told = known("pack.place." + parts[0])
	}
	if !told {
		return key
	}
	return name
}

// first is the text of the first ending that there is.
func (w *words) first(prefix, other string, endings ...string) string {
	for _, e := range endings {
		if w.p.Has(prefix + e) {
			return w.named(prefix+e, "")
		}
	}
	return w.quoted(other)
}

// formPlace says which text of which question or page it is.
func (w *words) formPlace(parts []string) (string, bool) {
	last, of := parts[len(parts)-1], strings.Join(parts[:len(parts)-1], ".")
	if n := len(parts); n > 2 && slices.Contains([]string{"options", "optionHints", "error"}, parts[n-2]) {
		of = strings.Join(parts[:n-2], ".")
		question := w.named("form."+of+".label", of)
		if parts[n-2] == "options" {
			return w.loc.T("pack.place.form.options", "of", question), true
		}
		if parts[n-2] == "error" {
			return w.loc.T("pack.place.form.error", "of", question), true
		}
		return w.loc.T("pack.place.form.optionHints", "of", question, "option", w.named("form."+of+".options."+last, last)), true
	}
	key := "pack.place.form." + last
	if !w.loc.Has(key) {
		return "", false
	}
	if last == "title" || last == "intro" {
		return w.loc.T(key, "of", w.quoted(w.page(of))), true
	}
	return w.loc.T(key, "of", w.named("form."+of+".label", of)), true
}

// tag is a placeholder or a condition in a letter.
var tag = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// letterLines are the lines of a letter, its placeholders and conditions in words
// and in brackets; what has no words stays as it is written.
func (w *words) letterLines(src []byte) []Line {
	lines := textLines(src)
	for i, line := range lines {
		lines[i] = tag.ReplaceAllStringFunc(line, func(whole string) string {
			text := strings.TrimSpace(whole[2 : len(whole)-2])
			said, ok := "", true
			switch name, rest, _ := strings.Cut(text, " "); name {
			case "#if":
				if said, ok = w.tell(rest, w.clause); ok {
					said = w.loc.T("pack.letters.if", "cond", said)
				}
			case "#each":
				if said, ok = w.tell(rest, func(n feel.Node) string { return w.noun(n, thing{}) }); ok {
					said = w.loc.T("pack.letters.each", "of", said)
				}
			case "else":
				said = w.loc.T("pack.letters.else")
			case "/if", "/each":
				said = w.loc.T("pack.letters.end")
			default:
				value, _, _ := strings.Cut(text, "|")
				said, ok = w.tell(value, func(n feel.Node) string { return w.noun(n, thing{}) })
			}
			if !ok {
				return whole
			}
			return "[" + said + "]"
		})
	}
	return says(lines)
}

// letter is the name of a letter: of an outcome, or of what the service gives.
func (w *words) letter(name string) string {
	if key := "pack.letter." + name; w.loc.Has(key) {
		return w.loc.T(key)
	}
	return w.text("outputs."+name, name)
}
