package i18n

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Problem is what is wrong with a locale file, for its author.
type Problem struct {
	File string // "locales/fr.yaml"
	Line int    // 0 when the fault is an absence
	Key  string
	Text string
}

// String returns "file:line: key: text".
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Key != "" {
		s += ": " + p.Key
	}
	return s + ": " + p.Text
}

type file struct {
	name  string
	texts map[string]*message
}

// read parses the locale files that exist. The problems are those that make a
// file unusable or a key ambiguous.
func read(fsys fs.FS) (map[Lang]file, []Problem) {
	files := map[Lang]file{}
	var problems []Problem
	for _, lang := range Langs {
		name := "locales/" + string(lang) + ".yaml"
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			name = string(lang) + ".yaml"
			data, err = fs.ReadFile(fsys, name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			problems = append(problems, Problem{File: name, Text: err.Error()})
			continue
		}
		f := file{name: name, texts: map[string]*message{}}
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil {
			problems = append(problems, Problem{File: name, Text: err.Error()})
			continue
		}
		if len(doc.Content) == 1 {
			problems = append(problems, f.walk("", doc.Content[0])...)
		}
		files[lang] = f
	}
	return files, problems
}

var pluralForms = []string{"zero", "one", "many", "other"}

// walk adds the texts below node, whose key is prefix.
func (f file) walk(prefix string, node *yaml.Node) (problems []Problem) {
	fault := func(n *yaml.Node, key, text string) {
		problems = append(problems, Problem{File: f.name, Line: n.Line, Key: key, Text: text})
	}
	if node.Kind != yaml.MappingNode {
		fault(node, prefix, "must be a map of keys")
		return problems
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := name.Value
		if prefix != "" {
			key = prefix + "." + key
		}
		if f.texts[key] != nil {
			fault(name, key, "stands twice")
			continue
		}
		switch {
		case value.Kind == yaml.ScalarNode && (value.Value == "" || value.Tag == "!!null"):
			fault(value, key, "is empty")
		case value.Kind == yaml.ScalarNode:
			f.texts[key] = &message{text: cut(value.Value), line: value.Line}
		case isPlural(value):
			m := &message{forms: map[string]template{}, line: name.Line}
			for j := 0; j+1 < len(value.Content); j += 2 {
				form, text := value.Content[j], value.Content[j+1]
				if _, twice := m.forms[form.Value]; twice {
					fault(form, key+"."+form.Value, "stands twice")
				}
				if text.Value == "" {
					fault(text, key+"."+form.Value, "is empty")
				}
				m.forms[form.Value] = cut(text.Value)
			}
			if _, ok := m.forms["other"]; !ok {
				fault(name, key, "plural form \"other\" is missing")
			}
			f.texts[key] = m
		default:
			problems = append(problems, f.walk(key, value)...)
		}
	}
	return problems
}

// isPlural tells whether all keys of a map of texts are plural forms.
func isPlural(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !slices.Contains(pluralForms, n.Content[i].Value) || n.Content[i+1].Kind != yaml.ScalarNode {
			return false
		}
	}
	return true
}
