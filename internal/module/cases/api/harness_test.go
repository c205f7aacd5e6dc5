package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/demo/payments"
	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/api"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
	packages "passerelle/services"
)

const allowance = "cost-of-living-allowance"

// site is a server with the interface, the demonstration's registers behind it.
type site struct {
	t      testing.TB
	url    string
	server *web.Server
	cases  *cases.Service
	queue  *work.Queue
	people *population.Population
	set    *pack.Set
}

// begins is within the time to apply for the allowance of 2025.
var begins = time.Date(2025, time.November, 24, 9, 0, 0, 123_456_789, time.UTC)

func newSite(t testing.TB, d *db.DB) *site {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	now := clock.Fixed(begins)
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, mail.Migrate, web.Migrate, services.Migrate, cases.Migrate} {
		must(t, migrate(ctx, d))
	}
	set, findings := pack.LoadSet(packages.Luxembourg())
	if _, ok := set.InForce(allowance, begins); !ok {
		t.Fatalf("the allowance is not served: %v", findings)
	}
	texts := i18ntest.Bundle(t, ui.Locales, web.Locales, services.Locales, cases.Locales, pack.Locales(), exchange.Locales, payments.Locales, api.Locales)
	dir := t.TempDir()
	blobs, err := blob.Open(filepath.Join(dir, "blobs"))
	must(t, err)
	bank, err := payments.Open(dir)
	must(t, err)
	s := &site{t: t, people: population.New(), set: set, queue: work.New(d, now, log, work.Options{})}
	directory := exchange.NewDirectory()
	registers.New(s.people, now).Connect(directory)
	events := event.New(s.queue)
	s.cases = cases.New(cases.Deps{DB: d, Clock: now, Queue: s.queue, Events: events, Packages: set, Evidence: directory,
		Payments: bank, Mail: mail.NewMailbox(d, now), Texts: texts, URL: "http://localhost", Log: log})
	catalogue := services.New(services.Deps{DB: d, Clock: now, Packages: set, Evidence: directory, Events: events, Blobs: blobs, Submit: s.cases.Submit, Queue: s.queue, Texts: texts, Log: log})
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	s.server, err = web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: log, Texts: texts, Assets: assets()})
	must(t, err)
	rt := s.server.Router()
	api.New(api.Options{Cases: s.cases, Services: catalogue, Blobs: blobs, URL: "https://passerelle.example/"}).Routes(rt)
	rt.Raw("POST /sign-in/{key}", func(w http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(s.identity(r.PathValue("key")))
		return nil
	})
	srv := httptest.NewServer(s.server)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func assets() fs.FS {
	return fstest.MapFS{"manifest.json": {Data: []byte("{}")}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// identity is a persona of the demonstration; case workers have their role.
func (s *site) identity(key string) web.Identity {
	p, ok := s.people.Persona(key)
	if !ok {
		s.t.Fatalf("no persona %s", key)
	}
	id := web.Identity{Account: "account-" + key, Name: p.Name}
	if strings.HasPrefix(key, "fns-") {
		id.Roles = []web.Role{{Authority: "fns", Name: cases.RoleCaseWorker}}
		return id
	}
	person := s.people.Person(p.Person)
	id.Person, id.GivenName, id.FamilyName, id.BirthDate = person.ID, person.GivenName, person.FamilyName, person.BirthDate
	return id
}

// program is a client that keeps cookies.
type program struct {
	*site
	http *http.Client
	lang string
}

func (s *site) as(key string) *program {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	p := &program{s, &http.Client{Jar: jar}, "en"}
	if key != "" {
		if a := p.send("POST", "/sign-in/"+key, nil, nil); a.status != 200 {
			s.t.Fatalf("sign in: %d %s", a.status, a.body)
		}
	}
	return p
}

type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (p *program) send(method, path string, header http.Header, body []byte) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	must(p.t, err)
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Accept-Language", p.lang)
	res, err := p.http.Do(req)
	must(p.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(p.t, err)
	return answer{p.t, res.StatusCode, res.Header, b}
}

func (p *program) get(path string) answer { p.t.Helper(); return p.send("GET", path, nil, nil) }

// submit posts a body to the allowance's applications.
func (p *program) submit(key, body string) answer {
	p.t.Helper()
	return p.send("POST", "/api/v1/services/"+allowance+"/applications",
		http.Header{"Idempotency-Key": {key}, "Content-Type": {"application/json"}}, []byte(body))
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) into(v any) answer {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%v in %s", err, a.body)
	}
	return a
}

// problem checks that the answer is a problem of the kind and returns it.
func (a answer) problem(status int, kind string) api.Problem {
	a.t.Helper()
	a.want(status)
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("content type %s", ct)
	}
	var p api.Problem
	a.into(&p)
	if p.Kind != kind || p.Status != status || p.Title == "" || p.Detail == "" || p.Request == "" {
		a.t.Errorf("problem %+v, want kind %s", p, kind)
	}
	return p
}

// application is a complete application of somebody who lives alone.
const application = `{"application": {"otherIncome": false, "studentAid": false, "detention": false, "stay": "ordinary",
	"iban": "LU280019400644750000", "holder": "Test Person", "truthful": true, "changes": true}}`

func sqlite(t testing.TB) *db.DB { return dbtest.SQLite(t) }
