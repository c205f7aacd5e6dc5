package pack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/i18n"
)

// text is one text of one language: a sentence, or a list of them.
type text struct {
	text string
	list []string
	line int
}

func (t text) isList() bool { return t.list != nil }

// texts holds all words of a package that people read, by language and key.
type texts map[i18n.Lang]map[string]text

// order in which a missing text is looked for in the other languages.
var fallback = []i18n.Lang{i18n.EN, i18n.FR, i18n.DE, i18n.LB, i18n.PT}

func (ts texts) find(lang i18n.Lang, key string) (text, bool) {
	if t, ok := ts[lang][key]; ok {
		return t, true
	}
	for _, l := range fallback {
		if t, ok := ts[l][key]; ok {
			return t, true
		}
	}
	return text{}, false
}

// T returns the text of key in a language, with its placeholders {name} filled
// from args, pairs of name and value; values are shown as fmt does, so format
// amounts and dates before. A text that the language lacks is taken from
// another; one that exists nowhere is its key in brackets.
func (p *Package) T(lang i18n.Lang, key string, args ...any) string {
	t, ok := p.texts.find(lang, key)
	if !ok {
		return "[" + key + "]"
	}
	s := t.text
	if t.isList() {
		s = strings.Join(t.list, "\n")
	}
	return fill(s, args)
}

// fill replaces placeholders; one without a value stays visible.
func fill(s string, args []any) string {
	if len(args) < 2 || !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Has reports whether the package has a text for key in any language.
func (p *Package) Has(key string) bool {
	_, ok := p.texts.find(i18n.EN, key)
	return ok
}

// List returns a text that is a list; a single text is a list of one, a missing
// one is nil.
func (p *Package) List(lang i18n.Lang, key string) []string {
	t, ok := p.texts.find(lang, key)
	switch {
	case !ok:
		return nil
	case t.isList():
		return t.list
	}
	return []string{t.text}
}

// Keys returns all text keys of the package, sorted.
func (p *Package) Keys() []string {
	seen := map[string]bool{}
	for _, ts := range p.texts {
		for k := range ts {
			seen[k] = true
		}
	}
	keys := make([]string, 0, len(seen))
	for k := range seen {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func textFile(lang i18n.Lang) string { return "texts/" + string(lang) + ".yaml" }

// loadTexts reads texts/<lang>.yaml of all five languages.
func (l *loader) loadTexts() texts {
	ts := texts{}
	for _, lang := range i18n.Langs {
		file := textFile(lang)
		ts[lang] = map[string]text{}
		src, ok := l.read(file)
		if !ok {
			continue
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(src, &doc); err != nil {
			l.yamlError(file, err)
			continue
		}
		if len(doc.Content) > 0 {
			l.flatten(file, "", doc.Content[0], ts[lang])
		}
	}
	for _, file := range slices.Sorted(maps.Keys(l.files)) {
		name, ok := strings.CutPrefix(file, "texts/")
		if lang, yaml := strings.CutSuffix(name, ".yaml"); ok && (!yaml || !slices.Contains(i18n.Langs, i18n.Lang(lang))) {
			l.warn(file, 0, "pack.finding.texts.language")
		}
	}
	return ts
}

// flatten puts the leaves below n into m, with dotted keys. Keys may be written
// nested or dotted.
func (l *loader) flatten(file, prefix string, n *yaml.Node, m map[string]text) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i].Value
			if prefix != "" {
				k = prefix + "." + k
			}
			l.flatten(file, k, n.Content[i+1], m)
		}
	case yaml.SequenceNode:
		t := text{list: []string{}, line: n.Line}
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				l.fault(file, item.Line, "pack.finding.texts.list", "key", prefix)
				continue
			}
			t.list = append(t.list, item.Value)
		}
		l.addText(file, prefix, t, m)
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			l.fault(file, n.Line, "pack.finding.texts.empty", "key", prefix)
			return
		}
		l.addText(file, prefix, text{text: strings.TrimSpace(n.Value), line: n.Line}, m)
	default:
		l.fault(file, n.Line, "pack.finding.texts.neither", "key", prefix)
	}
}

func (l *loader) addText(file, key string, t text, m map[string]text) {
	if old, ok := m[key]; ok {
		l.fault(file, t.line, "pack.finding.texts.twice", "key", key, "line", old.line)
		return
	}
	m[key] = t
}

// Lingual is a text written in place in several languages.
type Lingual map[i18n.Lang]string

// In returns the text in a language, or in the next that has it.
func (t Lingual) In(lang i18n.Lang) string {
	if s := t[lang]; s != "" {
		return s
	}
	for _, l := range fallback {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// missing returns the languages that have no text.
func (t Lingual) missing() []string {
	var out []string
	for _, l := range i18n.Langs {
		if strings.TrimSpace(t[l]) == "" {
			out = append(out, string(l))
		}
	}
	return out
}

// showDate formats a day in the locale; the zero time is no date.
func showDate(loc *i18n.Locale, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return loc.Date(t)
}
