package idp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"passerelle/internal/demo/idp"
	"passerelle/internal/demo/population"
	"passerelle/internal/module/people"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	assets "passerelle/web"
)

var everybody = population.New()

// site is the whole sign-in on a loopback server: relying party and provider,
// which talk to each other by HTTP.
type site struct {
	url      string
	accounts *people.Service
	provider *idp.Provider
}

// newSite offers the demo's provider, and others after it.
func newSite(t *testing.T, others ...people.Provider) *site {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	address := srv.Listener.Addr().String()
	// The public name is not the address: it is found over the loopback.
	public := "http://" + address
	cfg := config.Demo(t.TempDir(), address)
	cfg.Server.PublicURL = public
	cfg.Limits.RequestsPerMin = 0

	d := dbtest.SQLite(t)
	for _, migrate := range []error{web.Migrate(t.Context(), d), people.Migrate(t.Context(), d)} {
		if migrate != nil {
			t.Fatal(migrate)
		}
	}
	server, err := web.New(web.Deps{
		Config: cfg, DB: d, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Texts: i18ntest.Bundle(t, web.Locales, ui.Locales, people.Locales, idp.Locales), Assets: assets.FS(),
	})
	if err != nil {
		t.Fatal(err)
	}
	provider, err := idp.New(idp.Options{
		People: everybody, PublicURL: public, DataDir: cfg.Server.DataDir, ClientID: "passerelle",
		Redirects: []string{people.CallbackURL(public, "demo")}, SignedOut: []string{public + "/signed-out"}, Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{url: public, accounts: people.New(d, clock.System{}), provider: provider}
	provider.Routes(server.Router())
	people.NewWeb(people.WebOptions{
		Service: s.accounts, PublicURL: public, Clock: clock.System{},
		Providers: append([]people.Provider{{
			ID: "demo", Issuer: provider.Issuer(), ClientID: "passerelle", Label: "Demo", KeepsSession: len(others) > 0,
			NationalIDClaim: "national_id", RolesClaim: "passerelle_roles", HTTP: idp.Client(public, address),
		}}, others...),
	}).Routes(server.Router())
	server.Router().Page("GET /", func(w http.ResponseWriter, r *http.Request) error {
		id, _ := web.IdentityFrom(r.Context())
		_, err := fmt.Fprintf(w, "<main>home of %s %s %v</main>", id.Name, id.Person, id.Roles)
		return err
	})
	server.Router().Page("GET /cases", web.RequireIdentity(func(w http.ResponseWriter, r *http.Request) error {
		id, _ := web.IdentityFrom(r.Context())
		_, err := fmt.Fprintf(w, "<main>cases of %s %s %v</main>", id.Name, id.Person, id.Roles)
		return err
	}))
	srv.Config.Handler = server
	srv.Start()
	t.Cleanup(srv.Close)
	return s
}

// be presses the button of a persona on the page of personas.
func (s *site) be(t *testing.T, c *webtest.Client, persona string) *webtest.Page {
	t.Helper()
	subject, ok := s.provider.Subject(persona)
	if !ok {
		t.Fatalf("no persona %s", persona)
	}
	return c.Submit("form:has(input[value='"+subject+"'])", nil)
}

func TestOneClickSignsInAsAPersonaAndLeadsBack(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/lb/cases").Want(
		htmlcheck.In("html", htmlcheck.Attr("lang", "lb")),
		htmlcheck.In("main h1", htmlcheck.Text("Wien wëllt Dir sinn?")),
		htmlcheck.In("main .pa-card", htmlcheck.Count(len(everybody.Personas()))),
	)
	page := s.be(t, c, "pensioner")
	pensioner, _ := everybody.Persona("pensioner")
	page.WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Text("cases of Margot Lentz "+everybody.ID(pensioner.Person)+" []")))
	if page.URL.Path != "/lb/cases" {
		t.Errorf("led back to %s", page.URL)
	}
}

func TestAnOfficialHasRolesAndNoPerson(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/cases")
	s.be(t, c, "fns-head-of-unit").Want(htmlcheck.In("main", htmlcheck.Text("cases of Serge Oberweis [{fns head-of-unit} {fns case-worker}]")))
	found, err := s.accounts.Officials(t.Context(), "fns", "head-of-unit")
	if err != nil || len(found) != 1 || found[0].Name != "Serge Oberweis" {
		t.Errorf("heads of unit: %+v, %v", found, err)
	}
}

