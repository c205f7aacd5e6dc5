package i18n_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

var (
	first = time.Date(2026, time.March, 1, 9, 5, 0, 0, i18n.Luxembourg)
	later = time.Date(2026, time.November, 23, 14, 5, 0, 0, i18n.Luxembourg)
)

// form makes the invisible spaces visible: "_" no-break, "~" narrow no-break.
func form(s string) string {
	return strings.NewReplacer("\u00a0", "_", "\u202f", "~", "\u2212", "-").Replace(s)
}

func TestFormsOfEachLanguage(t *testing.T) {
	type forms struct {
		date, first, full, short, dayMonth, month, clock, datetime string
		money, small, negative, decimal, number, percent           string
		list, or, period, duration, working                        string
		in, tomorrow, left, late, due                              string
	}
	want := map[i18n.Lang]forms{
		i18n.FR: {
			"23 novembre 2026", "1er mars 2026", "lundi 23 novembre 2026", "23/11/2026", "23 novembre", "novembre 2026", "14_h_05", "23 novembre 2026 à 14_h_05",
			"1~817,00~€", "0,05~€", "-50,00~€", "2~680,04~€", "1~234~567,891", "12,5~%",
			"a, b et c", "a ou b", "3 mois", "1 heure et 20 minutes", "5 jours ouvrables",
			"dans 9 jours", "demain", "encore 9 jours", "1 jour de retard", "échéance aujourd’hui",
		},
		i18n.DE: {
			"23. November 2026", "1. März 2026", "Montag, 23. November 2026", "23.11.2026", "23. November", "November 2026", "14:05 Uhr", "23. November 2026 um 14:05 Uhr",
			"1.817,00_€", "0,05_€", "-50,00_€", "2.680,04_€", "1.234.567,891", "12,5_%",
			"a, b und c", "a oder b", "3 Monate", "1 Stunde und 20 Minuten", "5 Arbeitstage",
			"in 9 Tagen", "morgen", "noch 9 Tage", "1 Tag überfällig", "heute fällig",
		},
		i18n.LB: {
			"23. November 2026", "1. Mäerz 2026", "Méindeg, 23. November 2026", "23.11.2026", "23. November", "November 2026", "14:05 Auer", "23. November 2026 um 14:05 Auer",
			"1.817,00_€", "0,05_€", "-50,00_€", "2.680,04_€", "1.234.567,891", "12,5_%",
			"a, b a c", "a oder b", "3 Méint", "1 Stonn an 20 Minutten", "5 Aarbechtsdeeg",
			"an 9 Deeg", "muer", "nach 9 Deeg", "1 Dag ze spéit", "haut fälleg",
		},
		i18n.EN: {
			"23 November 2026", "1 March 2026", "Monday 23 November 2026", "23/11/2026", "23 November", "November 2026", "14:05", "23 November 2026 at 14:05",
			"€1,817.00", "€0.05", "-€50.00", "€2,680.04", "1,234,567.891", "12.5%",
			"a, b and c", "a or b", "3 months", "1 hour and 20 minutes", "5 working days",
			"in 9 days", "tomorrow", "9 days left", "1 day late", "due today",
		},
		i18n.PT: {
			"23 de novembro de 2026", "1 de março de 2026", "segunda-feira, 23 de novembro de 2026", "23/11/2026", "23 de novembro", "novembro de 2026", "14:05", "23 de novembro de 2026, 14:05",
			"1~817,00~€", "0,05~€", "-50,00~€", "2~680,04~€", "1~234~567,891", "12,5%",
			"a, b e c", "a ou b", "3 meses", "1 hora e 20 minutos", "5 dias úteis",
			"dentro de 9 dias", "amanhã", "faltam 9 dias", "1 dia de atraso", "termina hoje",
		},
	}
	b := i18n.New()
	for _, lang := range i18n.Langs {
		l := b.For(lang)
		got := forms{
			l.Date(later), l.Date(first), l.DateLong(later), l.DateShort(later), l.DayMonth(later), l.Month(later), l.Time(later), l.DateTime(later),
			l.Money(181700), l.Money(5), l.Money(-5000), l.MoneyDecimal("2680.04"), l.Number("1234567.891"), l.Percent("12.5"),
			l.List([]string{"a", "b", "c"}), l.ListOr([]string{"a", "b"}), l.Period("P3M"), l.Duration(80 * time.Minute), l.Count(5, i18n.WorkingDay),
			l.Relative(9), l.Relative(1), l.DaysLeft(9), l.DaysLeft(-1), l.DaysLeft(0),
		}
		shown := got
		for _, s := range []*string{&shown.clock, &shown.datetime, &shown.money, &shown.small, &shown.negative, &shown.decimal, &shown.number, &shown.percent} {
			*s = form(*s)
		}
		if shown != want[lang] {
			t.Errorf("%s:\n got %+v\nwant %+v", lang, shown, want[lang])
		}
	}
	if n := b.Missing(); n != 0 {
		t.Errorf("%d texts missing", n)
	}
}

