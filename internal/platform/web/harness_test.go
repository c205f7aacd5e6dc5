package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/a-h/templ"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
)

var weber = Identity{Account: "acc-1", Person: "1980010112345", Name: "Anna Weber", Roles: []Role{{"fns", "case-worker"}}}

var discard = slog.New(slog.DiscardHandler)

// site is a server with a few pages, its clock and its log.
type site struct {
	*Server
	clock *clock.Shifted
	log   *buffer
}

// buffer is a log that several requests may write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var assets = fstest.MapFS{
	"main-ABC.css":  {Data: []byte(strings.Repeat("body{color:#10243e}", 200))},
	"manifest.json": {Data: []byte("{}")},
}

// newSite serves on d, or on a new SQLite file; choose changes the configuration.
func newSite(t testing.TB, d *db.DB, choose func(*config.Config)) *site {
	t.Helper()
	if d == nil {
		d = dbtest.SQLite(t)
	}
	if err := Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	if choose != nil {
		choose(&c)
	}
	out := &site{clock: &clock.Shifted{Base: clock.Fixed(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))}, log: &buffer{}}
	s, err := New(Deps{
		Config: c, DB: d, Clock: out.clock, Texts: i18ntest.Bundle(t, ui.Locales, Locales), Assets: assets,
		Log: slog.New(slog.NewJSONHandler(out.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	out.Server = s
	pages(s.Router())
	return out
}

// text is a page with one heading.
func text(title string) templ.Component { return ui.Layout(ui.Page{Title: title}) }

// pages are routes as a module has them.
func pages(rt *Router) {
	rt.Page("GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		return Render(w, r, http.StatusOK, text("home"))
	})
	rt.Page("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) error {
		return Render(w, r, http.StatusOK, text("thing "+r.PathValue("id")))
	})
	rt.Page("POST /things/{id}", func(w http.ResponseWriter, r *http.Request) error {
		if _, err := io.ReadAll(r.Body); err != nil {
			return err
		}
		return SeeOther(w, r, "/things/"+r.PathValue("id"))
	})
	rt.Page("GET /mine", RequireIdentity(func(w http.ResponseWriter, r *http.Request) error {
		id, _ := IdentityFrom(r.Context())
		return Render(w, r, http.StatusOK, text(id.Name))
	}))
	rt.Page("GET /team", RequireRole("head-of-unit")(func(w http.ResponseWriter, r *http.Request) error {
		return Render(w, r, http.StatusOK, text("team"))
	}))
	rt.Page("POST /in", func(w http.ResponseWriter, r *http.Request) error {
		Session(r).SignIn(weber)
		return SeeOther(w, r, "/mine")
	})
	rt.Page("POST /out", func(w http.ResponseWriter, r *http.Request) error {
		Session(r).SignOut()
		return SeeOther(w, r, "/")
	})
	rt.Raw("POST /keep/{key}/{value}", func(w http.ResponseWriter, r *http.Request) error {
		Session(r).Put(r.PathValue("key"), r.PathValue("value"))
		return nil
	})
	rt.Raw("GET /keep/{key}", func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, Session(r).Get(r.PathValue("key")))
		return err
	})
	fail := func(w http.ResponseWriter, r *http.Request) error {
		switch r.PathValue("kind") {
		case "panic":
			panic("a fault with a secret")
		case "own":
			return errs.New(errs.Conflict, "ui.back")
		case "half":
			Session(r).Put("half", "done")
			w.Header().Set("Location", "/elsewhere")
			return errs.New(errs.Unavailable, "")
		}
		for kind := errs.Internal; kind <= errs.Unavailable; kind++ {
			if kind.String() == r.PathValue("kind") {
				return errs.Wrap(kind, "", io.ErrUnexpectedEOF)
			}
		}
		return nil
	}
	rt.Page("GET /fail/{kind}", fail)
	rt.Page("POST /fail/{kind}", fail)
	rt.Raw("GET /api/fail/{kind}", fail)
}

// each runs fn as a subtest per language.
func each(t *testing.T, fn func(t *testing.T, l *i18n.Locale)) {
	b := i18ntest.Bundle(t, ui.Locales, Locales)
	for _, lang := range i18n.Langs {
		t.Run(string(lang), func(t *testing.T) { fn(t, b.For(lang)) })
	}
}
