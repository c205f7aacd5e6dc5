package browser

import (
	"strings"
	"testing"
)

// A decided allowance says in five languages what alone would change it, and
// leads to everything it rests on: there are the formulas, and the receipt.
func TestDecisionIsExplained(t *testing.T) {
	s := shared(t)
	v := s.visitor(t, how{width: phone})
	v.signIn(singleParent, "/en/cases")
	id := ""
	for _, c := range v.caseIDs() {
		v.open("/en/cases/" + c)
		if strings.Contains(v.text("h1"), "€") {
			id = c
		}
	}
	if id == "" {
		t.Fatal("no decided allowance")
	}
	for lang, says := range map[string][3]string{
		"en": {"What would change it", "or less (yours is €4,920.00", "Income of the household"},
		"fr": {"Ce qui changerait la décision", "ou moins (le vôtre est de 4 920,00", "Revenu du ménage"},
		"de": {"Was sie ändern würde", "bekämen Sie 3.627,00", "Einkommen des Haushalts"},
		"lb": {"Wat se géif änneren", "kréicht Dir 3.627,00", "Akommes vum Stot"},
		"pt": {"O que a mudaria", "ou menos (o seu é de 4 920,00", "Rendimento do agregado"},
	} {
		v.open("/" + lang + "/cases/" + id)
		plain := strings.NewReplacer("\u202f", " ", "\u00a0", " ").Replace(v.text("main"))
		for _, want := range says[:2] {
			if !strings.Contains(plain, want) {
				t.Errorf("%s: the case page does not say %q", lang, want)
			}
		}
		v.click(`main a[href$="/grounds"]`)
		if text := v.text("main"); !strings.Contains(text, says[2]) || !strings.Contains(text, "count(Members)") {
			t.Errorf("%s: the grounds do not show %q", lang, says[2])
		}
		if !v.has(`main a[href$="/receipt.json"][download]`) {
			t.Errorf("%s: no receipt to download", lang)
		}
		if x := v.overflow(); x != "" {
			t.Errorf("%s: %s", lang, x)
		}
	}
}
