package idp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"passerelle/internal/demo/population"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/i18n/i18ntest"
)

const callback = "https://passerelle.example.lu/sign-in/demo/callback"

var everybody = population.New()

func newProvider(t *testing.T, c clock.Clock) *Provider {
	t.Helper()
	p, err := New(Options{
		People: everybody, PublicURL: "https://passerelle.example.lu/", DataDir: t.TempDir(), ClientID: "passerelle",
		Redirects: []string{callback}, SignedOut: []string{"https://passerelle.example.lu/signed-out"}, Clock: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTextsAreCompleteAndUsed(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "idp.group.", "idp.persona.")
	l := i18ntest.Locale(t, "en", Locales)
	for _, persona := range everybody.Personas() {
		if !l.Has("idp.persona." + persona.Key) {
			t.Errorf("no story for %s", persona.Key)
		}
	}
}

var verifier = strings.Repeat("v", 43)

// ask is a request that is as it should be.
func ask() url.Values {
	return url.Values{
		"client_id": {"passerelle"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"s1"}, "nonce": {"n1"}, "code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
}

func TestWhatARequestMustHave(t *testing.T) {
	p := newProvider(t, clock.System{})
	if _, bad := p.read(ask()); bad != nil {
		t.Fatalf("a good request is refused: %v", bad)
	}
	for name, c := range map[string]struct {
		spoil func(url.Values)
		code  string
		told  bool // the relying party may be told
	}{
		"another client":         {func(q url.Values) { q.Set("client_id", "other") }, "unauthorized_client", false},
		"another address":        {func(q url.Values) { q.Set("redirect_uri", callback+"/") }, "invalid_redirect_uri", false},
		"a longer address":       {func(q url.Values) { q.Set("redirect_uri", callback+"?x=1") }, "invalid_redirect_uri", false},
		"two addresses":          {func(q url.Values) { q.Add("redirect_uri", "https://evil.example") }, "invalid_redirect_uri", false},
		"two states":             {func(q url.Values) { q.Add("state", "s2") }, "invalid_request", true},
		"implicit":               {func(q url.Values) { q.Set("response_type", "token") }, "unsupported_response_type", true},
		"no openid":              {func(q url.Values) { q.Set("scope", "profile") }, "invalid_scope", true},
		"no challenge":           {func(q url.Values) { q.Del("code_challenge") }, "invalid_request", true},
		"a plain challenge":      {func(q url.Values) { q.Set("code_challenge_method", "plain") }, "invalid_request", true},
		"without asking":         {func(q url.Values) { q.Set("prompt", "none") }, "login_required", true},
		"an object of a request": {func(q url.Values) { q.Set("request", "eyJ") }, "request_not_supported", true},
	} {
		q := ask()
		c.spoil(q)
		_, bad := p.read(q)
		if bad == nil || bad.code != c.code || (bad.redirect != "") != c.told {
			t.Errorf("%s: refusal %+v, want %s", name, bad, c.code)
		}
	}
}

// redeem sends a token request.
func redeem(t *testing.T, p *Provider, f url.Values) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, Path+"/token", strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Code, body
}

func codeOf(t *testing.T, p *Provider, subject string) string {
	t.Helper()
	req, bad := p.read(ask())
	if bad != nil {
		t.Fatal(bad)
	}
	u, err := url.Parse(p.answer(req, subject))
	if err != nil || u.Query().Get("state") != "s1" || u.Query().Get("iss") != p.Issuer() {
		t.Fatalf("answer %v, %v", u, err)
	}
	return u.Query().Get("code")
}

func tokenRequest(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {"passerelle"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

func userinfo(p *Provider, token string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, Path+"/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestACodeWorksOnceAndAReplayTakesBackWhatItGave(t *testing.T) {
	p := newProvider(t, clock.System{})
	subject, _ := p.Subject("student")
	code := codeOf(t, p, subject)
	status, first := redeem(t, p, tokenRequest(code))
	if status != http.StatusOK || first["id_token"] == nil {
		t.Fatalf("%d %v", status, first)
	}
	token := first["access_token"].(string)
	if status, body := userinfo(p, token); status != http.StatusOK || !strings.Contains(body, "Moritz Lang") {
		t.Fatalf("userinfo: %d %s", status, body)
	}
	if status, again := redeem(t, p, tokenRequest(code)); status != http.StatusBadRequest || again["error"] != "invalid_grant" {
		t.Errorf("replay: %d %v", status, again)
	}
	if status, _ := userinfo(p, token); status != http.StatusUnauthorized {
		t.Errorf("the token outlives the replay: %d", status)
	}
}

func TestACodeNeedsItsVerifierAddressAndMinute(t *testing.T) {
	for name, spoil := range map[string]func(f url.Values, c *clock.Shifted){
		"another verifier": func(f url.Values, _ *clock.Shifted) { f.Set("code_verifier", strings.Repeat("w", 43)) },
		"a short verifier": func(f url.Values, _ *clock.Shifted) { f.Set("code_verifier", "v") },
		"another address":  func(f url.Values, _ *clock.Shifted) { f.Set("redirect_uri", "https://evil.example") },
		"a minute later":   func(_ url.Values, c *clock.Shifted) { c.Advance(codeLife + time.Second) },
		"another code":     func(f url.Values, _ *clock.Shifted) { f.Set("code", "guessed") },
	} {
		c := &clock.Shifted{Base: clock.Fixed(time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC))}
		p := newProvider(t, c)
		subject, _ := p.Subject("student")
		f := tokenRequest(codeOf(t, p, subject))
		spoil(f, c)
		if status, body := redeem(t, p, f); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, keyFile)
	first, err := loadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loadKey(path)
	if err != nil || !first.Equal(again) {
		t.Fatalf("another key at the second start, %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKey(path); err == nil {
		t.Error("a spoilt key was accepted")
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEndSessionLeadsOnlyWhereItMay(t *testing.T) {
	p := newProvider(t, clock.System{})
	for back, want := range map[string]int{"https://passerelle.example.lu/signed-out": http.StatusFound, "https://evil.example/": http.StatusBadRequest} {
		w := httptest.NewRecorder()
		p.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path+"/end-session?post_logout_redirect_uri="+url.QueryEscape(back), nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", back, w.Code, want)
		}
	}
}

func TestThePublishedKeyIsThePublicHalfOnly(t *testing.T) {
	w := httptest.NewRecorder()
	newProvider(t, clock.System{}).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path+"/jwks", nil))
	if body := w.Body.Bytes(); !bytes.Contains(body, []byte(`"kty":"EC"`)) || bytes.Contains(body, []byte(`"d":`)) {
		t.Errorf("keys: %s", body)
	}
}

func TestSubjectsSayNothingOfThePerson(t *testing.T) {
	p := newProvider(t, clock.System{})
	for i := range everybody.Len() {
		if s := p.SubjectOfPerson(i); strings.Contains(s, everybody.ID(i)) || p.bySub[s].number != i {
			t.Fatalf("subject %s of %d", s, i)
		}
	}
}
