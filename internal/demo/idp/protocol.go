package idp

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const sha256Hash = crypto.SHA256

// ChoosePath is the page on which one chooses whom to be, without the language.
const ChoosePath = Path + "/choose"

// request is what a relying party asks of the authorization endpoint.
type request struct {
	client    string
	redirect  string
	state     string
	nonce     string
	challenge string // PKCE, S256
	locales   string // ui_locales
}

// refusal is an OAuth 2.0 error. Without a redirect address the person must
// see it here, for the address cannot be trusted.
type refusal struct {
	code     string
	redirect string
	state    string
}

func (r *refusal) Error() string { return "authorization request: " + r.code }

// address is where the browser takes the refusal.
func (r *refusal) address(issuer string) string {
	return withQuery(r.redirect, url.Values{"error": {r.code}, "state": {r.state}, "iss": {issuer}})
}

// read checks an authorization request (OpenID Connect Core 1.0, section
// 3.1.2; RFC 7636 with S256 alone; every parameter at most once).
func (p *Provider) read(q url.Values) (request, *refusal) {
	r := request{
		client: q.Get("client_id"), redirect: q.Get("redirect_uri"), state: q.Get("state"),
		nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), locales: q.Get("ui_locales"),
	}
	if r.client != p.ClientID || len(q["client_id"]) != 1 {
		return r, &refusal{code: "unauthorized_client"}
	}
	if !slices.Contains(p.Redirects, r.redirect) || len(q["redirect_uri"]) != 1 {
		return r, &refusal{code: "invalid_redirect_uri"}
	}
	refuse := func(code string) (request, *refusal) {
		return r, &refusal{code: code, redirect: r.redirect, state: r.state}
	}
	for name, values := range q {
		if len(values) > 1 && name != "persona" && name != "q" {
			return refuse("invalid_request")
		}
	}
	switch {
	case q.Get("request") != "":
		return refuse("request_not_supported")
	case q.Get("request_uri") != "":
		return refuse("request_uri_not_supported")
	case q.Get("response_type") != "code", q.Get("response_mode") != "" && q.Get("response_mode") != "query":
		return refuse("unsupported_response_type")
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return refuse("invalid_scope")
	case q.Get("code_challenge_method") != "S256" || len(r.challenge) != 43:
		return refuse("invalid_request")
	case slices.Contains(strings.Fields(q.Get("prompt")), "none"):
		return refuse("login_required") // there is no session to answer from
	}
	return r, nil
}

// authorize sends a good request on to the page of personas, which carries it
// in its address.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	req, bad := p.read(q)
	switch {
	case bad != nil && bad.redirect == "":
		problem(w, http.StatusBadRequest, bad.code)
	case bad != nil:
		http.Redirect(w, r, bad.address(p.Issuer()), http.StatusFound)
	default:
		path := ChoosePath
		for _, lang := range strings.Fields(req.locales) {
			if slices.Contains([]string{"fr", "de", "lb", "en", "pt"}, lang) {
				path = "/" + lang + ChoosePath
				break
			}
		}
		http.Redirect(w, r, path+"?"+q.Encode(), http.StatusFound)
	}
}

// answer gives the relying party a code for the subject: the address to which
// the browser goes.
func (p *Provider) answer(r request, subject string) string {
	return withQuery(r.redirect, url.Values{"code": {p.grants.issue(r, subject)}, "state": {r.state}, "iss": {p.Issuer()}})
}

func withQuery(address string, q url.Values) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	return address + sep + q.Encode()
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := p.Issuer()
	reply(w, http.StatusOK, map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         issuer + "/authorize",
		"token_endpoint":                                 issuer + "/token",
		"userinfo_endpoint":                              issuer + "/userinfo",
		"jwks_uri":                                       issuer + "/jwks",
		"end_session_endpoint":                           issuer + "/end-session",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"scopes_supported":                               []string{"openid", "profile", "email"},
		"claims_supported":                               []string{"sub", "name", "given_name", "family_name", "email", "locale", "national_id", "passerelle_roles"},
		"ui_locales_supported":                           []string{"fr", "de", "lb", "en", "pt"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: p.key.Public(), KeyID: p.keyID, Algorithm: string(jose.ES256), Use: "sig"},
	}})
}

// token redeems a code (OpenID Connect Core 1.0, section 3.1.3).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		problem(w, http.StatusBadRequest, "invalid_request")
		return
	}
	f := r.PostForm
	switch {
	case f.Get("grant_type") != "authorization_code":
		problem(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	case f.Get("client_id") != p.ClientID:
		problem(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	g, ok := p.grants.redeem(f.Get("code"), func(req request) bool {
		return f.Get("redirect_uri") == req.redirect && proves(f.Get("code_verifier"), req.challenge)
	})
	if !ok {
		problem(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	idToken, err := p.idToken(g)
	if err != nil {
		problem(w, http.StatusInternalServerError, "server_error")
		return
	}
	reply(w, http.StatusOK, map[string]any{
		"access_token": g.token, "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": idToken,
	})
}

// proves checks a PKCE verifier (RFC 7636, section 4.6).
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (p *Provider) idToken(g grant) (string, error) {
	claims, _ := p.claims(g.subject)
	half := sha256.Sum256([]byte(g.token))
	now := p.Clock.Now()
	claims["iss"], claims["aud"] = p.Issuer(), p.ClientID
	claims["iat"], claims["exp"], claims["auth_time"] = now.Unix(), now.Add(tokenLife).Unix(), g.at.Unix()
	claims["at_hash"] = base64.RawURLEncoding.EncodeToString(half[:16])
	if g.request.nonce != "" {
		claims["nonce"] = g.request.nonce
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := p.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	subject, valid := p.grants.subject(token)
	if !ok || !valid {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		problem(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	claims, _ := p.claims(subject)
	reply(w, http.StatusOK, claims)
}

// endSession has nothing to end here: it leads back.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("post_logout_redirect_uri")
	if !slices.Contains(p.SignedOut, back) {
		problem(w, http.StatusBadRequest, "invalid_request")
		return
	}
	http.Redirect(w, r, back, http.StatusFound)
}

func problem(w http.ResponseWriter, status int, code string) {
	reply(w, status, map[string]string{"error": code})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone when this fails
}
