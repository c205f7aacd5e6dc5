package people

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Provider is an OpenID Connect provider that may vouch for people.
type Provider struct {
	ID       string // short name, part of the callback address
	Issuer   string // its discovery document is below this address
	ClientID string
	Secret   string // "" for a public client: PKCE alone
	Label    string // as people know it, for example LuxTrust

	NationalIDClaim string               // claim with the identification number; "" when it vouches for none
	RolesClaim      string               // claim whose values are "role@authority", "designer" or "operator"; "" for none
	Roles           []config.RoleMapping // further roles, by claim and value
	KeepsSession    bool                 // people stay signed in there: the signed-out page says so

	HTTP *http.Client // nil: one with a timeout of ten seconds
}

// retryDiscovery is how long a provider that did not answer is left alone.
const retryDiscovery = 2 * time.Second

// relyingParty is our side of one provider. The provider's discovery document
// is read when it is first needed, so that we start without it.
type relyingParty struct {
	Provider
	callback string
	clock    clock.Clock // the machine's: tokens live by it

	mu     sync.Mutex
	found  *oidc.Provider
	failed time.Time
	cause  error
}

// attempt is a sign-in that has begun in a browser. It is kept in its session.
type attempt struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Provider string    `json:"provider"`
	Then     string    `json:"then"` // local path to return to
	Lang     i18n.Lang `json:"lang"` // of the page where it began
	Began    time.Time `json:"began"`
}

func (p *relyingParty) client() *http.Client {
	if p.HTTP != nil {
		return p.HTTP
	}
	return &http.Client{Timeout: 10 * time.Second}
}

// discover returns the provider's addresses and keys, or errs.Unavailable.
func (p *relyingParty) discover() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.cause != nil && p.clock.Now().Sub(p.failed) < retryDiscovery {
		return nil, p.unavailable(p.cause)
	}
	// The provider keeps this context to fetch new keys later: it must not end
	// with the request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client()), p.Issuer)
	if err != nil {
		p.failed, p.cause = p.clock.Now(), err
		return nil, p.unavailable(err)
	}
	p.found, p.cause = found, nil
	return found, nil
}

func (p *relyingParty) unavailable(err error) error {
	return errs.New(errs.Unavailable, "people.sign-in.unavailable").With("provider", p.Label).Because("provider %s: %w", p.ID, err)
}

func (p *relyingParty) oauth(found *oidc.Provider) *oauth2.Config {
	endpoint := found.Endpoint()
	if p.Secret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has only its name to send
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: endpoint,
		RedirectURL: p.callback, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// begin returns the address to which the browser goes to sign in.
func (p *relyingParty) begin(then string, lang i18n.Lang) (string, attempt, error) {
	found, err := p.discover()
	if err != nil {
		return "", attempt{}, err
	}
	a := attempt{
		State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(),
		Provider: p.ID, Then: then, Lang: lang, Began: p.clock.Now(),
	}
	return p.oauth(found).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("ui_locales", string(lang))), a, nil
}

// finish redeems the code of the callback and returns what the provider
// vouches for. Every check of OpenID Connect Core 1.0, sections 3.1.2.7 and
// 3.1.3.7, and the issuer of RFC 9207 when the provider sends one.
func (p *relyingParty) finish(ctx context.Context, a attempt, q url.Values) (Claims, error) {
	refused := func(format string, args ...any) (Claims, error) {
		return Claims{}, errs.New(errs.Invalid, "people.sign-in.failed").Because("provider "+p.ID+": "+format, args...)
	}
	if iss := q.Get("iss"); iss != "" && iss != p.Issuer {
		return refused("answer of another issuer")
	}
	switch code := q.Get("error"); code {
	case "":
	case "access_denied", "login_required", "interaction_required", "consent_required":
		return Claims{}, errs.New(errs.Forbidden, "people.sign-in.cancelled").Because("provider %s: %s", p.ID, code)
	case "temporarily_unavailable", "server_error":
		return Claims{}, p.unavailable(fmt.Errorf("answer %s", code))
	default:
		return refused("answer %q", code)
	}
	found, err := p.discover()
	if err != nil {
		return Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client())
	token, err := p.oauth(found).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		if answered, ok := err.(*oauth2.RetrieveError); ok && answered.Response != nil && answered.Response.StatusCode < 500 {
			return refused("code not redeemed: %s", answered.ErrorCode)
		}
		return Claims{}, p.unavailable(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return refused("no id token")
	}
	idToken, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: p.clock.Now}).Verify(ctx, raw)
	if err != nil {
		return refused("id token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(a.Nonce)) != 1 {
		return refused("id token with another nonce")
	}
	if idToken.AccessTokenHash != "" {
		if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
			return refused("access token: %w", err)
		}
	}
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return refused("claims: %w", err)
	}
	if _, named := claims["name"]; !named && found.UserInfoEndpoint() != "" {
		if err := p.complete(ctx, found, token, idToken.Subject, claims); err != nil {
			return Claims{}, err
		}
	}
	return p.claims(idToken.Subject, claims)
}

