package web

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"passerelle/internal/platform/config"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// ask sends one request without a client: no redirects followed, no cookies.
func ask(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "192.0.2.7:4321"
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTextsAreComplete(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "web.error.")
}

func TestEveryKindOfErrorHasItsWords(t *testing.T) {
	names := []string{errNoPage.name, errMethod.name, errCrossOrigin.name}
	for kind := errs.Internal; kind <= errs.Unavailable; kind++ {
		names = append(names, kind.String())
		if statusOf[kind] == 0 {
			t.Errorf("%s has no status", kind)
		}
	}
	each(t, func(t *testing.T, l *i18n.Locale) {
		for _, name := range names {
			for _, part := range []string{"title", "kept", "next"} {
				if key := "web.error." + name + "." + part; !l.Has(key) {
					t.Errorf("no %s", key)
				}
			}
		}
	})
}

func TestPageIsInTheLanguageOfItsAddress(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, lang := range i18n.Langs {
		w := ask(s, "GET", "/"+string(lang)+"/things/7", "Accept-Language", "en")
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(body, `<html lang="`+string(lang)+`"`) || !strings.Contains(body, "<title>thing 7") {
			t.Errorf("%s: %d %.200s", lang, w.Code, body)
		}
		for _, other := range i18n.Langs {
			if !strings.Contains(body, `hreflang="`+string(other)+`" href="http://localhost:8080/`+string(other)+`/things/7"`) {
				t.Errorf("%s: no alternate in %s", lang, other)
			}
		}
		if w.Header().Get("Content-Language") != string(lang) || !slices.Contains(w.Header().Values("Vary"), "Cookie") {
			t.Errorf("%s: headers %v", lang, w.Header())
		}
	}
}

func TestAddressWithoutLanguageLeadsToTheVisitorsOwn(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, c := range []struct{ path, accept, cookie, want string }{
		{"/things/7?q=a%20b", "de-LU, fr;q=0.5", "", "/de/things/7?q=a%20b"},
		{"/things/7", "zh", "", "/fr/things/7"},
		{"/things/7", "de", "lang=lb", "/lb/things/7"},
		{"/things/7", "de", "lang=xx", "/de/things/7"},
		{"/", "pt", "", "/pt"},
		{"/en/", "pt", "", "/en"},
	} {
		w := ask(s, "GET", c.path, "Accept-Language", c.accept, "Cookie", c.cookie)
		if w.Code != http.StatusFound || w.Header().Get("Location") != c.want {
			t.Errorf("%+v: %d %s", c, w.Code, w.Header().Get("Location"))
		}
		if vary := strings.Join(w.Header().Values("Vary"), ", "); vary != "Accept-Language, Cookie" {
			t.Errorf("Vary: %s", vary)
		}
	}
	if w := ask(s, "GET", "/es/things/7"); w.Code != 404 {
		t.Errorf("a language we do not speak: %d", w.Code)
	}
}

func TestRawAndMountedHandlersKnowTheLanguageToo(t *testing.T) {
	s := newSite(t, nil, nil)
	say := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, string(i18n.FromContext(r.Context()).Lang()))
		return err
	}
	s.Router().Raw("GET /verify", say)
	s.Router().Mount("/tree/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Session(r).Put("a", "1")
	}))
	if w := ask(s, "GET", "/verify", "Accept-Language", "pt-PT"); w.Body.String() != "pt" {
		t.Errorf("language %q", w.Body)
	}
	w := ask(s, "POST", "/tree/x")
	if w.Code != 200 || w.Header().Get("Set-Cookie") == "" {
		t.Errorf("a mounted handler's session was not stored: %d %v", w.Code, w.Header())
	}
}

func TestLanguageChosenAgainstTheBrowserIsRemembered(t *testing.T) {
	c := webtest.New(t, newSite(t, nil, nil))
	c.Header.Set("Accept-Language", "de")
	c.Get("/de")
	if len(c.Cookies()) != 0 {
		t.Errorf("cookies %v for a page in the browser's language", c.Cookies())
	}
	c.Get("/lb/things/1")
	if p := c.Get("/"); p.URL.Path != "/lb" {
		t.Errorf("led to %s", p.URL.Path)
	}
	c.Get("/de")
	if p := c.Get("/"); p.URL.Path != "/de" {
		t.Errorf("chosen again: led to %s", p.URL.Path)
	}
}