func TestMonthsAndWeekdaysInLuxembourgish(t *testing.T) {
	l := i18n.New().For(i18n.LB)
	var months, days []string
	for m := time.January; m <= time.December; m++ {
		months = append(months, l.Month(time.Date(2026, m, 15, 12, 0, 0, 0, time.UTC)))
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		days = append(days, l.Weekday(d))
	}
	if got, want := strings.ReplaceAll(strings.Join(months, " "), " 2026", ""), "Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember"; got != want {
		t.Errorf("months: %s", got)
	}
	if got, want := strings.Join(days, " "), "Sonndeg Méindeg Dënschdeg Mëttwoch Donneschdeg Freideg Samschdeg"; got != want {
		t.Errorf("weekdays: %s", got)
	}
}

func TestDatesFollowLuxembourg(t *testing.T) {
	l := i18n.New().For(i18n.EN)
	// 23:30 UTC in summer is already tomorrow in Luxembourg.
	if got := l.DateTime(time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC)); got != "1 July 2026 at 01:30" {
		t.Error(got)
	}
	// Across the change to winter time a day still counts as one.
	from := time.Date(2026, 10, 24, 23, 0, 0, 0, i18n.Luxembourg)
	if got := i18n.Days(from, from.Add(26*time.Hour)); got != 2 {
		t.Errorf("Days = %d, want 2", got)
	}
	if got := i18n.Days(from, from.AddDate(0, 0, -3)); got != -3 {
		t.Errorf("Days = %d, want -3", got)
	}
	for iso, want := range map[string]string{"2026-11-23": "23 November 2026", "2026-11": "November 2026", "soon": "soon", "2026-02-30": "2026-02-30"} {
		if got := l.DateISO(iso); got != want {
			t.Errorf("DateISO(%q) = %q, want %q", iso, got, want)
		}
	}
}

