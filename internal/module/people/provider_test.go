package people

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// discovery is a provider of which only the discovery document answers, once
// it is up.
type discovery struct {
	*httptest.Server
	up    bool
	asked int
}

func newDiscovery(t *testing.T) *discovery {
	d := &discovery{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked++
		if !d.up || r.URL.Path != "/.well-known/openid-configuration" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"` + d.URL + `","authorization_endpoint":"` + d.URL + `/authorize","token_endpoint":"` + d.URL + `/token","jwks_uri":"` + d.URL + `/jwks"}`))
	}))
	t.Cleanup(d.Close)
	return d
}

func TestAProviderThatComesLateIsAskedAgain(t *testing.T) {
	d := newDiscovery(t)
	c := &clock.Shifted{Base: noon}
	p := &relyingParty{Provider: Provider{ID: "eid", Issuer: d.URL, ClientID: "passerelle", Label: "eID"}, callback: "https://passerelle.example.lu/cb", clock: c}
	if _, _, err := p.begin("/", "fr"); errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("the provider is down: %v", err)
	}
	d.up = true
	if _, _, err := p.begin("/", "fr"); errs.KindOf(err) != errs.Unavailable || d.asked != 1 {
		t.Fatalf("a provider that did not answer is left alone for a while: %v, asked %d times", err, d.asked)
	}
	c.Advance(retryDiscovery)
	address, a, err := p.begin("/fr/cases", "fr")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "passerelle", "redirect_uri": "https://passerelle.example.lu/cb",
		"state": a.State, "nonce": a.Nonce, "code_challenge_method": "S256", "ui_locales": "fr", "scope": "openid profile email",
	} {
		if q.Get(name) != want || want == "" {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if q.Get("code_challenge") == "" || strings.Contains(address, a.Verifier) {
		t.Error("the request shows the verifier, or no challenge")
	}
	if _, _, err := p.begin("/", "fr"); err != nil || d.asked != 2 {
		t.Errorf("discovery is remembered: %v, asked %d times", err, d.asked)
	}
}

func TestARefusalOfTheProviderIsSaidAsWhatItIs(t *testing.T) {
	p := &relyingParty{Provider: Provider{ID: "eid", Issuer: "https://eid.example.lu", Label: "eID"}, clock: noon}
	for code, kind := range map[string]errs.Kind{"access_denied": errs.Forbidden, "server_error": errs.Unavailable, "invalid_scope": errs.Invalid} {
		if _, err := p.finish(t.Context(), attempt{}, url.Values{"error": {code}}); errs.KindOf(err) != kind {
			t.Errorf("%s: %v, want %s", code, err, kind)
		}
	}
}

func TestClaimsBecomeAPersonWithRoles(t *testing.T) {
	p := &relyingParty{Provider: Provider{
		ID: "eid", Issuer: "https://eid.example.lu", NationalIDClaim: "national_id", RolesClaim: "passerelle_roles",
		Roles: []config.RoleMapping{{Claim: "groups", Value: "cn=operators", Role: "operator", Authority: "ignored"}},
	}}
	got, err := p.claims("s1", map[string]any{
		"given_name": "Danielle", "family_name": "Reding", "email": "d@example.lu", "locale": "pt-PT", "national_id": "1980022900150",
		"passerelle_roles": []any{"case-worker@fns", "case-worker@fns", "case-worker", "minister@fns", 7},
		"groups":           "cn=operators",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{Issuer: "https://eid.example.lu", Subject: "s1", Person: "1980022900150", Name: "Danielle Reding", GivenName: "Danielle", FamilyName: "Reding", Email: "d@example.lu", Lang: "pt",
		Roles: []web.Role{{Authority: "fns", Name: "case-worker"}, {Name: "operator"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestClaimsThatAreNotMappedGiveNothing(t *testing.T) {
	p := &relyingParty{Provider: Provider{ID: "eid"}}
	got, err := p.claims("s1", map[string]any{
		"name": "Eve", "national_id": "1980022900150", "passerelle_roles": []any{"operator"}, "email": "e@example.lu", "email_verified": false, "locale": "nl",
	})
	if err != nil || got.Person != "" || got.Roles != nil || got.Email != "" || got.Lang != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestANumberThatCannotBeOneEndsTheSignIn(t *testing.T) {
	p := &relyingParty{Provider: Provider{ID: "eid", NationalIDClaim: "national_id"}}
	if _, err := p.claims("s1", map[string]any{"name": "Eve", "national_id": "1980022900151"}); !errors.Is(err, errs.New(errs.Invalid, "people.sign-in.failed")) {
		t.Errorf("error %v", err)
	}
}

func TestABrowserRemembersItsNewestFewAttempts(t *testing.T) {
	now := noon.Now()
	var all attempts
	for _, state := range []string{"a", "b", "c", "d", "e"} {
		all = readAttempts(all.add(attempt{State: state, Provider: "eid", Began: now}).String())
	}
	if _, _, ok := all.take("a", "eid", now); ok {
		t.Error("the oldest of five is still known")
	}
	if _, _, ok := all.take("e", "other", now); ok {
		t.Error("an attempt is taken by another provider")
	}
	if _, _, ok := all.take("", "eid", now); ok {
		t.Error("an attempt is taken without a state")
	}
	if _, _, ok := all.take("e", "eid", now.Add(attemptLife+time.Second)); ok {
		t.Error("an attempt never grows old")
	}
	found, rest, ok := all.take("e", "eid", now)
	if !ok || found.State != "e" || len(rest) != 3 {
		t.Errorf("took %+v, left %d", found, len(rest))
	}
	if _, _, again := rest.take("e", "eid", now); again {
		t.Error("an attempt is taken twice")
	}
}
