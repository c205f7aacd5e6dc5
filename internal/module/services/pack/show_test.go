package pack

import (
	"strings"
	"testing"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// A legal value about power is told with its unit, in each language's way.
func TestPowerHasItsUnit(t *testing.T) {
	for lang, want := range map[i18n.Lang][2]string{
		i18n.FR: {"10,5\u00a0kW", "500,00\u202f€ par kW"}, i18n.DE: {"10,5\u00a0kW", "500,00\u00a0€ je kW"}, i18n.LB: {"10,5\u00a0kW", "500,00\u00a0€ pro kW"},
		i18n.EN: {"10.5\u00a0kW", "€500.00 per kW"}, i18n.PT: {"10,5\u00a0kW", "500,00\u202f€ por kW"},
	} {
		loc := i18ntest.Locale(t, lang, Locales())
		got := [2]string{showUnit(loc, number(t, "10.5"), "kW"), showUnit(loc, number(t, "500"), "EUR/kW")}
		if got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// A legal value of several parts has its unit at each.
func TestALegalValueOfPartsIsTold(t *testing.T) {
	v := feel.Context(feel.Entry{Name: "fullTime4", Value: number(t, "4")}, feel.Entry{Name: "half", Value: number(t, "1")})
	for lang, want := range map[i18n.Lang]string{i18n.DE: "fullTime4: 4 Monate; half: 1 Monat", i18n.FR: "fullTime4: 4 mois; half: 1 mois"} {
		if got := strings.ReplaceAll(showParameter(i18ntest.Locale(t, lang, Locales()), v, "months"), "\u00a0", " "); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func number(t *testing.T, s string) feel.Value {
	t.Helper()
	d, err := decimal128.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return feel.Number(d)
}
