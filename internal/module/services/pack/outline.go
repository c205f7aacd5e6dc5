package pack

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/dmn"
	"passerelle/engine/form"
	"passerelle/internal/platform/i18n"
)

// Section is a part of a package that people read.
type Section string

// The sections, in the order in which they are read.
const (
	SectionService     Section = "service"
	SectionForm        Section = "form"
	SectionParameters  Section = "parameters"
	SectionRules       Section = "rules"
	SectionExplanation Section = "explanation"
	SectionProcess     Section = "process"
	SectionParties     Section = "parties"
	SectionTexts       Section = "texts"
	SectionLetters     Section = "letters"
	SectionFiles       Section = "files" // in comparisons only: what differs in a file and no part tells
)

// Sections are all of them, in that order.
var Sections = []Section{SectionService, SectionForm, SectionParameters, SectionRules, SectionExplanation, SectionProcess, SectionParties, SectionTexts, SectionLetters, SectionFiles}

// Part is one thing in a package as people read it: a question of the form, a
// legal value through time, a rule, a step, a text.
type Part struct {
	Section Section
	ID      string    // the same in every version
	Label   string    // in the reader's language where the package has a text for it, else the ID
	Lines   []string  // what it says
	Lang    i18n.Lang // of a text or a letter; "" for the rest

	more []string // told only where it differs: types, sources, notes
	file string   // that it stands in
}

// Difference is a part that is not the same in two versions. Was is empty for a
// part that is new, Is for one that is gone.
type Difference struct {
	Section Section
	ID      string
	Label   string
	Lang    i18n.Lang // of a text or a letter; "" for the rest
	Was, Is []string  // the lines that differ
	New     bool
	Gone    bool
}

// Compare tells what differs between two versions of a service in a language,
// section by section, in the order in which the later version is read. Whatever
// file differs is told: by its parts, in all languages, or else by itself.
func Compare(loc *i18n.Locale, before, after *Package) []Difference {
	key := func(p Part) string { return string(p.Section) + "\x00" + p.ID + "\x00" + string(p.Lang) }
	told := map[string]bool{}
	was := before.Outline(loc)
	old := map[string]Part{}
	for _, p := range was {
		old[key(p)] = p
	}
	var out []Difference
	for _, is := range after.Outline(loc) {
		earlier, known := old[key(is)]
		delete(old, key(is))
		d := Difference{Section: is.Section, ID: is.ID, Label: is.Label, Lang: is.Lang, New: !known}
		d.Was, d.Is = unlike(earlier.Lines, is.Lines)
		was, now := unlike(earlier.more, is.more)
		if d.Was, d.Is = append(d.Was, was...), append(d.Is, now...); d.New || len(d.Was)+len(d.Is) > 0 {
			out = append(out, d)
			told[is.file] = true
		}
	}
	for _, p := range was { // in its order
		if _, gone := old[key(p)]; gone {
			out = append(out, Difference{Section: p.Section, ID: p.ID, Label: p.Label, Lang: p.Lang, Was: slices.Concat(p.Lines, p.more), Gone: true})
			told[p.file] = true
		}
	}
	out = append(out, otherFiles(before.files, after.files, told)...)
	slices.SortStableFunc(out, func(a, b Difference) int {
		return slices.Index(Sections, a.Section) - slices.Index(Sections, b.Section)
	})
	return out
}

// shownLines is how many lines of a file that no part tells are shown.
const shownLines = 40

// otherFiles are the files that differ and that nothing tells yet, with the first
// lines that differ.
func otherFiles(before, after map[string][]byte, told map[string]bool) []Difference {
	all := maps.Clone(before)
	maps.Copy(all, after)
	var out []Difference
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a, had := before[name]
		b, has := after[name]
		if told[name] || had && has && bytes.Equal(a, b) {
			continue
		}
		d := Difference{Section: SectionFiles, ID: name, Label: name, New: !had, Gone: !has}
		was, is := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
		for len(was) > 0 && len(is) > 0 && was[0] == is[0] {
			was, is = was[1:], is[1:]
		}
		for len(was) > 0 && len(is) > 0 && was[len(was)-1] == is[len(is)-1] {
			was, is = was[:len(was)-1], is[:len(is)-1]
		}
		d.Was, d.Is = firstLines(had, was), firstLines(has, is)
		out = append(out, d)
	}
	return out
}

// firstLines makes blanks visible, which can be all that differs, and cuts what is long.
func firstLines(there bool, lines []string) (out []string) {
	for i, line := range lines {
		switch {
		case !there:
			return nil
		case i == shownLines:
			return append(out, "…")
		case line != strings.TrimSpace(line) || line == "":
			line = strconv.Quote(line)
		}
		out = append(out, line)
	}
	return out
}