func TestAnAccountPreparedByAProgramIsTheOneSignedInto(t *testing.T) {
	s := newSite(t)
	for _, persona := range everybody.Personas() {
		subject, _ := s.provider.Subject(persona.Key)
		claims, ok := s.provider.Claims(subject)
		if !ok {
			t.Fatalf("no claims of %s", persona.Key)
		}
		if parts := claims.GivenName + " " + claims.FamilyName; persona.Person >= 0 && (parts != claims.Name || claims.BirthDate == "") {
			t.Errorf("%s is prepared as %q, born %q", claims.Name, parts, claims.BirthDate)
		}
		prepared, err := s.accounts.SignIn(t.Context(), claims, "fr")
		if err != nil {
			t.Fatal(err)
		}
		c := webtest.At(t, s.url)
		c.Get("/en/cases")
		s.be(t, c, persona.Key).Want(htmlcheck.In("main", htmlcheck.Text(strings.Join(strings.Fields(fmt.Sprint("cases of ", prepared.Name, " ", prepared.Person, " ", prepared.Roles)), " "))))
		after, err := s.accounts.Account(t.Context(), prepared.Account)
		if err != nil || after.Email != persona.Email || !after.LastSignIn.After(after.Created) {
			t.Errorf("%s: %+v, %v", persona.Key, after, err)
		}
	}
}

func TestAnybodyIsFoundByName(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/cases")
	someone := 4321
	c.Submit("form[role=search]", webtest.Values{"q": everybody.ID(someone)}).Want(
		htmlcheck.In("[role=status]", htmlcheck.Text("1 person has this name.")),
	)
	c.Submit("form:has(input[value='"+s.provider.SubjectOfPerson(someone)+"'])", nil).Want(
		htmlcheck.In("main", htmlcheck.Contains(everybody.ID(someone))))
}

func TestThePageSpeaksEveryLanguageAndKeepsTheRequest(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/cases")
	for lang, title := range map[string]string{"fr": "Qui voulez-vous être ?", "de": "Wer möchten Sie sein?", "pt": "Quem quer ser?", "lb": "Wien wëllt Dir sinn?"} {
		c.Click("nav a[hreflang=" + lang + "]").Want(htmlcheck.In("main h1", htmlcheck.Text(title)))
	}
	s.be(t, c, "founder").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("cases of Aoife Walsh")))
	if c.Page.URL.Path != "/en/cases" {
		t.Errorf("led back to %s: the page's own language was not kept", c.Page.URL)
	}
}

func TestOneMayLeaveWithoutSigningIn(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/cases")
	c.Submit("form:has(button[name=subject])", webtest.Values{"subject": ""}).WantStatus(403).Want(
		htmlcheck.In("main", htmlcheck.Contains("The sign-in was cancelled.")))
}

func TestSigningOutEndsTheSession(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/account")
	s.be(t, c, "pensioner").WantStatus(200)
	before := c.Cookies()["passerelle"]
	c.Submit("form[action$='/sign-out']", nil).WantStatus(200).Want(htmlcheck.In("main h1", htmlcheck.Text("You are signed out")))
	c.SetCookie("passerelle", before)
	c.Get("/en/cases").Want(htmlcheck.In("main h1", htmlcheck.Text("Who do you want to be?")))
	c.Get("/en/sign-out").WantStatus(405) // never by a link
}

func TestTheSessionTokenIsNewAfterSigningIn(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/cases")
	before := c.Cookies()["passerelle"]
	s.be(t, c, "pensioner")
	if after := c.Cookies()["passerelle"]; before == "" || after == "" || after == before {
		t.Errorf("token %q before, %q after", before, after)
	}
}

