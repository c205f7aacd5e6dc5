package i18ntest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"passerelle/internal/platform/i18n"
)

// Complete fails t for every problem that i18n.Check finds in fsys, and for every
// word that is not the one this house has chosen (Words).
func Complete(t testing.TB, fsys fs.FS) {
	t.Helper()
	for _, p := range i18n.Check(fsys) {
		t.Error(p)
	}
	for _, lang := range i18n.Langs {
		name := "locales/" + string(lang) + ".yaml"
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			continue // said above
		}
		Words(t, lang, name, string(text))
	}
}

// Locale returns the locale of lang with the texts of all given modules.
func Locale(t testing.TB, lang i18n.Lang, modules ...fs.FS) *i18n.Locale {
	t.Helper()
	return Bundle(t, modules...).For(lang)
}

// Bundle returns a bundle with the texts of all given modules.
func Bundle(t testing.TB, modules ...fs.FS) *i18n.Bundle {
	t.Helper()
	b := i18n.New()
	for _, m := range modules {
		if err := b.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

var (
	// A key where only a key can stand: T("…"), N("…"), Has("…"), errs.New(kind, "…").
	asked = regexp.MustCompile(`(?:\.(?:T|N|Has)\(|errs\.(?:New|Wrap)\([\w.]+,)\s*"([^"\\]+)"(\s*\+)?`)
	// Any text that could be a key handed on in a variable or table.
	literal = regexp.MustCompile("[\"`]([a-z][\\w-]*(?:\\.[\\w-]+)+)\\.?[\"`]")
)

// UsedKeys scans the .go and .templ files below dir (tests and testdata left
// out) and fails t when a literal key is not in fsys, when a key of fsys is
// used nowhere, and when a key is put together at run time, T("a.b."+x),
// without its prefix "a.b." being declared in dynamic. A declared prefix that
// nothing uses fails too. Keys of other modules are theirs to check.
func UsedKeys(t testing.TB, dir string, fsys fs.FS, dynamic ...string) {
	t.Helper()
	known := map[string]bool{}
	owner := map[string]bool{}
	for _, key := range i18n.Keys(fsys) {
		known[key] = true
		owner[strings.SplitN(key, ".", 2)[0]] = true
	}
	used := map[string]bool{}
	stale := map[string]bool{}
	for _, prefix := range dynamic {
		stale[prefix] = true
	}

	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		source := strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".templ")
		if !source || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllSubmatchIndex(data, -1) {
			key := string(data[m[2]:m[3]])
			line := 1 + strings.Count(string(data[:m[2]]), "\n")
			if !owner[strings.SplitN(key, ".", 2)[0]] {
				continue
			}
			switch {
			case m[4] < 0 && !known[key]:
				t.Errorf("%s:%d: no text for key %q", path, line, key)
			case m[4] >= 0 && !slices.ContainsFunc(dynamic, func(p string) bool { return strings.HasPrefix(key, p) }):
				t.Errorf("%s:%d: key built from %q: declare this prefix", path, line, key)
			}
		}
		for _, m := range literal.FindAllSubmatch(data, -1) {
			used[string(m[1])] = true
		}
		for _, prefix := range dynamic {
			if strings.Contains(string(data), `"`+prefix) {
				delete(stale, prefix)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, prefix := range slices.Sorted(maps.Keys(stale)) {
		t.Errorf("declared prefix %q is used nowhere", prefix)
	}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if !used[key] && !slices.ContainsFunc(dynamic, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("key %s is used nowhere", key)
		}
	}
}
