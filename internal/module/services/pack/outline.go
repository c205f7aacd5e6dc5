package pack

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

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
	Shared  bool      // another part of the section has this label: the ID tells them apart
	Lines   []Line    // what it says
	Lang    i18n.Lang // of a text or a letter; "" for the rest

	more []Line // told only where it differs: types, sources, notes
	file string // that it stands in
}

// Difference is a part that is not the same in two versions. Was is empty for a
// part that is new, Is for one that is gone.
type Difference struct {
	Section Section
	ID      string
	Label   string
	Shared  bool      // the ID tells it apart from another with this label
	Lang    i18n.Lang // of a text or a letter; "" for the rest
	Was, Is []Line    // the lines that differ
	New     bool
	Gone    bool
}

// Compare tells what differs between two versions of a service in a language,
// section by section, in the order in which the later version is read. Whatever
// file differs is told: by its parts, in all languages, or else by itself.
func Compare(loc *i18n.Locale, before, after *Package) []Difference {
	key := func(p Part) string { return string(p.Section) + "\x00" + p.ID + "\x00" + string(p.Lang) }
	told := map[string]bool{}
	was, now := before.Outline(loc), after.Outline(loc)
	shared := shared(was, now)
	old := map[string]Part{}
	for _, p := range was {
		old[key(p)] = p
	}
	var out []Difference
	for _, is := range now {
		earlier, known := old[key(is)]
		delete(old, key(is))
		if known && is.written() && slices.Equal(earlier.more, is.more) {
			continue // other words for the same: told where the words stand
		}
		d := Difference{Section: is.Section, ID: is.ID, Label: is.Label, Shared: shared(is), Lang: is.Lang, New: !known}
		d.Was, d.Is = unlike(earlier.Lines, is.Lines)
		was, now := unlike(earlier.more, is.more)
		if d.Was, d.Is = append(d.Was, was...), append(d.Is, now...); d.New || len(d.Was)+len(d.Is) > 0 {
			out = append(out, d)
			told[is.file] = true
		}
	}
	for _, p := range was { // in its order
		if _, gone := old[key(p)]; gone {
			out = append(out, Difference{Section: p.Section, ID: p.ID, Label: p.Label, Shared: shared(p), Lang: p.Lang, Was: slices.Concat(p.Lines, p.more), Gone: true})
			told[p.file] = true
		}
	}
	for _, d := range reordered(loc, was, now) {
		out = append(out, d)
		told[d.ID] = true
	}
	out = append(out, otherFiles(loc, before.files, after.files, told)...)
	slices.SortStableFunc(out, func(a, b Difference) int {
		return slices.Index(Sections, a.Section) - slices.Index(Sections, b.Section)
	})
	return out
}

// reordered tells what stands in another order, file by file: the order in which
// people are asked, and in which they read an explanation. That of rules and steps
// means nothing, or is told with them.
func reordered(loc *i18n.Locale, was, now []Part) []Difference {
	files, labels := map[string][2][]string{}, map[string]string{}
	var names []string
	for side, parts := range [][]Part{was, now} {
		for _, p := range parts {
			if !slices.Contains([]Section{SectionForm, SectionParties, SectionExplanation}, p.Section) {
				continue
			}
			if _, known := files[p.file]; !known {
				names = append(names, p.file)
			}
			order := files[p.file]
			order[side] = append(order[side], p.ID)
			files[p.file], labels[p.file+"\x00"+p.ID] = order, loc.T("pack.feel.quoted", "text", p.Label)
		}
	}
	section := func(file string) Section {
		i := slices.IndexFunc(now, func(p Part) bool { return p.file == file })
		return now[max(i, 0)].Section
	}
	under := func(id string) string { // rows, conditions
		list, _, _ := strings.Cut(id, ".")
		return list
	}
	var out []Difference
	for _, file := range names {
		a, b := files[file][0], files[file][1]
		both := func(list, other []string) []string {
			there := map[string]bool{}
			for _, id := range other {
				there[id] = true
			}
			return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return !there[id] })
		}
		a, b = both(a, b), both(b, a)
		inA, inB := common(a, b)
		lines := func(list []string, in []bool) (said []Line) {
			for i, id := range list {
				switch label := labels[file+"\x00"+id]; {
				case in[i]:
				case i == 0 || section(file) == SectionExplanation && under(list[i-1]) != under(id):
					said = append(said, say(loc.T("pack.line.first", "x", label)))
				default:
					said = append(said, say(loc.T("pack.line.after", "x", label, "y", labels[file+"\x00"+list[i-1]])))
				}
			}
			return said
		}
		if d := (Difference{Section: section(file), ID: file, Label: loc.T("pack.line.order"), Was: lines(a, inA), Is: lines(b, inB)}); len(d.Was)+len(d.Is) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// written reports whether what the file has is told with the part.
