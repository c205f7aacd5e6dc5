package migration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/migration"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	"passerelle/internal/platform/work"
	packages "passerelle/services"
	assets "passerelle/web"
)

const heatPump = "klimabonus-heat-pump"

var (
	begins = time.Date(2025, time.November, 24, 9, 0, 0, 0, time.UTC)
	claire = web.Identity{Account: "a-claire", Name: "Claire Wagener", Roles: []web.Role{{Name: cases.RoleDesigner}}}
	kim    = web.Identity{Account: "a-kim", Name: "Kim Steffen", Roles: []web.Role{{Name: "operator"}}}
	worker = web.Identity{Account: "a-worker", Name: "Worker", Roles: []web.Role{{Authority: "environment", Name: cases.RoleCaseWorker}}}
)

// site is the pages on the State's own packages.
type site struct {
	t      *testing.T
	cases  *cases.Service
	queue  *work.Queue
	people *population.Population
	clock  *clock.Shifted
	server *web.Server
}

func newSite(t *testing.T) *site {
	t.Helper()
	d := dbtest.SQLite(t)
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, web.Migrate, cases.Migrate} {
		must(t, migrate(t.Context(), d))
	}
	set, _ := pack.LoadSet(packages.Luxembourg())
	log := slog.New(slog.DiscardHandler)
	s := &site{t: t, people: population.New(), clock: &clock.Shifted{Base: clock.Fixed(begins)}}
	directory := exchange.NewDirectory()
	registers.New(s.people, s.clock).Connect(directory)
	s.queue = work.New(d, s.clock, log, work.Options{Attempts: 1})
	texts := i18ntest.Bundle(t, ui.Locales, web.Locales, pack.Locales(), cases.Locales, migration.Locales)
	s.cases = cases.New(cases.Deps{DB: d, Clock: s.clock, Queue: s.queue, Events: event.New(s.queue), Packages: set, Evidence: directory,
		Texts: texts, URL: "http://localhost", Log: log})
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	var err error
	s.server, err = web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: log, Texts: texts, Assets: assets.FS()})
	must(t, err)
	(&migration.Web{Cases: s.cases}).Routes(s.server.Router())
	known := map[string]web.Identity{}
	for _, who := range []web.Identity{claire, kim, worker} {
		known[who.Account] = who
	}
	s.server.Router().Raw("POST /sign-in/{account}", func(_ http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(known[r.PathValue("account")])
		return nil
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) as(who web.Identity) *webtest.Client {
	s.t.Helper()
	c := webtest.New(s.t, s.server)
	c.Post("/sign-in/"+who.Account, nil).WantStatus(200)
	return c
}

func (s *site) run() {
	s.t.Helper()
	_, err := s.queue.RunDue(s.t.Context())
	must(s.t, err)
}

// applies asks for the aid for a heat pump.
func (s *site) applies(person int, more form.Answers) cases.Receipt {
	s.t.Helper()
	s.clock.Advance(time.Second)
	p := s.people.Person(person)
	who := cases.Actor{Account: fmt.Sprintf("a-%d", person), Person: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, Name: p.GivenName, BirthDate: p.BirthDate, Lang: i18n.FR}
	scan := []any{map[string]any{"name": "facture.pdf", "type": "application/pdf", "size": json.Number("1000"), "hash": strings.Repeat("0", 64)}}
	a := form.Answers{"sameAddress": true, "housing": true, "owner": true, "aidedBefore": false, "invoiceDate": "2025-06-15", "costs": json.Number("30000"),
		"power": json.Number("20"), "invoice": scan, "oldHeating": "none", "radiators": false, "topUp": false, "iban": "LU280019400644750000", "holder": p.GivenName, "truthful": true}
	for id, v := range more {
		a[id] = v
	}
	pk, _ := s.cases.Packages.Version(heatPump, "2025")
	evidence, _, err := services.Gather(s.t.Context(), s.cases.Evidence, pk, pack.Facts{Date: begins, Applicant: services.Applicant(who)}, nil, nil, services.Asker{Actor: who.Account})
	must(s.t, err)
	r, err := s.cases.Submit(s.t.Context(), cases.Submission{Service: heatPump, Key: db.NewID(s.clock), Actor: who, Lang: i18n.FR, Application: a, Evidence: evidence})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	s.run()
	return r
}

// A designer takes the running cases of the old regime to the new one: the dry run
// says that a person will decide what the old rules would have granted.
func TestADesignerMigratesTheHeatPumps(t *testing.T) {
	s := newSite(t)
	first, second := s.applies(10, nil), s.applies(11, nil)
	c := s.as(claire)
	c.Get("/en/migrations").WantStatus(200).Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("No migration yet")))
	c.Get("/en/migrations/new/"+heatPump).WantStatus(200).Want(htmlcheck.In("select#from option[selected]", htmlcheck.Contains("2025")), htmlcheck.In("select#to option[selected]", htmlcheck.Contains("2026")))
	c.Get("/en/migrations/new/" + heatPump + "?from=2025&to=2025").WantStatus(200).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("two different versions")))
	c.Get("/en/migrations/new/" + heatPump + "?from=2025&to=2026").WantStatus(200).Want(
		htmlcheck.In("select[name='element.examine'] option[selected]", htmlcheck.Text("An officer examines and decides")))
	// Two steps with one counterpart are refused where they were chosen.
	c.Submit("form:has(input[name=key])", webtest.Values{"element.approve": "examine"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Another step has the same counterpart.")))
	c.Get("/en/migrations/new/" + heatPump + "?from=2025&to=2026").WantStatus(200)
	page := c.Submit("form:has(input[name=key])", nil).WantStatus(200)
	page.Want(htmlcheck.In("main h1", htmlcheck.Text("From version 2025 to version 2026")), htmlcheck.In(".pa-progress", htmlcheck.Contains("0 cases looked at so far")))
	where := page.URL.Path
	// Who goes back and chooses otherwise makes another plan.
	if again := c.Post("/en/migrations/new/"+heatPump, url.Values{"key": {path.Base(where)}, "from": {"2025"}, "to": {"2026"}}).WantStatus(200); again.URL.Path == where {
		t.Error("the other plan is taken for the first")
	}
	s.run()
	c.Get(where).WantStatus(200).Want(
		htmlcheck.In(".govuk-summary-list", htmlcheck.Contains("The rules propose: granted → a person decides"), htmlcheck.Contains("2 cases")),
		htmlcheck.In("#cases ~ * table", htmlcheck.Contains(first.Number), htmlcheck.Contains(second.Number)),
		htmlcheck.NotIn("form[action$='/start']"), htmlcheck.In("main", htmlcheck.Contains("another person who may migrate")))
	c.Get(where + "?show=refused").WantStatus(200).Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("No such case")))
	// Somebody else starts it, who says why and confirms what it does.
	c.Post(where+"/start", url.Values{"reasons": {"The old regime ends with the year."}, "sure": {"yes"}}).WantStatus(403)
	other := s.as(kim)
	other.Get(where).WantStatus(200).Want(
		htmlcheck.In("form[action$='/start'] label[for=sure]", htmlcheck.Text("2 cases go over from version 2025 to version 2026. Version 2026 is not in force yet: it will be from 1 January 2026. There is no way back as a whole. I have looked at the dry run.")),
		htmlcheck.In("form[action$='/start'] button", htmlcheck.Text("Migrate 2 cases")))
	other.Submit("form[action$='/start']", nil).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href='#reasons']", htmlcheck.Contains("ten characters")), htmlcheck.In(".govuk-error-summary a[href='#sure']"),
		htmlcheck.In("textarea#reasons[aria-describedby]"), htmlcheck.In("input#sure"))
	other.Submit("form[action$='/start']", webtest.Values{"reasons": "The old regime ends with the year."}).WantStatus(422).Want(
		htmlcheck.In("textarea#reasons", htmlcheck.Contains("The old regime")), htmlcheck.NotIn(".govuk-error-summary a[href='#reasons']"))
	other.Submit("form[action$='/start']", webtest.Values{"sure": "yes"}).WantStatus(200).Want(htmlcheck.In(".pa-progress", htmlcheck.Contains("0 of 2 cases")))
	c.Get(where).WantStatus(200)
	c.Submit("form[action$='/stop']", nil).WantStatus(200).Want(htmlcheck.In("form[action$='/continue'] button", htmlcheck.Text("Go on with 2 cases")))
	c.Submit("form[action$='/continue']", nil).WantStatus(200).Want(htmlcheck.In(".govuk-summary-list", htmlcheck.Contains("Kim Steffen"), htmlcheck.Contains("The old regime ends with the year."), htmlcheck.Contains("Continued last")))
	s.run()
	c.Get(where + "?show=migrated").WantStatus(200).Want(htmlcheck.In("#cases ~ * table", htmlcheck.Contains(first.Number), htmlcheck.Contains("has gone over")))
	d, err := s.cases.Open(t.Context(), worker, first.Case, "test", true)
	must(t, err)
	if d.Version != "2026" || d.File.Proposal.Outcome != pack.Judgement || !strings.Contains(strings.Join(d.File.Proposal.Reasons, " "), "oldRegime") {
		t.Errorf("%s %+v", d.Version, d.File.Proposal)
	}
	for _, lang := range i18n.Langs {
		for _, path := range []string{"/migrations", "/migrations/new/" + heatPump + "?from=2025&to=2026", strings.TrimPrefix(where, "/en")} {
			c.Get("/" + string(lang) + path).WantStatus(200)
		}
	}
}

func TestOnlyDesignersAndOperatorsMigrate(t *testing.T) {
	s := newSite(t)
	s.as(kim).Get("/en/migrations").WantStatus(200)
	// What leads to pages of designers is shown to them.
	form, changes := "/en/migrations/new/"+heatPump+"?from=2025&to=2026", "main a[href*='/changes']"
	s.as(kim).Get(form).WantStatus(200).Want(htmlcheck.NotIn(changes))
	s.as(claire).Get(form).WantStatus(200).Want(htmlcheck.In(changes))
	c := s.as(worker)
	for _, path := range []string{"/en/migrations", "/en/migrations/new/" + heatPump, "/en/migrations/plans/x"} {
		c.Get(path).WantStatus(403)
	}
	s.as(claire).Get("/en/migrations/plans/x").WantStatus(404)
	s.as(claire).Get("/en/migrations/new/certificate-of-residence").WantStatus(404) // one version
}
