package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

var signedIn = htmlcheck.In("title", htmlcheck.Contains("Anna Weber"))

func TestVisitorsCostNoWriteAndGetNoCookie(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newSite(t, d, nil)
	w := ask(s, "GET", "/fr", "Accept-Language", "fr")
	if c := w.Header().Values("Set-Cookie"); len(c) != 0 {
		t.Errorf("cookies %v", c)
	}
	if rows(t, d) != 0 {
		t.Error("a session was stored")
	}
	// A cookie that we never gave is not taken for a session.
	w = ask(s, "GET", "/fr/mine", "Cookie", "passerelle="+strings.Repeat("a", 64))
	if w.Code != 303 || rows(t, d) != 0 {
		t.Errorf("invented cookie: %d", w.Code)
	}
}

func TestSessions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, nil)
		c := webtest.New(t, s)

		c.Post("/keep/a/1", nil)
		before := c.Cookies()["passerelle"]
		if before == "" {
			t.Fatal("no session cookie")
		}
		c.Post("/en/in", nil).Want(signedIn)
		token := c.Cookies()["passerelle"]
		if token == before || rows(t, d) != 1 {
			t.Error("the token was not changed at the sign-in, or the old row is still there")
		}
		if got := c.Get("/keep/a").Body; got != "1" {
			t.Errorf("value after the sign-in: %q", got)
		}
		stored := one[string](t, d, wholeRow)
		if strings.Contains(stored, token) || !strings.Contains(stored, hashToken(token)) {
			t.Error("the token itself is stored")
		}

		t.Run("survive a restart", func(t *testing.T) {
			again := webtest.New(t, newSite(t, d, nil))
			again.SetCookie("passerelle", token)
			again.Get("/en/mine").WantStatus(200).Want(signedIn)
		})
		t.Run("old token is worthless", func(t *testing.T) {
			thief := c.Another()
			thief.SetCookie("passerelle", before)
			if got := thief.Get("/keep/a").Body; got != "" {
				t.Errorf("read %q", got)
			}
		})
		t.Run("changes of two pages at once are all kept", func(t *testing.T) {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					ask(s, "POST", fmt.Sprintf("/keep/k%d/%d", i, i), "Cookie", "passerelle="+token)
				})
			}
			wg.Wait()
			for i := range 8 {
				if got := c.Get(fmt.Sprintf("/keep/k%d", i)).Body; got != fmt.Sprint(i) {
					t.Errorf("k%d = %q", i, got)
				}
			}
		})
		t.Run("end with the sign-out", func(t *testing.T) {
			c.Post("/en/out", nil)
			if c.Cookies()["passerelle"] != "" || rows(t, d) != 0 {
				t.Errorf("%d rows, cookies %v", rows(t, d), c.Cookies())
			}
			thief := c.Another()
			thief.SetCookie("passerelle", token)
			if p := thief.Get("/en/mine"); p.URL.Path != "/en/sign-in" {
				t.Errorf("the token still opens %s", p.URL)
			}
		})
		t.Run("end everywhere", func(t *testing.T) {
			one, two := c.Another(), c.Another()
			one.Post("/en/in", nil).Want(signedIn)
			two.Post("/en/in", nil).Want(signedIn)
			if err := s.SignOutEverywhere(t.Context(), weber.Account); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*webtest.Client{one, two} {
				if p := c.Get("/en/mine"); p.URL.Path != "/en/sign-in" {
					t.Errorf("still signed in: %s", p.URL)
				}
			}
		})
	})
}

func TestSessionsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, func(c *config.Config) {
			c.Session = config.Session{Lifetime: config.Duration(3 * time.Hour), Idle: config.Duration(time.Hour)}
		})
		c := webtest.New(t, s)
		in := func() bool { return c.Get("/en/mine").URL.Path == "/en/mine" }

		c.Post("/en/in", nil)
		s.clock.Advance(61 * time.Minute)
		if in() {
			t.Error("alive after an hour without a request")
		}
		c.Post("/en/in", nil)
		for range 3 { // every 50 minutes: the idle time does not run out
			s.clock.Advance(50 * time.Minute)
			if !in() {
				t.Fatal("ended while in use")
			}
		}
		s.clock.Advance(31 * time.Minute)
		if in() {
			t.Error("alive after its lifetime")
		}
		s.clock.Advance(time.Hour)
		if err := s.sessions.purge(t.Context()); err != nil || rows(t, d) != 0 {
			t.Errorf("%d rows after the purge, %v", rows(t, d), err)
		}
	})
}

func TestReadingKeepsASessionAliveWithFewWrites(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newSite(t, d, func(c *config.Config) { c.Session.Idle = config.Duration(time.Hour) })
	c := webtest.New(t, s)
	c.Post("/en/in", nil)
	seen := func() int64 { return one[int64](t, d, lastSeen) }
	first := seen()
	s.clock.Advance(4 * time.Minute)
	c.Get("/en/mine").Want(signedIn)
	if seen() != first {
		t.Error("a plain read wrote")
	}
	s.clock.Advance(2 * time.Minute)
	c.Get("/en/mine").Want(signedIn)
	if seen() == first {
		t.Error("the session was not kept alive")
	}
}

func TestAnAnswerThatFailsStoresNothing(t *testing.T) {
	d := dbtest.SQLite(t)
	w := ask(newSite(t, d, nil), "POST", "/en/fail/half")
	if w.Code != 503 || w.Header().Get("Location") != "" || len(w.Header().Values("Set-Cookie")) != 0 || rows(t, d) != 0 {
		t.Errorf("%d %v, %d rows", w.Code, w.Header(), rows(t, d))
	}
}

func TestNothingIsPromisedWhenTheSessionCannotBeStored(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newSite(t, d, nil)
	dropTable(t, d)
	w := ask(s, "POST", "/en/in")
	if w.Code < 500 || w.Header().Get("Location") != "" || len(w.Header().Values("Set-Cookie")) != 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := ask(s, "GET", "/en"); w.Code != 200 {
		t.Errorf("visitors are served all the same: %d", w.Code)
	}
}

func TestCookieIsBoundToTheHostWithHTTPS(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Server.PublicURL = "https://passerelle.example.lu" })
	w := ask(s, "POST", "/en/in")
	c, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "__Host-passerelle" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAccountIsLimitedWhereverItComesFrom(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Limits.AccountPerMin, c.Limits.AccountBurst = 60, 2 })
	w := ask(s, "POST", "/en/in")
	cookie := strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0]
	from := func(addr string) int {
		r := httptest.NewRequest("GET", "/en/mine", nil)
		r.RemoteAddr = addr + ":1"
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if a, b, c := from("192.0.2.1"), from("192.0.2.2"), from("192.0.2.3"); a != 200 || b != 200 || c != 429 {
		t.Errorf("%d %d %d, want 200 200 429", a, b, c)
	}
	s.clock.Advance(time.Second)
	if code := from("192.0.2.3"); code != 200 {
		t.Errorf("after the wait: %d", code)
	}
}

func TestTableForgetsTheOldest(t *testing.T) {
	tb := newTable[int](10)
	for i := range 1000 {
		tb.getOr(fmt.Sprint(i), func() int { return i })
		tb.get("0") // in use: stays
	}
	if n := len(tb.young) + len(tb.old); n > 12 {
		t.Errorf("%d entries", n)
	}
	if _, ok, _ := tb.get("0"); !ok {
		t.Error("an entry in use was forgotten")
	}
	_, _, epoch := tb.get("x")
	tb.drop("y")
	tb.putIf(epoch, "x", 1)
	if _, ok, _ := tb.get("x"); ok {
		t.Error("a stale value was kept")
	}
}
