package i18n

import (
	"context"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Lang is a language of the pages, as it stands in addresses and in <html lang>.
type Lang string

// The five languages. FR is what is shown when nothing says otherwise: the
// language of legislation (law of 24 February 1984 on the languages, art. 2).
const (
	FR Lang = "fr"
	DE Lang = "de"
	LB Lang = "lb"
	EN Lang = "en"
	PT Lang = "pt"
)

// Langs lists the languages in the order in which a page offers them.
var Langs = []Lang{FR, DE, LB, EN, PT}

// Parse returns the language written as s ("fr"), and whether it is one of ours.
func Parse(s string) (Lang, bool) {
	switch l := Lang(s); l {
	case FR, DE, LB, EN, PT:
		return l, true
	}
	return "", false
}

var endonyms = map[Lang]string{FR: "Français", DE: "Deutsch", LB: "Lëtzebuergesch", EN: "English", PT: "Português"}

// Name returns the language's name in itself, which is how a language is
// offered to somebody who cannot read the present page.
func (l Lang) Name() string { return endonyms[l] }

// NameIn returns the language's name in the language of, as a list begins it:
// how somebody chooses it for another person.
func (l Lang) NameIn(of Lang) string {
	name := display.Languages(language.Make(string(of))).Name(language.Make(string(l)))
	first, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[n:]
}

var matcher = language.NewMatcher([]language.Tag{
	language.French, language.German, language.Make("lb"), language.English, language.EuropeanPortuguese, language.Portuguese,
})

// Match returns the language of ours that suits an Accept-Language header
// best, FR when none does.
func Match(acceptLanguage string) Lang {
	if acceptLanguage == "" || len(acceptLanguage) > 512 {
		return FR
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return FR
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return FR
	}
	return [...]Lang{FR, DE, LB, EN, PT, PT}[i]
}

type contextKey struct{}

// Into returns a context that carries l.
func Into(ctx context.Context, l *Locale) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// FromContext returns the locale of ctx. Without one it returns a French
// locale that knows only this package's own texts; never nil.
func FromContext(ctx context.Context) *Locale {
	if l, ok := ctx.Value(contextKey{}).(*Locale); ok {
		return l
	}
	return bare().For(FR)
}