func TestTheAccountPageKeepsWhatAPersonChooses(t *testing.T) {
	s := newSite(t)
	c := webtest.At(t, s.url)
	c.Get("/en/account")
	s.be(t, c, "pensioner").WantStatus(200).Want(
		htmlcheck.In("main h1", htmlcheck.Text("Margot Lentz")),
		htmlcheck.In("main", htmlcheck.Contains("1948 0312 412")),
	)
	form := "form[action$='/account']"
	c.Submit(form, webtest.Values{"email": "not an address", "language": "de"}).WantStatus(422).Want(
		htmlcheck.In("title", htmlcheck.Contains("Error")),
		htmlcheck.In(".govuk-error-summary a[href='#email']", htmlcheck.Count(1)),
		htmlcheck.In("input#email", htmlcheck.Attr("value", "not an address")),
	)
	c.Submit(form, webtest.Values{"email": "margot@example.lu", "language": "de"}).WantStatus(200).Want(
		htmlcheck.In(".govuk-notification-banner--success", htmlcheck.Count(1)),
		htmlcheck.In("input#email", htmlcheck.Attr("value", "margot@example.lu")),
		htmlcheck.In("html", htmlcheck.Attr("lang", "en")), // the language of letters forces no page
	)
}

func TestSeveralProvidersAreOffered(t *testing.T) {
	s := newSite(t, people.Provider{ID: "eid", Issuer: "http://127.0.0.1:1", ClientID: "x", Label: "eID"})
	c := webtest.At(t, s.url)
	c.Get("/en/cases").WantStatus(200).Want(
		htmlcheck.In("main h1", htmlcheck.Text("Sign in")),
		htmlcheck.In("main .pa-card__link", htmlcheck.Count(2)),
	)
	choice := c.Page.URL.String()
	c.Click("main a[href*='/sign-in/eid']").WantStatus(503).Want(htmlcheck.In("main", htmlcheck.Contains("eID does not answer at the moment.")))
	c.Get(choice)
	c.Click("main a[href*='/sign-in/demo']")
	if s.be(t, c, "pensioner"); c.Page.URL.Path != "/en/cases" {
		t.Errorf("led back to %s", c.Page.URL)
	}
	c.Get("/en/account")
	c.Submit("form[action$='/sign-out']", nil).Want(htmlcheck.In("main .govuk-inset-text", htmlcheck.Contains("You may still be signed in at Demo.")))
	c.Get("/en/sign-in/unknown").WantStatus(404)
}

// browser follows no redirects, so that a test can hold each step.
type browser struct {
	t    *testing.T
	site *site
	http *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// get returns the status and where the answer leads.
func (b *browser) get(address string) (int, *url.URL) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.site.url + address
	}
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	return b.do(req)
}

func (b *browser) do(req *http.Request) (int, *url.URL) {
	b.t.Helper()
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	to, _ := res.Location()
	return res.StatusCode, to
}

// begin starts a sign-in and returns the authorization request.
func (b *browser) begin(then string) *url.URL {
	b.t.Helper()
	status, to := b.get("/en/sign-in?then=" + url.QueryEscape(then))
	if status != http.StatusFound || to == nil || to.Path != idp.Path+"/authorize" {
		b.t.Fatalf("the sign-in leads to %v (%d)", to, status)
	}
	return to
}

