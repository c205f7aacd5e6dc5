package gallery

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
)

var pages = map[string]templ.Component{
	"home": Home(), "case": Case(), "service": Service(), "form": Form(),
	"reading": Reading(), "workbench": Workbench(), "letter": Letter(),
}

func view(t testing.TB, lang i18n.Lang) context.Context {
	return ui.WithView(t.Context(), ui.View{
		Locale: i18ntest.Locale(t, lang, ui.Locales), Path: "/services?q=x", Nonce: "n0", Nav: "services",
		User: "Ana Martins Lopes", Workbench: true, FeedbackPath: "/feedback",
		Menu: []ui.NavLink{{Text: "Who looked at my data", Path: "/me/accesses"}},
		Demo: &ui.DemoBanner{Now: "23 November 2026", ClockPath: "/demo/clock", MailPath: "/demo/mail"},
	})
}

func render(t testing.TB, ctx context.Context, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every page in every language is markup that a browser, a screen reader and
// a strict Content-Security-Policy accept.
func TestPagesAreSoundMarkup(t *testing.T) {
	for name, page := range pages {
		for _, lang := range i18n.Langs {
			t.Run(name+"/"+string(lang), func(t *testing.T) {
				doc, err := goquery.NewDocumentFromReader(strings.NewReader(render(t, view(t, lang), page)))
				if err != nil {
					t.Fatal(err)
				}
				if got := doc.Find("html").AttrOr("lang", ""); got != string(lang) {
					t.Errorf("<html lang> is %q", got)
				}
				if n := doc.Find("h1").Length(); n != 1 {
					t.Errorf("%d h1", n)
				}
				if n := doc.Find("[style], [onclick], [onchange], style, script:not([src]):not([nonce])").Length(); n > 0 {
					t.Errorf("%d elements that the Content-Security-Policy refuses", n)
				}
				seen := map[string]bool{}
				doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
					id := s.AttrOr("id", "")
					if seen[id] {
						t.Errorf("id %q twice", id)
					}
					seen[id] = true
				})
				for _, attr := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "data-aria-controls"} {
					doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
						for _, id := range strings.Fields(s.AttrOr(attr, "")) {
							if !seen[id] {
								t.Errorf("%s=%q leads nowhere", attr, id)
							}
						}
					})
				}
				doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
					if doc.Find(`label[for="`+s.AttrOr("id", "")+`"]`).Length() != 1 {
						t.Errorf("field %q has no label", s.AttrOr("name", ""))
					}
				})
				level := 1
				doc.Find("main h1, main h2, main h3, main h4").Each(func(_ int, s *goquery.Selection) {
					l := int(goquery.NodeName(s)[1] - '0')
					if l > level+1 {
						t.Errorf("heading %q jumps from h%d to h%d", strings.TrimSpace(s.Text()), level, l)
					}
					level = l
				})
				if s := doc.Text(); strings.Contains(s, "ui.") {
					t.Errorf("an untranslated key: %s", s[strings.Index(s, "ui."):][:30])
				}
			})
		}
	}
}