func TestFiguresThatAreNone(t *testing.T) {
	l := i18n.New().For(i18n.EN)
	for _, s := range []string{"", "-", "1.", ".5", "1e3", "12a", "1,5"} {
		if got := l.Number(s); got != s {
			t.Errorf("Number(%q) = %q", s, got)
		}
		if got := l.MoneyDecimal(s); got != s {
			t.Errorf("MoneyDecimal(%q) = %q", s, got)
		}
	}
	for in, want := range map[string]string{"007": "7", "-0.00": "0.00", "-0.5": "−0.5", "999": "999", "1000": "1,000"} {
		if got := l.Number(in); got != want {
			t.Errorf("Number(%q) = %q, want %q", in, got, want)
		}
	}
	if got := l.Money(-9223372036854775808); got != "−€92,233,720,368,547,758.08" {
		t.Errorf("smallest amount: %s", got)
	}
	for in, want := range map[string]string{"P1Y6M": "1 year and 6 months", "P40D": "40 days", "PT5M": "PT5M", "P": "P", "PD": "PD"} {
		if got := l.Period(in); got != want {
			t.Errorf("Period(%q) = %q, want %q", in, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0 seconds", 40 * time.Second: "40 seconds", 24 * time.Hour: "1 day", 49 * time.Hour: "2 days and 1 hour", -time.Minute: "1 minute"} {
		if got := l.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func texts(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for lang, text := range files {
		fsys["locales/"+lang+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestPluralFormsFollowCLDR(t *testing.T) {
	const both = "a.x: {one: 'one {n}', other: 'other {n}'}"
	b := i18ntest.Bundle(t, texts(map[string]string{
		"fr": "a.x: {one: 'one {n}', many: 'many {n}', other: 'other {n}'}",
		"pt": "a.x: {zero: 'none', one: 'one {n}', other: 'other {n}'}",
		"de": both, "lb": both, "en": both,
	}))
	for _, c := range []struct {
		lang i18n.Lang
		n    int
		want string
	}{
		{i18n.FR, 0, "one 0"}, {i18n.FR, 1, "one 1"}, {i18n.FR, 2, "other 2"}, {i18n.FR, 1_000_000, "many 1~000~000"},
		{i18n.PT, 0, "none"}, {i18n.PT, 1, "one 1"}, {i18n.PT, 2_000_000, "other 2~000~000"},
		{i18n.EN, 0, "other 0"}, {i18n.EN, 1, "one 1"}, {i18n.EN, 1200, "other 1,200"},
		{i18n.DE, 0, "other 0"}, {i18n.LB, 1, "one 1"}, {i18n.LB, 21, "other 21"},
	} {
		if got := form(b.For(c.lang).N("a.x", c.n)); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.lang, c.n, got, c.want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	l := i18ntest.Locale(t, i18n.EN, texts(map[string]string{"en": `
m:
  case: "Case {number} of {day}, {year} {unknown} {not a name} {}"
`}))
	want := "Case C-7 of 1 March 2026, 2026 {unknown} {not a name} {}"
	if got := l.T("m.case", "number", "C-7", "day", first, "year", 2026); got != want {
		t.Errorf("pairs: %q", got)
	}
	if got := l.T("m.case", map[string]any{"number": "C-7", "day": first, "year": 2026}); got != want {
		t.Errorf("map: %q", got)
	}
}

func TestMissingTextIsEnglishThenTheKeyAndCounted(t *testing.T) {
	b := i18ntest.Bundle(t, texts(map[string]string{"en": "m.only: Only here", "fr": "m.other: Autre"}))
	fr := b.For(i18n.FR)
	if got := fr.T("m.only"); got != "Only here" {
		t.Error(got)
	}
	if got := fr.T("m.nowhere"); got != "[m.nowhere]" {
		t.Error(got)
	}
	if fr.Has("m.only") || !fr.Has("m.other") {
		t.Error("Has must speak of the language itself")
	}
	if b.Missing() != 2 {
		t.Errorf("Missing = %d, want 2", b.Missing())
	}
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]i18n.Lang{
		"":                              i18n.FR,
		"de-LU,de;q=0.9,en;q=0.8":       i18n.DE,
		"lb-LU, fr;q=0.5":               i18n.LB,
		"pt-BR":                         i18n.PT,
		"ja, en-US;q=0.3":               i18n.EN,
		"zh":                            i18n.FR,
		"%%%":                           i18n.FR,
		strings.Repeat("en-US,en,", 80): i18n.FR,
		"fr;q=0.2, pt;q=0.9":            i18n.PT,
	} {
		if got := i18n.Match(header); got != want {
			t.Errorf("Match(%.40q) = %s, want %s", header, got, want)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"a syntax error":         {"a: [", "locales/en.yaml"},
		"a key twice":            {"a: {x: 1}\na.x: 2", "locales/en.yaml:2: a.x: stands twice"},
		"a plural without other": {"a: {one: x}", `plural form "other" is missing`},
		"a list":                 {"a: [x, y]", "a: must be a map"},
		"another's key":          {"i18n.list.or: x", "exists in another module"},
	} {
		err := i18n.New().Add(texts(map[string]string{"en": c.file}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want …%s…", name, err, c.want)
		}
	}
	if err := i18n.New().Add(fstest.MapFS{}); err == nil {
		t.Error("a module without any file was added")
	}
}

func TestCheckFindsEveryGap(t *testing.T) {
	fsys := texts(map[string]string{
		"en": "m: {a: 'x {p}', b: {one: 'one of {p}', other: '{n} of {p}'}, c: x}",
		"fr": "m: {a: 'x {q}', b: {one: 'un de {p}', other: '{n} de {p}'}, c: x}",
		"de": "m: {a: 'x {p}', b: {other: '{n} von {p}'}, c: x, d: x}",
		"lb": "m: {a: 'x {p}', b: {one: 'eent', other: '{n} vu {p}'}}",
	})
	var got []string
	for _, p := range i18n.Check(fsys) {
		got = append(got, p.String())
	}
	want := []string{
		`locales/fr.yaml:1: m.a: has placeholders {q}, English has {p}`,
		`locales/de.yaml:1: m.b: plural form "one" is missing`,
		`locales/de.yaml:1: m.d: is not in the English file`,
		`locales/lb.yaml:1: m.b: form "one" has placeholders {}, English has {p}`,
		`locales/lb.yaml: m.c: is missing`,
		`locales/pt.yaml: is missing`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestOwnTextsAreComplete(t *testing.T) {
	i18ntest.Complete(t, own)
	i18ntest.UsedKeys(t, ".", own, "i18n.month.", "i18n.weekday.", "i18n.unit.")
}

func TestTextWithoutPlaceholderCostsNoMemory(t *testing.T) {
	l := i18n.New().For(i18n.FR)
	if n := testing.AllocsPerRun(100, func() { l.T("i18n.relative.today") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