func (p Part) written() bool {
	return slices.ContainsFunc(p.more, func(x Line) bool { return x.Raw })
}

// shared tells of a part whether another one has its label.
func shared(outlines ...[]Part) func(Part) bool {
	ids := map[string]map[string]bool{}
	label := func(p Part) string { return string(p.Section) + "\x00" + p.Label }
	for _, parts := range outlines {
		for _, p := range parts {
			if ids[label(p)] == nil {
				ids[label(p)] = map[string]bool{}
			}
			ids[label(p)][p.ID] = true
		}
	}
	return func(p Part) bool { return len(ids[label(p)]) > 1 }
}

// shownLines is how many lines of a file that no part tells are shown.
const shownLines = 40

// otherFiles are the files that differ and that nothing tells yet, with the first
// lines that differ; scenarios by their names too.
func otherFiles(loc *i18n.Locale, before, after map[string][]byte, told map[string]bool) []Difference {
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
		d.Was, d.Is = append(scenarioNames(loc, name, a), raw(firstLines(had, was))...), append(scenarioNames(loc, name, b), raw(firstLines(has, is))...)
		out = append(out, d)
	}
	return out
}

// scenarioNames tells which cases a file of scenarios tries; none for other files.
func scenarioNames(loc *i18n.Locale, file string, src []byte) []Line {
	var written struct {
		Scenarios []struct {
			Name string `yaml:"name"`
		} `yaml:"scenarios"`
	}
	if !strings.HasPrefix(file, "scenarios/") || yaml.Unmarshal(src, &written) != nil {
		return nil
	}
	var lines []Line
	for _, x := range written.Scenarios {
		lines = append(lines, say(loc.T("pack.line.scenario", "name", x.Name)))
	}
	return lines
}

// firstLines makes blanks at the end visible, which can be all that differs, and
// cuts what is long.
func firstLines(there bool, lines []string) (out []string) {
	for i, line := range lines {
		switch {
		case !there:
			return nil
		case i == shownLines:
			return append(out, "…")
		case line != strings.TrimRightFunc(line, unicode.IsSpace) || line == "":
			line = strconv.Quote(line)
		}
		out = append(out, line)
	}
	return out
}

// Outline tells the whole package as people read it, in a language; texts and
// letters in all languages.
func (p *Package) Outline(loc *i18n.Locale) []Part {
	var all []Part
	add := func(s Section, file, id, label string, lines []Line, more ...Line) {
		all = append(all, Part{Section: s, ID: id, Label: label, Lines: lines, more: more, file: file})
	}
	w := p.words(loc)
	all = append(all, p.outlineService(loc)...)
	w.form(SectionForm, "form.yaml", "", add)
	for _, x := range p.Parameters.List {
		lines, more := []Line{}, []Line{say(loc.T("pack.line.unit", "unit", w.unit(x.Unit)))}
		for _, v := range x.Values {
			lines = append(lines, say(p.outlineValue(loc, x, v)))
			from := loc.Date(v.From)
			more = append(more, said(loc, "pack.line.source", v.Source, from)...)
			more = append(more, said(loc, "pack.line.note", v.Note, from)...)
		}
		add(SectionParameters, "parameters.yaml", x.ID, w.text("parameters."+x.ID, x.ID), lines, more...)
	}
	w.rules(add)
	w.norms(add)
	w.explanation(add)
	w.process(add)
	for _, party := range p.parties {
		w.form(SectionParties, "parties/"+party.ID+".yaml", party.ID+".", add)
	}
	for _, k := range p.Keys() {
		for _, lang := range i18n.Langs {
			if t, ok := p.texts[lang][k]; ok {
				lines := t.list
				if !t.isList() {
					lines = []string{t.text}
				}
				all = append(all, Part{Section: SectionTexts, ID: k, Label: w.place(k), Lines: says(lines), Lang: lang, file: textFile(lang)})
			}
		}
	}
	for _, name := range p.Letters {
		for _, lang := range i18n.Langs {
			file := "letters/" + name + "." + string(lang) + ".md"
			if text, ok := p.files[file]; ok {
				all = append(all, Part{Section: SectionLetters, ID: name, Label: w.letter(name), Lines: w.letterLines(text), more: raw(textLines(text)), Lang: lang, file: file})
			}
		}
	}
	shared := shared(all)
	for i, part := range all {
		all[i].Shared = shared(part)
	}
	return all
}

// said is a line that tells a remark of a day, or none when there is no remark.
func said(loc *i18n.Locale, key, text, from string) []Line {
	if text == "" {
		return nil
	}
	return []Line{say(loc.T(key, "from", from, "text", text))}
}

// adder adds a part: its section, file, ID, label, and what it says.
type adder func(s Section, file, id, label string, lines []Line, more ...Line)

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
