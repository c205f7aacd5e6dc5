package pack

import (
	"fmt"
	"os"
	"testing"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

func TestDump(t *testing.T) {
	lang := i18n.Lang(os.Getenv("L"))
	set, _ := LoadSet(os.DirFS("../../../../services/lu"))
	loc := i18ntest.Locale(t, lang, Locales())
	if os.Getenv("O") != "" {
		for _, p := range set.All() {
			for _, x := range p.Outline(loc) {
				if x.Section == SectionTexts || x.Section == SectionLetters || x.Section == SectionService {
					continue
				}
				fmt.Println("##", p.ID, x.Section, x.ID, "|", x.Label, x.Shared)
				for _, l := range x.Lines {
					fmt.Printf("   %s  `%s`\n", l.Text, l.Code)
				}
			}
		}
		return
	}
	a, _ := set.Version("klimabonus-heat-pump", "2025")
	b, _ := set.Version("klimabonus-heat-pump", "2026")
	for _, d := range Compare(loc, a, b) {
		if d.Section == SectionLetters {
			continue
		}
		fmt.Println("##", d.Section, d.ID, d.Lang, "|", d.Label, d.Shared, d.New, d.Gone)
		for _, l := range d.Was {
			if !l.Raw {
				fmt.Printf("  - %s `%s`\n", l.Text, l.Code)
			}
		}
		for _, l := range d.Is {
			if !l.Raw {
				fmt.Printf("  + %s `%s`\n", l.Text, l.Code)
			}
		}
	}
}
