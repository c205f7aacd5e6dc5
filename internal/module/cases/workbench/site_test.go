package workbench_test

import (
	"context"
	"encoding/json"
	"errors"
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
	"passerelle/internal/module/cases/workbench"
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
	danielle = official("a-danielle", "Danielle Reding", "fns", cases.RoleCaseWorker)
	paulo    = official("a-paulo", "Paulo Antunes", "fns", cases.RoleCaseWorker)
	serge    = official("a-serge", "Serge Oberweis", "fns", cases.RoleHeadOfUnit)
	virginie = official("a-virginie", "Virginie Perrin", "permits", cases.RoleCaseWorker)
	monique  = official("a-monique", "Monique Goerens", "permits", cases.RoleHeadOfUnit)
	kim      = web.Identity{Account: "a-kim", Name: "Kim Steffen", Roles: []web.Role{{Name: "operator"}}}
)

func official(account, name, authority, role string) web.Identity {
	return web.Identity{Account: account, Name: name, Roles: []web.Role{{Authority: authority, Name: role}}}
}

// What all tests read and none changes.
var (
	everybody   = population.New()
	theServices = sync.OnceValue(func() *pack.Set { set, _ := pack.LoadSet(packages.Luxembourg()); return set })
)

// site is the workbench on a real service, with the demonstration's registers
// and packages.
type site struct {
	t         *testing.T
	cases     *cases.Service
	queue     *work.Queue
	blobs     *blob.Store
	bank      *payments.Bank
	people    *population.Population
	registers *registers.Registers
	clock     *clock.Shifted
	server    *web.Server
	known     map[string]web.Identity // who can sign in, by account
}

func newSite(t *testing.T) *site {
	t.Helper()
	d := dbtest.SQLite(t)
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, web.Migrate, cases.Migrate} {
		must(t, migrate(t.Context(), d))
	}
	log := slog.New(slog.DiscardHandler)
	s := &site{t: t, people: everybody, clock: &clock.Shifted{Base: clock.Fixed(begins)}, known: map[string]web.Identity{}}
	for _, who := range []web.Identity{danielle, paulo, serge, virginie, monique, kim} {
		s.known[who.Account] = who
	}
	set := theServices()
	dir := t.TempDir()
	var err error
	s.blobs, err = blob.Open(filepath.Join(dir, "blobs"))
	must(t, err)
	s.bank, err = payments.Open(dir)
	must(t, err)
	directory := exchange.NewDirectory()
	s.registers = registers.New(s.people, s.clock)
	s.registers.Connect(directory)
	s.queue = work.New(d, s.clock, log, work.Options{Attempts: 1})
	s.queue.Handle("test.fails", func(context.Context, work.Job) error { return errors.New("the printer is out of paper") })
	texts := i18ntest.Bundle(t, ui.Locales, web.Locales, services.Locales, exchange.Locales, pack.Locales(), cases.Locales, grounds.Locales, workbench.Locales)
	s.cases = cases.New(cases.Deps{DB: d, Clock: s.clock, Queue: s.queue, Events: event.New(s.queue), Packages: set,
		Evidence: directory, Payments: s.bank, Texts: texts, URL: "http://localhost", Log: log})
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	s.server, err = web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: log, Texts: texts, Assets: assets.FS()})
	must(t, err)
	rt := s.server.Router()
	workbench.New(workbench.Options{Service: s.cases, Blobs: s.blobs, Queue: s.queue, Officials: s.officials}).Routes(rt)
	rt.Raw("POST /sign-in/{account}", func(w http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(s.known[r.PathValue("account")])
		return nil
	})
	return s
}

func (s *site) officials(_ context.Context, authority string) ([]workbench.Official, error) {
	var all []workbench.Official
	for _, who := range []web.Identity{danielle, paulo, serge, virginie, monique} {
		if who.HasIn(authority, cases.RoleCaseWorker) || who.HasIn(authority, cases.RoleHeadOfUnit) {
			all = append(all, workbench.Official{Account: who.Account, Name: who.Name})
		}
	}
	return all, nil
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
	p, ok := s.people.Persona(key)
	if !ok {
		s.t.Fatalf("no persona %s", key)
	}
	person := s.people.Person(p.Person)
	return web.Identity{Account: "account-" + key, Name: p.Name, Person: person.ID, GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: person.BirthDate, Lang: i18n.PT}
}

// allowance applies for the allowance and lets the registers answer.
func (s *site) allowance(who web.Identity, more form.Answers) cases.Receipt {
	s.t.Helper()
	a := form.Answers{"agreed": true, "otherIncome": false, "studentAid": false, "detention": false, "stay": "ordinary",
		"iban": "LU280019400644750000", "holder": who.Name, "truthful": true, "changes": true}
	for k, v := range more {
		a[k] = v
	}
	return s.submit(who, "cost-of-living-allowance", a)
}

func (s *site) submit(who web.Identity, service string, a form.Answers) cases.Receipt {
	s.t.Helper()
	s.clock.Advance(time.Second) // so that cases have an order
	p, ok := s.cases.Packages.InForce(service, begins)
	if !ok {
		s.t.Fatalf("%s is not served", service)
	}
	evidence, _, err := services.Gather(s.t.Context(), s.cases.Evidence, p,
		pack.Facts{Date: begins, Applicant: cases.Applicant{ID: who.Person, GivenName: who.GivenName, FamilyName: who.FamilyName, BirthDate: who.BirthDate}.Value()},
		nil, nil, services.Asker{Actor: who.Account})
	must(s.t, err)
	r, err := s.cases.Submit(s.t.Context(), cases.Submission{Service: service, Key: db.NewID(s.clock), Actor: who, Lang: i18n.PT, Application: a, Evidence: evidence})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	s.run()
	return r
}

// failingJob enqueues a job that cannot succeed.
func (s *site) failingJob() error {
	return s.cases.DB.Write(s.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return work.Enqueue(ctx, tx, work.Job{ID: "test/1", Kind: "test.fails", Due: s.clock.Now()})
	})
}

// run does the jobs that are due.
func (s *site) run() {
	s.t.Helper()
	_, err := s.queue.RunDue(s.t.Context())
	must(s.t, err)
}

// file is a case as its authority sees it.
func (s *site) file(who web.Identity, id string) *cases.Dossier {
	s.t.Helper()
	d, err := s.cases.Open(s.t.Context(), who, id, "test", true)
	must(s.t, err)
	return d
}

// open is the task of the authority that waits in a case.
func (s *site) open(who web.Identity, id string) cases.Task {
	s.t.Helper()
	for _, t := range s.file(who, id).Tasks {
		if t.Status == cases.TaskOpen {
			return t
		}
	}
	s.t.Fatalf("no open task in case %s", id)
	return cases.Task{}
}

func number(n string) json.Number { return json.Number(n) }

func casePath(id string) string { return "/en/workbench/cases/" + id }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plain is a page's main text on one line.
func plain(p *webtest.Page) string {
	return strings.Join(strings.Fields(p.Doc.Find("main").Text()), " ")
}
