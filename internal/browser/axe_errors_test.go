package browser

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	assets "passerelle/web"
)

// What goes wrong is shown on a page too. Most of it cannot be brought about on a
// healthy installation: here a server fails on demand, in every way it knows but
// one: whoever is not signed in is led to the sign-in, which is inspected.
func TestAccessibilityErrors(t *testing.T) {
	shared(t) // for the browser
	d := dbtest.SQLite(t)
	if err := web.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	s, err := web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Texts: i18ntest.Bundle(t, ui.Locales, web.Locales), Assets: assets.FS()})
	if err != nil {
		t.Fatal(err)
	}
	failures := []errs.Kind{errs.Internal, errs.Invalid, errs.Forbidden, errs.NotFound, errs.Conflict, errs.Gone, errs.TooLarge, errs.TooMany, errs.Unavailable}
	status := map[errs.Kind]int{errs.Internal: 500, errs.Invalid: 422, errs.Forbidden: 403, errs.NotFound: 404, errs.Conflict: 409, errs.Gone: 410, errs.TooLarge: 413, errs.TooMany: 429, errs.Unavailable: 503}
	for _, kind := range failures {
		s.Router().Page("GET /fail/"+kind.String(), func(http.ResponseWriter, *http.Request) error { return errs.New(kind, "") })
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var places []place
	for _, kind := range failures {
		places = append(places, place{name: kind.String(), path: "/fail/" + kind.String(), status: status[kind]})
	}
	inspectAll(t, &site{url: server.URL, fails: true}, places)
	inspected.tests.Add(1)
}

// With two identity providers the person chooses one; one that cannot be reached
// says so.
func TestAccessibilitySignIn(t *testing.T) {
	shared(t) // for the browser
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("not asked for"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := open(dir, 0, config.Issuer{ID: "away", Issuer: "http://127.0.0.1:9", ClientID: "passerelle", SecretFile: secret, Label: "A provider that is away"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	s.fails = true
	inspectAll(t, s, []place{{name: "choice", path: "/sign-in"}, {name: "away", path: "/sign-in/away", status: http.StatusServiceUnavailable}})
	inspected.tests.Add(1)
}