// unlike returns the lines of each that the other lacks (a longest common
// subsequence stays out).
func unlike(a, b []string) (was, is []string) {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			was, i = append(was, a[i]), i+1
		default:
			is, j = append(is, b[j]), j+1
		}
	}
	return append(was, a[i:]...), append(is, b[j:]...)
}

// Outline tells the whole package as people read it, in a language; texts and
// letters in all languages.
func (p *Package) Outline(loc *i18n.Locale) []Part {
	var all []Part
	add := func(s Section, file, id, textKey string, lines []string, more ...string) {
		label := id
		if textKey != "" && p.Has(textKey) {
			label = p.T(loc.Lang(), textKey)
		}
		all = append(all, Part{Section: s, ID: id, Label: label, Lines: lines, more: more, file: file})
	}
	all = append(all, p.outlineService(loc)...)
	p.outlineForm(SectionForm, "form.yaml", "", add)
	for _, x := range p.Parameters.List {
		lines, more := []string{}, []string{"unit: " + x.Unit}
		for _, v := range x.Values {
			lines = append(lines, p.outlineValue(loc, x, v))
			from := v.From.Format(time.DateOnly)
			more = append(more, from+", source: "+v.Source, from+", note: "+v.Note)
		}
		add(SectionParameters, "parameters.yaml", x.ID, "parameters."+x.ID, lines, more...)
	}
	p.outlineRules(add)
	p.outlineYAML(SectionRules, normsFile, "reasons.", add)
	p.outlineYAML(SectionExplanation, "explanation.yaml", "explanation.", add)
	p.outlineProcess(loc, add)
	for _, party := range p.parties {
		p.outlineForm(SectionParties, "parties/"+party.ID+".yaml", party.ID+".", add)
	}
	for _, k := range p.Keys() {
		for _, lang := range i18n.Langs {
			if t, ok := p.texts[lang][k]; ok {
				lines := t.list
				if !t.isList() {
					lines = []string{t.text}
				}
				all = append(all, Part{Section: SectionTexts, ID: k, Label: k, Lines: lines, Lang: lang, file: textFile(lang)})
			}
		}
	}
	for _, name := range p.Letters {
		for _, lang := range i18n.Langs {
			file := "letters/" + name + "." + string(lang) + ".md"
			if text, ok := p.files[file]; ok {
				all = append(all, Part{Section: SectionLetters, ID: name, Label: name, Lines: textLines(text), Lang: lang, file: file})
			}
		}
	}
	return all
}

// adder adds a part: its section, file, ID, the key of its text, and what it says.
type adder func(s Section, file, id, textKey string, lines []string, more ...string)

// outlineForm tells a form: the one of the application, or one for a party, whose
// parts are called by the party.
func (p *Package) outlineForm(s Section, file, prefix string, add adder) {
	var raw struct {
		Pages []struct {
			ID     string           `yaml:"id"`
			When   string           `yaml:"when"`
			Fields []map[string]any `yaml:"fields"`
		} `yaml:"pages"`
	}
	if yaml.Unmarshal(p.files[file], &raw) != nil {
		return
	}
	var fields func(page, group string, list []map[string]any)
	fields = func(page, group string, list []map[string]any) {
		for _, f := range list {
			id := group + fmt.Sprint(f["id"])
			inner, isGroup := f["fields"].([]any)
			said := maps.Clone(f)
			delete(said, "id")
			if f["type"] == string(form.Group) {
				delete(said, "fields")
			}
			add(s, file, prefix+id, "form."+id+".label", append([]string{"page: " + page}, flat(said)...))
			if isGroup {
				var more []map[string]any
				for _, x := range inner {
					if m, ok := x.(map[string]any); ok {
						more = append(more, m)
					}
				}
				fields(page, id+".", more)
			}
		}
	}
	for _, page := range raw.Pages {
		if page.When != "" {
			add(s, file, "page "+prefix+page.ID, "form."+page.ID+".title", []string{"when: " + page.When})
		}
		fields(page.ID, "", page.Fields)
	}
}

// outlineValue is one line: from when to when, what, by which article, how sure.
func (p *Package) outlineValue(loc *i18n.Locale, x Parameter, v ParameterValue) string {
	to := "…"
	if !v.To.IsZero() {
		to = loc.Date(v.To)
	}
	value := loc.T("pack.noValue")
	if !v.Value.IsNull() {
		value = showParameter(loc, v.Value, x.Unit)
	}
	line := loc.Date(v.From) + " – " + to + ": " + value
	if ref, ok := p.Legal(loc.Lang(), v.Legal); ok {
		line += " (" + strings.TrimPrefix(ref.Article+", ", ", ") + ref.Title + ")"
	}
	if v.Status != Verified {
		line += " [" + loc.T("pack.setting.is.status."+string(v.Status)) + "]"
	}
	return line
}