func TestProtectionHeaders(t *testing.T) {
	s := newSite(t, nil, nil)
	w := ask(s, "GET", "/en")
	csp := w.Header().Get("Content-Security-Policy")
	m := regexp.MustCompile(`script-src 'self' 'nonce-([A-Za-z0-9+/]{22})'`).FindStringSubmatch(csp)
	if m == nil || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "style-src 'self';") {
		t.Fatalf("CSP %s", csp)
	}
	// The page's inline scripts carry the nonce; + may be escaped in HTML.
	if !strings.Contains(strings.ReplaceAll(w.Body.String(), "&#43;", "+"), `<script nonce="`+m[1]+`">`) {
		t.Error("the page does not carry the nonce")
	}
	if again := ask(s, "GET", "/en").Header().Get("Content-Security-Policy"); again == csp {
		t.Error("the nonce is the same in two answers")
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	https := newSite(t, nil, func(c *config.Config) { c.Server.PublicURL = "https://passerelle.example.lu" })
	if ask(https, "GET", "/en").Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS with https")
	}
}

func TestRefusalsAreProtectedLoggedAndNumbered(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Limits.RequestsPerMin, c.Limits.Burst = 60, 1 })
	ask(s, "GET", "/en")
	w := ask(s, "GET", "/en/things/secret-17?q=weber", "X-Request-Id", "proxy-4711-abc")
	if w.Code != http.StatusTooManyRequests {
		t.Fatalf("status %d", w.Code)
	}
	if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Request-Id") != "proxy-4711-abc" {
		t.Errorf("headers %v", w.Header())
	}
	log := s.log.String()
	if !strings.Contains(log, `"request":"proxy-4711-abc"`) || !strings.Contains(log, `"status":429`) {
		t.Errorf("not logged: %s", log)
	}
	for _, personal := range []string{"secret-17", "weber", "192.0.2.7"} {
		if strings.Contains(log, personal) {
			t.Errorf("the log holds %q", personal)
		}
	}
	if w := ask(s, "GET", "/en", "X-Request-Id", "bad id\n{}"); strings.Contains(w.Header().Get("X-Request-Id"), "bad") {
		t.Error("a harmful request id was taken over")
	}
}

// The order of the chain shows in which refusal wins.
func TestOrderOfTheChain(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) {
		c.Limits.RequestsPerMin, c.Limits.Burst, c.Limits.Body = 60, 3, 1<<10
	})
	big := func(header ...string) int {
		r := httptest.NewRequest("POST", "/en/nowhere", strings.NewReader(strings.Repeat("x", 2<<10)))
		r.RemoteAddr = "192.0.2.7:1"
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if code := big("Sec-Fetch-Site", "cross-site"); code != 403 {
		t.Errorf("cross-origin before body limit: %d", code)
	}
	if code := big(); code != 413 {
		t.Errorf("body limit before route: %d", code)
	}
	if code := ask(s, "POST", "/en/nowhere").Code; code != 404 {
		t.Errorf("route: %d", code)
	}
	if code := big("Sec-Fetch-Site", "cross-site"); code != 429 {
		t.Errorf("rate limit before cross-origin: %d", code)
	}
}