// complete adds what only the userinfo endpoint says. The id token's own
// claims stand.
func (p *relyingParty) complete(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string, claims map[string]any) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return p.unavailable(err)
	}
	if info.Subject != subject {
		return errs.New(errs.Invalid, "people.sign-in.failed").Because("provider %s: userinfo of another subject", p.ID)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return errs.New(errs.Invalid, "people.sign-in.failed").Because("provider %s: userinfo: %w", p.ID, err)
	}
	for name, v := range more {
		if _, there := claims[name]; !there {
			claims[name] = v
		}
	}
	return nil
}

// claims reads what we use. An identification number that cannot be one ends
// the sign-in: the provider and we do not mean the same thing.
func (p *relyingParty) claims(subject string, c map[string]any) (Claims, error) {
	text := func(name string) string { s, _ := c[name].(string); return strings.TrimSpace(s) }
	out := Claims{Issuer: p.Issuer, Subject: subject, Name: text("name"), Email: text("email"), Roles: p.roles(c),
		GivenName: text("given_name"), FamilyName: text("family_name"), BirthDate: text("birthdate")}
	if out.Name == "" {
		out.Name = strings.TrimSpace(text("given_name") + " " + text("family_name"))
	}
	if out.Name == "" {
		out.Name = subject
	}
	if verified, said := c["email_verified"].(bool); said && !verified {
		out.Email = ""
	}
	if tag, _, _ := strings.Cut(text("locale"), "-"); tag != "" {
		if lang, ok := i18n.Parse(strings.ToLower(tag)); ok {
			out.Lang = lang
		}
	}
	if p.NationalIDClaim != "" {
		if id := text(p.NationalIDClaim); id != "" {
			if !ValidNationalID(id) {
				return Claims{}, errs.New(errs.Invalid, "people.sign-in.failed").Because("provider %s: claim %s is no identification number", p.ID, p.NationalIDClaim)
			}
			out.Person = NationalID(id)
		}
	}
	return out, nil
}

// roles maps claims to roles. What is not a role of ours gives nothing.
func (p *relyingParty) roles(c map[string]any) []web.Role {
	var out []web.Role
	add := func(name, authority string) {
		switch {
		case name == "operator", name == "designer":
			authority = "" // of the installation
		case name != "case-worker" && name != "head-of-unit", authority == "":
			return
		}
		if r := (web.Role{Authority: authority, Name: name}); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	if p.RolesClaim != "" {
		for _, v := range texts(c[p.RolesClaim]) {
			name, authority, _ := strings.Cut(v, "@")
			add(name, authority)
		}
	}
	for _, m := range p.Roles {
		if slices.Contains(texts(c[m.Claim]), m.Value) {
			add(m.Role, m.Authority)
		}
	}
	return out
}

// texts reads a claim that is a text or a list of texts.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// attempts is the newest few sign-ins that have begun in a browser: one per
// open window.
type attempts []attempt

// The bounds of what a session remembers.
const (
	attemptsKept = 4
	attemptLife  = 15 * time.Minute
)

func readAttempts(stored string) attempts {
	var all attempts
	if json.Unmarshal([]byte(stored), &all) != nil {
		return nil
	}
	return all
}

func (all attempts) add(a attempt) attempts {
	all = append(all, a)
	return all[max(0, len(all)-attemptsKept):]
}

// take removes and returns the attempt of the state at the provider, if it is
// not too old.
func (all attempts) take(state, provider string, now time.Time) (attempt, attempts, bool) {
	for i, a := range all {
		if a.Provider == provider && state != "" && subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) == 1 {
			return a, slices.Delete(slices.Clone(all), i, i+1), now.Sub(a.Began) < attemptLife
		}
	}
	return attempt{}, all, false
}

func (all attempts) String() string {
	data, err := json.Marshal(all)
	if err != nil {
		panic(err) // strings and times
	}
	return string(data)
}
