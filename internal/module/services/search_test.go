package services

import (
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	packages "passerelle/services"
)

const (
	allowance = "cost-of-living-allowance"
	residence = "certificate-of-residence"
	permit    = "business-permit"
)

var realIndex = sync.OnceValue(func() *Service {
	set, _ := pack.LoadSet(packages.Luxembourg())
	return &Service{Deps: Deps{Packages: set}}
})

// TestWhatPeopleType has the first result for words in five languages, without
// accents, unfinished, misspelt, and in the words of the street.
func TestWhatPeopleType(t *testing.T) {
	for _, c := range []struct {
		lang        i18n.Lang
		query, want string
	}{
		{"fr", "allocation de vie chère", allowance},
		{"fr", "ALLOCATION VIE CHERE", allowance},
		{"fr", "alocation", allowance},
		{"fr", "alloc", allowance},
		{"fr", "je n'arrive plus à payer mon loyer", allowance},
		{"fr", "l’énergie", allowance},
		{"fr", "certificat de residense", residence},
		{"fr", "où j'habite", residence},
		{"fr", "ouvrir un café", permit},
		{"fr", "ouvrir un cafe", permit},
		{"fr", "autorisations d'etablissement", permit},
		{"de", "Teuerungszulage", allowance},
		{"de", "teuerungzulage", allowance},
		{"de", "Wohnsitzbescheinigung", residence},
		{"de", "Wohnsizbescheinigung", residence},
		{"de", "Gewerbeschein", permit},
		{"de", "selbstaendig machen", permit},
		{"lb", "Deierungszoulag", allowance},
		{"lb", "deierungszulag", allowance},
		{"lb", "Wunnsetzcertificat", residence},
		{"lb", "Geschäft opmaachen", permit},
		{"en", "cost of living", allowance},
		{"en", "heating", allowance},
		{"en", "proof of adress", residence},
		{"en", "hairdreser", permit},
		{"en", "start a company", permit},
		{"pt", "subsídio de vida cara", allowance},
		{"pt", "subsidio", allowance},
		{"pt", "comprovativo de morada", residence},
		{"pt", "abrir um café", permit},
		{"en", "vie chère", allowance},        // the French name, by somebody who reads English
		{"pt", "Gewerbeschein", permit},       // and the German one by a reader of Portuguese
		{"fr", "\u0063he\u0300re", allowance}, // accents as separate signs
	} {
		got := realIndex().find().Search(c.query, c.lang)
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%s %q: got %v, want %s first", c.lang, c.query, got, c.want)
		}
	}
}

func TestWhatNobodyMeans(t *testing.T) {
	for _, query := range []string{
		"", " ", "?", "de la les", "a", "é", "xyzzyqwertz", "'; DROP TABLE services_draft; --", "<script>alert(1)</script>", "\x00\x01", "\xff\xfe", "☃", "%%%", `\`, "..", "()[]{}*+~^\"",
	} {
		if got := realIndex().find().Search(query, "fr"); len(got) > 1 { // one unlucky likeness is no harm
			t.Errorf("%q found %v", query, got)
		}
	}
}

// TestLongQueries are cut, between characters, and answered in no time that
// would matter.
func TestLongQueries(t *testing.T) {
	in2025 := time.Date(2025, 11, 24, 9, 0, 0, 0, luxembourg)
	for _, unit := range []string{"allocation ", "é", "𝔸", "x ", "a\u0301", "\xff"} {
		query := "allocation " + strings.Repeat(unit, 100_000)
		found := realIndex().Find(query, "fr", in2025)
		if len(found) == 0 || found[0].ID != allowance {
			t.Errorf("%q…: %v", query[:20], found)
		}
	}
	if got := cut(strings.Repeat("é", maxQuery), maxQuery); !utf8.ValidString(got) || utf8.RuneCountInString(got) != maxQuery {
		t.Errorf("%d characters are left", utf8.RuneCountInString(got))
	}
	if found := realIndex().Find("allocation", "fr", time.Date(1999, 1, 1, 0, 0, 0, 0, luxembourg)); len(found) != 0 {
		t.Errorf("nothing was in force in 1999: %v", found)
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("vie chère")
	f.Add("\xff\x00ß")
	f.Fuzz(func(t *testing.T, query string) {
		for _, lang := range i18n.Langs {
			realIndex().Find(query, lang, time.Date(2025, 11, 24, 9, 0, 0, 0, luxembourg))
		}
	})
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "axc", 1}, {"abc", "xyz", 3}, {"", "", 0}, {"", "ab", 2}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b, 3); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.a, c.b, got, c.want)
		}
		if c.want > 1 && distance(c.a, c.b, 1) != 2 {
			t.Errorf("%s %s: more than the limit is limit+1", c.a, c.b)
		}
	}
}

// A service that is published while the site runs is found.
func TestAPublishedServiceIsFound(t *testing.T) {
	set, _ := pack.LoadSet(packages.Luxembourg())
	p, ok := set.Version(permit, "2025")
	if !ok {
		t.Fatal("the permit is gone")
	}
	set.Drop(permit, "2025")
	s := &Service{Deps: Deps{Packages: set}}
	if found := s.Find("business permit", "en", p.Service.InForce.From); len(found) > 0 && found[0].ID == permit {
		t.Fatal("found before it is published")
	}
	set.Put(p)
	if found := s.Find("business permit", "en", p.Service.InForce.From); len(found) == 0 || found[0].ID != permit {
		t.Errorf("found %d services", len(found))
	}
}