// answer lets a persona be chosen and returns the callback address.
func (b *browser) answer(authorize *url.URL, persona string) *url.URL {
	b.t.Helper()
	_, choose := b.get(authorize.String())
	if choose == nil || choose.Path != "/en"+idp.ChoosePath {
		b.t.Fatalf("the request leads to %v", choose)
	}
	subject, _ := b.site.provider.Subject(persona)
	req, err := http.NewRequest(http.MethodPost, choose.String(), strings.NewReader(url.Values{"subject": {subject}}.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.site.url)
	status, back := b.do(req)
	if status != http.StatusSeeOther || back == nil || back.Path != "/sign-in/demo/callback" {
		b.t.Fatalf("the choice leads to %v (%d)", back, status)
	}
	return back
}

// signedIn tells whether the browser's session is somebody's.
func (b *browser) signedIn() bool {
	status, _ := b.get("/en/cases")
	return status == http.StatusOK
}

func with(u *url.URL, name, value string) *url.URL {
	c := *u
	q := c.Query()
	q.Set(name, value)
	c.RawQuery = q.Encode()
	return &c
}

func TestAnAnswerWithAnotherStateIsRefused(t *testing.T) {
	b := newSite(t).browser(t)
	back := b.answer(b.begin("/en/cases"), "pensioner")
	if status, _ := b.get(with(back, "state", "guessed").String()); status != http.StatusUnprocessableEntity || b.signedIn() {
		t.Errorf("another state: status %d, signed in %v", status, b.signedIn())
	}
	// The true answer still works: the guess cost nothing.
	if status, to := b.get(back.String()); status != http.StatusSeeOther || to.Path != "/en/cases" || !b.signedIn() {
		t.Errorf("the true answer: status %d to %v", status, to)
	}
}

func TestAnAnswerIsWorthNothingInAnotherBrowser(t *testing.T) {
	s := newSite(t)
	mine, theirs := s.browser(t), s.browser(t)
	back := mine.answer(mine.begin("/en/cases"), "pensioner")
	theirs.begin("/en/cases")
	if status, _ := theirs.get(back.String()); status != http.StatusUnprocessableEntity || theirs.signedIn() {
		t.Errorf("in another browser: status %d, signed in %v", status, theirs.signedIn())
	}
}

func TestATokenWithAnotherNonceIsRefused(t *testing.T) {
	b := newSite(t).browser(t)
	back := b.answer(with(b.begin("/en/cases"), "nonce", "another"), "pensioner")
	if status, _ := b.get(back.String()); status != http.StatusUnprocessableEntity || b.signedIn() {
		t.Errorf("another nonce: status %d, signed in %v", status, b.signedIn())
	}
}

func TestATokenOfAnotherVerifierIsRefused(t *testing.T) {
	b := newSite(t).browser(t)
	challenge := strings.Repeat("a", 43)
	back := b.answer(with(b.begin("/en/cases"), "code_challenge", challenge), "pensioner")
	if status, _ := b.get(back.String()); status != http.StatusUnprocessableEntity || b.signedIn() {
		t.Errorf("another verifier: status %d, signed in %v", status, b.signedIn())
	}
}

func TestAnAnswerOfAnotherIssuerIsRefused(t *testing.T) {
	b := newSite(t).browser(t)
	back := b.answer(b.begin("/en/cases"), "pensioner")
	if status, _ := b.get(with(back, "iss", "https://evil.example").String()); status != http.StatusUnprocessableEntity || b.signedIn() {
		t.Errorf("another issuer: status %d, signed in %v", status, b.signedIn())
	}
}

func TestAnAnswerWorksOnce(t *testing.T) {
	b := newSite(t).browser(t)
	back := b.answer(b.begin("/en/cases"), "pensioner")
	if status, _ := b.get(back.String()); status != http.StatusSeeOther {
		t.Fatalf("the first time: status %d", status)
	}
	if status, _ := b.get(back.String()); status != http.StatusUnprocessableEntity {
		t.Errorf("the second time: status %d", status)
	}
	// The code is spent at the provider too, whatever the state.
	fresh := b.site.browser(t)
	began := fresh.begin("/en/cases")
	again := with(back, "state", began.Query().Get("state"))
	if status, _ := fresh.get(again.String()); status != http.StatusUnprocessableEntity || fresh.signedIn() {
		t.Errorf("a spent code in a new sign-in: status %d, signed in %v", status, fresh.signedIn())
	}
}

func TestTwoWindowsMaySignInAtOnce(t *testing.T) {
	b := newSite(t).browser(t)
	first, second := b.begin("/en/cases"), b.begin("/en/account")
	backSecond, backFirst := b.answer(second, "founder"), b.answer(first, "founder")
	if status, to := b.get(backFirst.String()); status != http.StatusSeeOther || to.Path != "/en/cases" {
		t.Errorf("the first window: %d to %v", status, to)
	}
	if status, to := b.get(backSecond.String()); status != http.StatusSeeOther || to.Path != "/en/account" {
		t.Errorf("the second window: %d to %v", status, to)
	}
}

func TestOneReturnsOnlyToThisSite(t *testing.T) {
	s := newSite(t)
	for then, want := range map[string]string{
		"https://evil.example/":  "/en",
		"//evil.example/":        "/en",
		`/\evil.example`:         "/en",
		"javascript:alert(1)":    "/en",
		"/en/cases\r\nX-Evil: 1": "/en",
		"":                       "/en",
		"/en/sign-in?then=/en":   "/en",
		"/en/cases?tab=mine":     "/en/cases",
		"/fr/cases":              "/fr/cases",
	} {
		b := s.browser(t)
		status, to := b.get(b.answer(b.begin(then), "pensioner").String())
		if status != http.StatusSeeOther || to.Scheme+"://"+to.Host != s.url || strings.TrimSuffix(to.Path, "/") != want {
			t.Errorf("then %q leads to %v (%d), want %s", then, to, status, want)
		}
	}
}