func TestErrorPagesInFiveLanguages(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Limits.Body = 3 << 19 })
	each(t, func(t *testing.T, l *i18n.Locale) {
		base := "/" + string(l.Lang())
		wants := func(code int, name string, w *httptest.ResponseRecorder) {
			t.Helper()
			body := w.Body.String()
			if w.Code != code || !strings.Contains(body, `data-error="`+name+`"`) || !strings.Contains(body, `<html lang="`+string(l.Lang())+`"`) {
				t.Errorf("%s: %d\n%.300s", name, w.Code, body)
			}
			if title := l.T("web.error." + name + ".title"); !strings.Contains(body, ">"+title+"</h1>") {
				t.Errorf("%s: heading %q not found", name, title)
			}
			if strings.Contains(body, "[web.") || strings.Contains(body, "{") && strings.Contains(body, "{wait}") {
				t.Errorf("%s: a text is missing", name)
			}
			if strings.Contains(body, "secret") || strings.Contains(body, "unexpected EOF") {
				t.Errorf("%s: the cause is shown", name)
			}
		}
		wants(404, "not-found", ask(s, "GET", base+"/nowhere"))
		wants(405, "method", ask(s, "DELETE", base+"/things/7"))
		wants(500, "internal", ask(s, "GET", base+"/fail/internal"))
		wants(500, "internal", ask(s, "GET", base+"/fail/panic"))
		wants(409, "conflict", ask(s, "GET", base+"/fail/conflict"))
		wants(410, "gone", ask(s, "GET", base+"/fail/gone"))
		wants(422, "invalid", ask(s, "GET", base+"/fail/invalid"))
		wants(403, "forbidden", ask(s, "GET", base+"/fail/forbidden"))
		wants(503, "unavailable", ask(s, "GET", base+"/fail/unavailable"))
		wants(401, "unauthenticated", ask(s, "POST", base+"/fail/unauthenticated"))
		wants(403, "cross-origin", ask(s, "POST", base+"/things/7", "Sec-Fetch-Site", "cross-site"))

		r := httptest.NewRequest("POST", base+"/things/7", strings.NewReader(strings.Repeat("x", 2<<20)))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		wants(413, "too-large", w)
		if !strings.Contains(w.Body.String(), l.Number("1.5")) {
			t.Error("413 does not say how much is accepted")
		}

		limited := newSite(t, nil, func(c *config.Config) { c.Limits.RequestsPerMin, c.Limits.Burst = 6, 1 })
		ask(limited, "GET", base)
		w = ask(limited, "GET", base)
		wants(429, "too-many", w)
		if w.Header().Get("Retry-After") != "10" || !strings.Contains(w.Body.String(), l.Count(10, i18n.Second)) {
			t.Errorf("429 does not say how long to wait: %s", w.Header().Get("Retry-After"))
		}
	})
}

