package about_test

import (
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/module/about"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

func TestTextsAreCompleteAndUsed(t *testing.T) {
	i18ntest.Complete(t, about.Locales)
	i18ntest.UsedKeys(t, ".", about.Locales, "about.contact.")
}

// site serves the pages alone; demo is whether it is the demonstration.
func site(t *testing.T, demo bool) *webtest.Client {
	t.Helper()
	d := dbtest.SQLite(t)
	if err := web.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	server, err := web.New(web.Deps{
		Config: config.Defaults(), DB: d, Clock: clock.Fixed(time.Date(2025, 11, 24, 9, 0, 0, 0, time.UTC)),
		Log: slog.New(slog.DiscardHandler), Texts: i18ntest.Bundle(t, ui.Locales, web.Locales, about.Locales),
		Assets: fstest.MapFS{"manifest.json": {Data: []byte("{}")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	about.NewWeb(about.Options{
		Demo: demo, PublicURL: "https://passerelle.example.lu/", SessionIdle: time.Hour, SessionLifetime: 12 * time.Hour,
		Contacts: func(lang i18n.Lang) []about.Contact {
			return []about.Contact{{Name: "Fund in " + string(lang), Phone: "+352 000 001", Email: "fund@example.lu"}}
		},
		Services: func(i18n.Lang) []about.Service {
			return []about.Service{{ID: "cost-of-living-allowance", Title: "Allowance"}}
		},
	}).Routes(server.Router())
	return webtest.New(t, server)
}

func TestEveryPageIsThereInEveryLanguage(t *testing.T) {
	c := site(t, true)
	for _, lang := range i18n.Langs {
		for _, page := range []string{"/accessibility", "/contact", "/data", "/legal"} {
			c.Get("/"+string(lang)+page).WantStatus(200).Want(
				htmlcheck.In("html", htmlcheck.Attr("lang", string(lang))),
				htmlcheck.In("main h1", htmlcheck.Count(1)))
		}
	}
}

func TestTheStatementIsDatedWhereTheCalendarIsReal(t *testing.T) {
	site(t, false).Get("/en/accessibility").Want(htmlcheck.In("main", htmlcheck.Matches(`Written on \d+ \w+ 20\d\d`)))
	site(t, true).Get("/en/accessibility").Want(htmlcheck.In("main", htmlcheck.Contains("Written for this demonstration")))
}

func TestContactLeadsToThePhone(t *testing.T) {
	site(t, true).Get("/en/contact").Want(
		htmlcheck.In("main h2", htmlcheck.Contains("Fund in en")),
		htmlcheck.In(`main a[href="tel:+352000001"]`, htmlcheck.Text("+352 000 001")),
		htmlcheck.In("main .govuk-inset-text", htmlcheck.Contains("invented")))
	site(t, false).Get("/en/contact").Want(htmlcheck.NotIn("main .govuk-inset-text"))
}

func TestDataNamesTheAddressesOfTheServices(t *testing.T) {
	site(t, true).Get("/en/data").Want(
		htmlcheck.In(`main a[href="/id/services/cost-of-living-allowance"]`, htmlcheck.Text("https://passerelle.example.lu/id/services/cost-of-living-allowance")),
		htmlcheck.In(`main a[href="/api/v1/openapi.json"]`, htmlcheck.Count(1)))
}

func TestLegalNoticeSaysHowLongASignInLastsHere(t *testing.T) {
	site(t, true).Get("/en/legal").Want(
		htmlcheck.In("main", htmlcheck.Contains("after 1 hour without use, and after 12 hours in any case")),
		htmlcheck.In("main", htmlcheck.Contains("No person here is real")))
	site(t, false).Get("/en/legal").Want(htmlcheck.NotIn(`main h2:contains("demonstration")`))
}
