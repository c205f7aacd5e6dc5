package i18n

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Check compares the five locale files of a module and returns what would
// hurt a reader: a language or a key that is missing, a key the English file
// does not have, placeholders that differ from the English ones, a plural form
// that is missing, an empty text. No problem: nil.
func Check(fsys fs.FS) []Problem {
	files, problems := read(fsys)
	reference, ok := files[EN]
	if !ok {
		return append(problems, Problem{File: "locales/en.yaml", Text: "is missing"})
	}
	for _, lang := range Langs {
		f, ok := files[lang]
		if !ok {
			problems = append(problems, Problem{File: "locales/" + string(lang) + ".yaml", Text: "is missing"})
			continue
		}
		problems = append(problems, f.compare(reference)...)
	}
	return problems
}

// Keys returns the keys of the English file of a module, sorted.
func Keys(fsys fs.FS) []string {
	files, _ := read(fsys)
	return slices.Sorted(maps.Keys(files[EN].texts))
}

func (f file) compare(reference file) (problems []Problem) {
	for _, key := range slices.Sorted(maps.Keys(reference.texts)) {
		m, want := f.texts[key], reference.texts[key]
		if m == nil {
			problems = append(problems, Problem{f.name, 0, key, "is missing"})
			continue
		}
		fault := func(format string, args ...any) {
			problems = append(problems, Problem{f.name, m.line, key, fmt.Sprintf(format, args...)})
		}
		if (m.forms == nil) != (want.forms == nil) {
			fault("is a plural in one language only")
			continue
		}
		if m.forms == nil {
			if got, want := placeholders(m.text), placeholders(want.text); got != want {
				fault("has placeholders %s, English has %s", got, want)
			}
			continue
		}
		for _, form := range pluralForms {
			text, has := m.forms[form]
			_, wanted := want.forms[form]
			switch {
			case !has && form == "one":
				fault("plural form %q is missing", form)
			case has != wanted && form == "zero":
				fault("plural form %q is in one language only", form)
			case has:
				// "One case waits" may leave out the number; nothing else may differ.
				names := placeholders
				if form == "one" || form == "zero" {
					names = withoutN
				}
				if got, want := names(text), names(want.forms["other"]); got != want {
					fault("form %q has placeholders %s, English has %s", form, got, want)
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.texts)) {
		if reference.texts[key] == nil {
			problems = append(problems, Problem{f.name, f.texts[key].line, key, "is not in the English file"})
		}
	}
	return problems
}

// placeholders returns the set of names in t, for comparison and for people.
func placeholders(t template) string {
	names := t.names()
	slices.Sort(names)
	return "{" + strings.Join(slices.Compact(names), " ") + "}"
}

func withoutN(t template) string {
	names := slices.DeleteFunc(t.names(), func(s string) bool { return s == "n" })
	slices.Sort(names)
	return "{" + strings.Join(slices.Compact(names), " ") + "}"
}
