package i18ntest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"passerelle/internal/platform/i18n"
)

// recorder is a testing.TB that notes failures instead of failing.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper()                      {}
func (r *recorder) Error(args ...any)            { r.said = append(r.said, fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.said = append(r.said, fmt.Sprintf(f, args...)) }

func TestUsedKeysFindsUnknownUnusedAndDynamic(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("web.go", "l.T(\"m.title\", \"n\", 1)\nerrs.New(errs.NotFound, \"m.gone\")\nl.T(\"m.kind.\"+k)\nl.T(\"m.other.\" + k)\nl.T(\"web.else\")\n")
	write("page.templ", "{ v.Locale.N(\"m.tite\", 3) }")
	write("page_templ.go", "l.T(\"m.generated\")")
	write("web_test.go", "l.T(\"m.test\")")
	fsys := fstest.MapFS{"locales/en.yaml": {Data: []byte("m: {title: x, gone: x, idle: x, kind: {a: x, b: x}, other: {c: x}}")}}

	r := &recorder{TB: t}
	UsedKeys(r, dir, fsys, "m.kind.", "m.stale.")
	for i := range r.said {
		r.said[i] = strings.TrimPrefix(r.said[i], dir+string(filepath.Separator))
	}
	want := []string{
		`page.templ:1: no text for key "m.tite"`,
		`web.go:4: key built from "m.other.": declare this prefix`,
		`declared prefix "m.stale." is used nowhere`,
		`key m.idle is used nowhere`,
		`key m.other.c is used nowhere`,
	}
	if !slices.Equal(r.said, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(r.said, "\n"), strings.Join(want, "\n"))
	}
}

func TestCompleteSpeaksOfEveryProblem(t *testing.T) {
	r := &recorder{TB: t}
	Complete(r, fstest.MapFS{"locales/en.yaml": {Data: []byte("m: x")}})
	if len(r.said) != 4 {
		t.Errorf("%d problems, want one for each of the four languages: %q", len(r.said), r.said)
	}
}

func TestWordsFindsTheOtherWordAndLeavesIdioms(t *testing.T) {
	r := &recorder{TB: t}
	Words(r, i18n.DE, "de.yaml", "a: Ihr Vorgang, in jedem Fall.\nb: Zwei Fälle\nc: Ein Beamter prüft die Fallhöhe.")
	Words(r, i18n.FR, "fr.yaml", "c: Ein Beamter")
	want := []string{`de.yaml:2: "Fälle": the word is Vorgang (docs/guide/words.md)`, `de.yaml:3: "Beamte": the word is Mensch (docs/guide/words.md)`}
	if !slices.Equal(r.said, want) {
		t.Errorf("%q, want %q", r.said, want)
	}
}
