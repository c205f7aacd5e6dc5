package mycases_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/demo/payments"
	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/grounds"
	"passerelle/internal/module/cases/mycases"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/blob"
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
	"passerelle/internal/platform/work"
	packages "passerelle/services"
	assets "passerelle/web"
)

// begins is within the time to apply for the allowance of 2025.
var begins = time.Date(2025, time.November, 24, 9, 0, 0, 0, time.UTC)

// The officials of the tests.
var (
	danielle = web.Identity{Account: "a-danielle", Name: "Danielle Reding", Roles: []web.Role{{Authority: "fns", Name: cases.RoleCaseWorker}}}
	serge    = web.Identity{Account: "a-serge", Name: "Serge Oberweis", Roles: []web.Role{{Authority: "fns", Name: cases.RoleHeadOfUnit}}}
)

// What all tests read and none changes.
var (
	everybody   = population.New()
	theServices = sync.OnceValue(func() *pack.Set { set, _ := pack.LoadSet(packages.Luxembourg()); return set })
)

// site is the applicant's pages on a real service, with the demonstration's
// registers, bank and packages.
type site struct {
	t      *testing.T
	cases  *cases.Service
	queue  *work.Queue
	bank   *payments.Bank
	clock  *clock.Shifted
	mine   *mycases.Web
	texts  *i18n.Bundle
	server *web.Server
	known  map[string]web.Identity // who can sign in, by account
}

func newSite(t *testing.T) *site {
	t.Helper()
	d := dbtest.SQLite(t)
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, web.Migrate, cases.Migrate} {
		must(t, migrate(t.Context(), d))
	}
	log, dir := slog.New(slog.DiscardHandler), t.TempDir()
	s := &site{t: t, clock: &clock.Shifted{Base: clock.Fixed(begins)}, known: map[string]web.Identity{}}
	blobs, err := blob.Open(filepath.Join(dir, "blobs"))
	must(t, err)
	s.bank, err = payments.Open(dir)
	must(t, err)
	directory := exchange.NewDirectory()
	registers.New(everybody, s.clock).Connect(directory)
	s.queue = work.New(d, s.clock, log, work.Options{})
	s.texts = i18ntest.Bundle(t, ui.Locales, web.Locales, services.Locales, exchange.Locales, pack.Locales(), cases.Locales, grounds.Locales, mycases.Locales, payments.Locales)
	s.cases = cases.New(cases.Deps{DB: d, Clock: s.clock, Queue: s.queue, Events: event.New(s.queue), Packages: theServices(),
		Evidence: directory, Payments: s.bank, Texts: s.texts, URL: "http://localhost", Log: log})
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	s.server, err = web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: log, Texts: s.texts, Assets: assets.FS()})
	must(t, err)
	rt := s.server.Router()
	s.mine = mycases.New(mycases.Options{Service: s.cases, Blobs: blobs}) // no URL: addresses stay on the test's server
	s.mine.Routes(rt)
	s.bank.Routes(rt)
	rt.Raw("POST /sign-in/{account}", func(_ http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(s.known[r.PathValue("account")])
		return nil
	})
	return s
}

// as returns a browser in which the person is signed in.
func (s *site) as(who web.Identity) *webtest.Client {
	s.t.Helper()
	s.known[who.Account] = who
	c := webtest.New(s.t, s.server)
	c.Post("/sign-in/"+who.Account, nil).WantStatus(200)
	return c
}

// persona is a citizen of the demonstration.
func (s *site) persona(key string) web.Identity {
	s.t.Helper()
	p, ok := everybody.Persona(key)
	if !ok {
		s.t.Fatalf("no persona %s", key)
	}
	person := everybody.Person(p.Person)
	return web.Identity{Account: "account-" + key, Name: p.Name, Person: person.ID, GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: person.BirthDate}
}

// allowance, permit and certificate apply for the three services and let the
// registers answer; they return the path of the case.
func (s *site) allowance(who web.Identity) cases.Receipt {
	return s.submit(who, "cost-of-living-allowance", form.Answers{"agreed": true, "otherIncome": false, "studentAid": false, "detention": false, "stay": "ordinary",
		"iban": "LU280019400644750000", "holder": who.Name, "truthful": true, "changes": true})
}

func (s *site) permit(who web.Identity) cases.Receipt {
	return s.submit(who, "business-permit", form.Answers{"tradeName": "Walsh & Cie", "legalForm": "soleTrader", "street": "1, rue du Test", "postcode": "1111",
		"commune": "Luxembourg", "fixed": true, "activity": "commerce", "description": "A bakery.", "present": true, "bankruptcy": false, "truthful": true, "record": true})
}

func (s *site) certificate(who web.Identity) cases.Receipt {
	return s.submit(who, "certificate-of-residence", form.Answers{"include": []any{"nationality"}})
}

func (s *site) submit(who web.Identity, service string, a form.Answers) cases.Receipt {
	s.t.Helper()
	s.clock.Advance(time.Second) // so that cases have an order
	p, ok := s.cases.Packages.InForce(service, s.clock.Now())
	if !ok {
		s.t.Fatalf("%s is not served", service)
	}
	applicant := cases.Applicant{ID: who.Person, GivenName: who.GivenName, FamilyName: who.FamilyName, BirthDate: who.BirthDate}
	evidence, _, err := services.Gather(s.t.Context(), s.cases.Evidence, p, pack.Facts{Date: s.clock.Now(), Applicant: applicant.Value()}, nil, nil, services.Asker{Actor: who.Account})
	must(s.t, err)
	r, err := s.cases.Submit(s.t.Context(), cases.Submission{Service: service, Key: db.NewID(s.clock), Actor: who, Lang: i18n.EN, Application: a, Evidence: evidence})
	must(s.t, err)
	s.run()
	return r
}

// run does the jobs that are due; later moves the clock first.
func (s *site) run() {
	s.t.Helper()
	_, err := s.queue.RunDue(s.t.Context())
	must(s.t, err)
}

func (s *site) later(months, days int) {
	s.t.Helper()
	now := s.clock.Now()
	s.clock.Advance(now.AddDate(0, months, days).Sub(now))
	s.run()
}

// decide lets an official decide the open task of a case.
func (s *site) decide(who web.Identity, id string, outcome pack.Outcome, amount, reasons string) {
	s.t.Helper()
	d, err := s.cases.Open(s.t.Context(), who, id, "test", true)
	must(s.t, err)
	for _, t := range d.Tasks {
		if t.Status == cases.TaskOpen {
			must(s.t, s.cases.Decide(s.t.Context(), who, id, t.ID, outcome, amount, reasons))
			s.run()
			return
		}
	}
	s.t.Fatalf("no open task in case %s", id)
}

func at(id string, below ...string) string {
	return "/en/cases/" + strings.Join(append([]string{id}, below...), "/")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