func TestMethodNotAllowedNamesTheMethods(t *testing.T) {
	w := ask(newSite(t, nil, nil), "DELETE", "/en/things/7")
	if got := w.Header().Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestServerErrorsGiveAReferenceThatTheLogKnows(t *testing.T) {
	s := newSite(t, nil, nil)
	w := ask(s, "GET", "/en/fail/panic")
	id := w.Header().Get("X-Request-Id")
	if id == "" || !strings.Contains(w.Body.String(), id) {
		t.Errorf("the page does not name %q", id)
	}
	if log := s.log.String(); !strings.Contains(log, `"panic":"a fault with a secret"`) || !strings.Contains(log, id) {
		t.Errorf("log: %s", log)
	}
}

func TestTheModulesOwnSentenceIsShown(t *testing.T) {
	w := ask(newSite(t, nil, nil), "GET", "/en/fail/own")
	if w.Code != 409 || !strings.Contains(w.Body.String(), `<p class="govuk-body">Back</p>`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestProblemDocuments(t *testing.T) {
	s := newSite(t, nil, nil)
	each(t, func(t *testing.T, l *i18n.Locale) {
		for name, w := range map[string]*httptest.ResponseRecorder{
			"forbidden":       ask(s, "GET", "/api/fail/forbidden", "Accept-Language", string(l.Lang())),
			"unauthenticated": ask(s, "GET", "/api/fail/unauthenticated", "Accept-Language", string(l.Lang())),
			"not-found":       ask(s, "GET", "/api/nowhere", "Accept-Language", string(l.Lang())),
			"conflict":        ask(s, "GET", "/"+string(l.Lang())+"/fail/conflict", "Accept", "application/json"),
		} {
			var p struct {
				Type, Title, Detail, Kind, Request string
				Status                             int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code || p.Kind != name ||
				p.Title != l.T("web.error."+name+".title") || p.Detail == "" || p.Request != w.Header().Get("X-Request-Id") {
				t.Errorf("%s: %d %+v", name, w.Code, p)
			}
		}
	})
}

func TestSignInIsAskedForAndComesBack(t *testing.T) {
	w := ask(newSite(t, nil, nil), "GET", "/de/mine?tab=2")
	if w.Code != 303 || w.Header().Get("Location") != "/de/sign-in?then="+url.QueryEscape("/de/mine?tab=2") {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	for address, want := range map[string]string{
		"/de/mine?tab=2": "/de/mine?tab=2", "": "/", "//evil.example": "/", "https://evil.example": "/",
		`/\evil.example`: "/", "mine": "/", "/a\r\nb": "/",
	} {
		if got := Local(address); got != want {
			t.Errorf("Local(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestRolesAreRequired(t *testing.T) {
	c := webtest.New(t, newSite(t, nil, nil))
	c.Post("/en/in", nil).WantStatus(200).Want(htmlcheck.In("title", htmlcheck.Contains("Anna Weber")))
	c.Get("/en/team").WantStatus(403)
	c.Get("/en/mine").WantStatus(200)
	if !weber.HasIn("fns", "case-worker") || weber.HasIn("adem", "case-worker") || weber.Has("operator") || !slices.Equal(weber.Authorities("case-worker"), []string{"fns"}) {
		t.Error("roles are mixed up")
	}
}

func TestCompressionSkipsWhatIsSmallOrNotAskedFor(t *testing.T) {
	s := newSite(t, nil, nil)
	w := ask(s, "GET", "/en", "Accept-Encoding", "br, gzip;q=0.8")
	if w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("a page is not compressed: %v", w.Header())
	}
	gz, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := io.ReadAll(gz); err != nil || !strings.HasSuffix(strings.TrimSpace(string(page)), "</html>") {
		t.Errorf("the page does not come out whole: %v", err)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"not asked for": ask(s, "GET", "/en"),
		"refused":       ask(s, "GET", "/en", "Accept-Encoding", "gzip;q=0"),
		"small":         ask(s, "GET", "/healthz", "Accept-Encoding", "gzip"),
	} {
		if w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed", name)
		}
	}
}

func TestAssetsAreKeptByBrowsers(t *testing.T) {
	s := newSite(t, nil, nil)
	w := ask(s, "GET", "/assets/main-ABC.css")
	etag := w.Header().Get("ETag")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Content-Type") != "text/css; charset=utf-8" || etag == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := ask(s, "GET", "/assets/main-ABC.css", "If-None-Match", etag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("known: %d", w.Code)
	}
	small := ask(s, "GET", "/assets/main-ABC.css", "Accept-Encoding", "gzip")
	if small.Header().Get("Content-Encoding") != "gzip" || small.Body.Len() >= w.Body.Len() || small.Header().Get("ETag") == etag {
		t.Errorf("compressed: %v", small.Header())
	}
	if w := ask(s, "GET", "/assets/manifest.json"); strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Error("a file without hash is immutable")
	}
	if w := ask(s, "GET", "/assets/../harness_test.go"); w.Code == 200 {
		t.Error("a file outside is served")
	}
}

func TestClientBehindProxies(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Server.TrustedProxies = []string{"10.0.0.0/8"} })
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:1", "198.51.100.1", "192.0.2.7"},             // not a proxy of ours
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},           // ours
		{"10.0.0.1:1", "1.1.1.1, 198.51.100.1", "198.51.100.1"},  // the left part is the client's own claim
		{"10.0.0.1:1", "198.51.100.1, 10.0.0.2", "198.51.100.1"}, // two of ours
		{"10.0.0.1:1", "nonsense", "10.0.0.1"},
		{"[2001:db8:1:2:3::4]:1", "", "2001:db8:1:2::"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := s.clientKey(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestHealthReadinessMetrics(t *testing.T) {
	s := newSite(t, nil, nil)
	if w := ask(s, "GET", "/healthz"); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("health: %d", w.Code)
	}
	if w := ask(s, "GET", "/readyz"); w.Code != 200 || !strings.Contains(w.Body.String(), `"parts":{"database":true,"writes":true}`) {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	s.stopping.Store(true)
	if w := ask(s, "GET", "/readyz"); w.Code != 503 {
		t.Errorf("ready while stopping: %d", w.Code)
	}
	ask(s, "GET", "/fr/things/secret-17")
	ask(s, "BREW", "/fr/things/secret-17")
	if w := ask(s, "GET", "/metrics"); w.Code != 404 {
		t.Errorf("metrics for a stranger: %d", w.Code)
	}
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	for _, want := range []string{
		`http_requests_total{method="GET",route="/things/{id}",status="200"} 1`,
		`http_requests_total{method="other",route="none",status="405"} 1`,
		`http_request_duration_seconds_bucket{route="/things/{id}"`, "go_goroutines", "texts_missing_total 0",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "secret-17") {
		t.Error("metrics hold an address")
	}
}
