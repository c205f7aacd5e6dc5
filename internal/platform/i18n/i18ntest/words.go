package i18ntest

import (
	"regexp"
	"strings"
	"testing"

	"passerelle/internal/platform/i18n"
)

// others are words for things that have another word (docs/guide/words.md), by
// language: what is not to be written, and what is written instead.
var others = map[i18n.Lang][]struct {
	word    *regexp.Regexp
	instead string
}{
	i18n.FR: {{regexp.MustCompile(`(?i)\bfonctionnaires?\b`), "agent"}, {regexp.MustCompile(`(?i)\bprestations?\b`), "service"}},
	i18n.DE: {
		{regexp.MustCompile(`(?:^|[^\pL])(?:Fall|Falls|Fälle|Fällen)(?:[^\pL]|$)`), "Vorgang"},
		{regexp.MustCompile(`Aktenzeichen`), "Vorgangsnummer"},
		{regexp.MustCompile(`Beamte|Sachbearbeiter`), "Mensch"},
		{regexp.MustCompile(`\bVersion(?:en)?\b`), "Fassung"},
		{regexp.MustCompile(`\bDienst(?:e|en|es)?\b`), "Leistung"},
	},
	i18n.LB: {{regexp.MustCompile(`Beamte`), "Mënsch"}, {regexp.MustCompile(`D[ée]ngscht`), "Service"}, {regexp.MustCompile(`\bAkte\b`), "Dossier"}},
	i18n.EN: {{regexp.MustCompile(`(?i)\b(?:civil servant|clerk|dossier)s?\b`), "officer, case"}},
	i18n.PT: {{regexp.MustCompile(`(?i)\b(?:agente|dossiê)s?\b`), "funcionário, processo"}, {regexp.MustCompile(`(?i)\bprestaç`), "serviço"}},
}

// idioms are phrases in which such a word means something else.
var idioms = strings.NewReplacer("in jedem Fall", "", "in diesem Fall ", "", "In diesem Fall ", "", "In beiden Fällen", "", "in beiden Fällen", "", "Klarer Fall", "",
	"Version 1.2", "")

// Words fails t for every word in a text of lang that is not the one this house
// has chosen for the thing. name is the file, for people.
func Words(t testing.TB, lang i18n.Lang, name, text string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		for _, o := range others[lang] {
			if found := o.word.FindString(idioms.Replace(line)); found != "" {
				t.Errorf("%s:%d: %q: the word is %s (docs/guide/words.md)", name, i+1, strings.TrimSpace(found), o.instead)
			}
		}
	}
}