// flat writes a YAML tree line by line, with the path before each value. Items
// that have an id are called by it.
func flat(x any) []string {
	var lines []string
	var walk func(path string, x any)
	walk = func(path string, x any) {
		under := func(name string) string {
			if path == "" {
				return name
			}
			return path + "." + name
		}
		switch x := x.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(x)) {
				walk(under(k), x[k])
			}
		case []any:
			plain := !slices.ContainsFunc(x, func(i any) bool {
				switch i.(type) {
				case map[string]any, []any:
					return true
				}
				return false
			})
			if plain {
				parts := make([]string, len(x))
				for i, item := range x {
					parts[i] = scalar(item)
				}
				walk(path, strings.Join(parts, ", "))
				return
			}
			for i, item := range x {
				name := fmt.Sprint(i + 1)
				if m, ok := item.(map[string]any); ok && m["id"] != nil {
					name = scalar(m["id"])
					m = maps.Clone(m)
					delete(m, "id")
					item = m
				}
				walk(under(name), item)
			}
		default:
			text := strings.TrimSpace(scalar(x))
			if path != "" {
				text = path + ": " + text
			}
			lines = append(lines, text)
		}
	}
	walk("", x)
	return lines
}

func scalar(x any) string {
	if t, ok := x.(time.Time); ok {
		return t.Format(time.DateOnly)
	}
	return fmt.Sprint(x)
}

// logicLines writes an expression as a designer reads it: a table rule by rule,
// FEEL line by line.
func logicLines(x dmn.Expression) []string {
	switch x := x.(type) {
	case *dmn.Literal:
		return textLines([]byte(x.Text))
	case *dmn.DecisionTable:
		lines := []string{string(x.HitPolicy) + strings.TrimSuffix(" "+string(x.Aggregation), " ")}
		for _, out := range x.Outputs {
			if out.Default != nil {
				lines = append(lines, strings.TrimSpace(out.Name+" → "+strings.TrimSpace(out.Default.Text)))
			}
		}
		for _, r := range x.Rules {
			var when, then []string
			for i, in := range r.Inputs {
				if text := strings.TrimSpace(in.Text); text != "-" && text != "" && i < len(x.Inputs) {
					when = append(when, strings.TrimSpace(x.Inputs[i].Expr.Text)+": "+text)
				}
			}
			for _, out := range r.Outputs {
				then = append(then, strings.TrimSpace(out.Text))
			}
			lines = append(lines, strings.Join(when, "; ")+" → "+strings.Join(then, "; "))
		}
		return lines
	case *dmn.Context:
		var lines []string
		for _, e := range x.Entries {
			for i, line := range logicLines(e.Value) {
				if i == 0 && e.Variable.Name != "" {
					line = e.Variable.Name + ": " + line
				}
				lines = append(lines, line)
			}
		}
		return lines
	case *dmn.Conditional:
		return slices.Concat([]string{"if"}, logicLines(x.If), []string{"then"}, logicLines(x.Then), []string{"else"}, logicLines(x.Else))
	case *dmn.FunctionDefinition:
		return logicLines(x.Body)
	case *dmn.Filter:
		return slices.Concat(logicLines(x.In), []string{"where"}, logicLines(x.Match))
	case *dmn.Iteration:
		return slices.Concat([]string{x.Kind + " " + x.Variable + " in"}, logicLines(x.In), []string{"→"}, logicLines(x.Each))
	case *dmn.List:
		var lines []string
		for _, item := range x.Items {
			lines = append(lines, logicLines(item)...)
		}
		return lines
	case *dmn.Relation:
		var lines []string
		for _, row := range x.Rows {
			for i, value := range row {
				for _, line := range logicLines(value) {
					lines = append(lines, x.Columns[i].Name+": "+line)
				}
			}
		}
		return lines
	case *dmn.Invocation:
		lines := logicLines(x.Callee)
		for _, b := range x.Bindings {
			for _, line := range logicLines(b.Value) {
				lines = append(lines, b.Param.Name+": "+line)
			}
		}
		return lines
	case nil:
		return nil
	}
	return []string{fmt.Sprintf("%T", x)}
}

// textLines are the lines of a text that say something.
func textLines(text []byte) []string {
	var lines []string
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines
}
