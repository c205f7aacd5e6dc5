package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	"passerelle/internal/platform/work"
	assets "passerelle/web"
)

var (
	machine = time.Date(2026, 11, 23, 20, 0, 0, 500, time.UTC)
	begins  = time.Date(2025, 11, 24, 9, 0, 0, 0, time.UTC)
)

// TestTheClockOutlivesARestart: what was moved forward stays so, and time that
// passed on the machine passed in the demonstration.
func TestTheClockOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	c, first, err := OpenClock(dir, clock.Fixed(machine), begins)
	if err != nil || !first || !c.Now().Equal(begins) {
		t.Fatalf("%v %v %v", c.Now(), first, err)
	}
	if err := c.Forward(3, 0); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 2, 24, 9, 0, 0, 0, time.UTC); !c.Now().Equal(want) {
		t.Errorf("three months later it is %v, want %v", c.Now(), want)
	}
	if err := c.Forward(0, 7); err != nil {
		t.Fatal(err)
	}
	shown := c.Now()
	again, first, err := OpenClock(dir, clock.Fixed(machine.Add(time.Hour)), begins)
	if err != nil || first {
		t.Fatal(first, err)
	}
	if passed := again.Now().Sub(shown); passed < time.Hour || passed > time.Hour+time.Second {
		t.Errorf("an hour was %v", passed)
	}
}

func TestTheClockNeverGoesBackAtARestart(t *testing.T) {
	for _, begin := range []time.Time{begins, machine.Add(36*time.Hour + 999*time.Millisecond)} {
		dir := t.TempDir()
		c, _, err := OpenClock(dir, clock.Fixed(machine), begin)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Keep(); err != nil {
			t.Fatal(err)
		}
		again, _, err := OpenClock(dir, clock.Fixed(machine), begin)
		if err != nil || again.Now().Before(c.Now()) {
			t.Errorf("%v, before it was %v, %v", again.Now(), c.Now(), err)
		}
	}
}

func TestABrokenClockFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, clockFile), []byte("tomorrow"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenClock(dir, clock.Fixed(machine), begins); err == nil {
		t.Error("a damaged clock must not silently begin again")
	}
}

// TestMovingTheClockDoesWhatFellDue, and what follows from it; a job that
// fails does not hold the page.
func TestMovingTheClockDoesWhatFellDue(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	if err := work.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	c, _, err := OpenClock(t.TempDir(), clock.Fixed(machine), begins)
	if err != nil {
		t.Fatal(err)
	}
	q := work.New(d, c, slog.New(slog.NewTextHandler(io.Discard, nil)), work.Options{})
	var done []string
	enqueue := func(id, kind string, due time.Time) error {
		return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			return work.Enqueue(ctx, tx, work.Job{ID: id, Kind: kind, Due: due})
		})
	}
	q.Handle("deadline", func(ctx context.Context, j work.Job) error {
		done = append(done, j.ID)
		return enqueue(j.ID+"/letter", "letter", c.Now())
	})
	q.Handle("letter", func(_ context.Context, j work.Job) error { done = append(done, j.ID); return nil })
	q.Handle("broken", func(context.Context, work.Job) error { return errors.New("out of order") })
	for id, due := range map[string]time.Time{"soon": begins.AddDate(0, 0, 6), "later": begins.AddDate(0, 2, 0)} {
		if err := enqueue(id, "deadline", due); err != nil {
			t.Fatal(err)
		}
	}
	if err := enqueue("broken", "broken", begins); err != nil {
		t.Fatal(err)
	}
	console := &Console{Clock: c, Queue: q}
	if err := c.Forward(0, 7); err != nil {
		t.Fatal(err)
	}
	if err := console.catchUp(ctx); err != nil {
		t.Fatal(err)
	}
	if len(done) != 2 || done[0] != "soon" || done[1] != "soon/letter" {
		t.Errorf("a week later: %v", done)
	}
	if err := c.Forward(3, 0); err != nil {
		t.Fatal(err)
	}
	if err := console.catchUp(ctx); err != nil || len(done) != 4 {
		t.Errorf("three months later: %v %v", done, err)
	}
}

// TestThePages: everybody may read the mailbox, in which nothing is HTML; only
// an operator moves the clock.
func TestThePages(t *testing.T) {
	d, ctx := dbtest.SQLite(t), context.Background()
	for _, migrate := range []func(context.Context, *db.DB) error{web.Migrate, work.Migrate, mail.Migrate} {
		if err := migrate(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Demo(t.TempDir(), "127.0.0.1:0")
	cfg.Limits.RequestsPerMin = 0
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	server, err := web.New(web.Deps{Config: cfg, DB: d, Clock: clock.System{}, Log: log, Texts: i18ntest.Bundle(t, web.Locales, ui.Locales, Locales), Assets: assets.FS()})
	if err != nil {
		t.Fatal(err)
	}
	shown, _, err := OpenClock(cfg.Server.DataDir, clock.Fixed(machine), begins)
	if err != nil {
		t.Fatal(err)
	}
	box := mail.NewMailbox(d, shown)
	(&Console{Clock: shown, Queue: work.New(d, shown, log, work.Options{}), Mailbox: box}).Routes(server.Router())
	server.Router().Page("GET /be-operator", func(w http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(web.Identity{Account: "o", Roles: []web.Role{{Name: "operator"}}})
		return web.SeeOther(w, r, ClockPath)
	})

	c := webtest.New(t, server)
	c.Get("/en" + MailPath).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("No e-mail so far")))
	if err := box.Send(ctx, mail.Message{ID: "1", To: "a@example.test", Subject: "News <b>", Text: "Sign in."}); err != nil {
		t.Fatal(err)
	}
	c.Get("/en"+MailPath).Want(htmlcheck.In("main details", htmlcheck.Count(1), htmlcheck.Contains("News <b>")), htmlcheck.NotIn("main b"))
	if page := c.Get("/en" + ClockPath); page.Status == http.StatusOK && page.URL.Path == "/en"+ClockPath {
		t.Error("nobody moves the clock unasked")
	}

	c.Get("/en/be-operator").WantStatus(200)
	c.Submit("main form", webtest.Values{"step": "quarter"}).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("24 February 2026")))
	if want := time.Date(2026, 2, 24, 9, 0, 0, 0, time.UTC); !shown.Now().Equal(want) {
		t.Errorf("it is %v, want %v", shown.Now(), want)
	}
	if page := c.Post("/en"+ClockPath, url.Values{"step": {"year"}}); page.Status < 400 {
		t.Errorf("a year: %d", page.Status)
	}
	c.Get("/en" + ClockPath)
	if want := time.Date(2026, 2, 24, 9, 0, 0, 0, time.UTC); !shown.Now().Equal(want) {
		t.Errorf("a step that is none, or looking, moved the clock to %v", shown.Now())
	}
}

func TestLocales(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "console.clock.")
}
