package versions_test

import (
	"testing"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	packages "passerelle/services"
)

func TestTextsAreComplete(t *testing.T) { i18ntest.Complete(t, versions.Locales) }

// The services of the State can be compared in every language, and only what
// differs is told.
func TestTheStatesVersionsAreCompared(t *testing.T) {
	set, _ := pack.LoadSet(packages.Luxembourg())
	before, ok1 := set.Version("klimabonus-heat-pump", "2025")
	after, ok2 := set.Version("klimabonus-heat-pump", "2026")
	if !ok1 || !ok2 {
		t.Fatal("the two versions of the Klimabonus are gone")
	}
	b := i18n.New()
	if err := b.Add(pack.Locales()); err != nil {
		t.Fatal(err)
	}
	for _, lang := range i18n.Langs {
		list := pack.Compare(b.For(lang), before, after)
		seen := map[pack.Section]int{}
		for _, d := range list {
			seen[d.Section]++
			if len(d.Was)+len(d.Is) == 0 {
				t.Errorf("%s: %s %s differs in nothing", lang, d.Section, d.ID)
			}
		}
		if seen[pack.SectionParameters] == 0 || seen[pack.SectionRules] == 0 || seen[pack.SectionService] == 0 {
			t.Errorf("%s: %v", lang, seen)
		}
	}
}
