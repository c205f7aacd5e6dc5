package people

import (
	"embed"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// Locales holds the module's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// WebOptions are what the pages need to know.
type WebOptions struct {
	Service   *Service
	PublicURL string      // where browsers reach us, without a slash at the end
	Clock     clock.Clock // the machine's, also where the modules' clock is moved
	Providers []Provider  // in the order in which they are offered
	// AuthorityName says an authority's name in a language; nil says its id.
	AuthorityName func(id string, lang i18n.Lang) string
}

// Web is the pages of sign-in, sign-out and account.
type Web struct {
	service   *Service
	clock     clock.Clock
	parties   []*relyingParty
	authority func(id string, lang i18n.Lang) string
}

// NewWeb returns the pages.
func NewWeb(o WebOptions) *Web {
	w := &Web{service: o.Service, clock: o.Clock, authority: o.AuthorityName}
	if w.authority == nil {
		w.authority = func(id string, _ i18n.Lang) string { return id }
	}
	for _, p := range o.Providers {
		w.parties = append(w.parties, &relyingParty{Provider: p, clock: o.Clock, callback: CallbackURL(o.PublicURL, p.ID)})
	}
	return w
}

// CallbackURL is the address at which a provider's answer arrives: what an
// operator registers with the provider.
func CallbackURL(publicURL, providerID string) string {
	return strings.TrimSuffix(publicURL, "/") + "/sign-in/" + providerID + "/callback"
}

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	rt.Page("GET /sign-in", w.signIn)
	rt.Page("GET /sign-in/{provider}", w.begin)
	rt.Raw("GET /sign-in/{provider}/callback", w.callback)
	rt.Page("POST /sign-out", w.signOut)
	rt.Page("GET /signed-out", w.signedOut)
	rt.Page("GET /account", web.RequireIdentity(w.account))
	rt.Page("POST /account", web.RequireIdentity(w.saveAccount))
}

// The session's values.
const (
	keyAttempts = "people.attempts"
	keyProvider = "people.provider" // ID of whoever vouched
)

func (w *Web) party(id string) (*relyingParty, error) {
	for _, p := range w.parties {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, errs.New(errs.NotFound, "").Because("no identity provider of this name")
}

// returnPath is where to go after the sign-in: a local page, never a page of
// the sign-in itself.
func returnPath(r *http.Request) string {
	then := web.Local(r.URL.Query().Get("then"))
	if strings.Contains(then, "/sign-in") || strings.Contains(then, "/signed-out") || strings.Contains(then, "/sign-out") {
		return "/"
	}
	return then
}

// signIn offers the providers; a single one is gone to at once.
func (w *Web) signIn(rw http.ResponseWriter, r *http.Request) error {
	then := returnPath(r)
	if _, ok := web.IdentityFrom(r.Context()); ok {
		http.Redirect(rw, r, then, http.StatusSeeOther)
		return nil
	}
	if len(w.parties) == 1 {
		return w.start(rw, r, w.parties[0], then)
	}
	return web.Render(rw, r, http.StatusOK, signInPage(w.parties, then))
}

func (w *Web) begin(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.party(r.PathValue("provider"))
	if err != nil {
		return err
	}
	return w.start(rw, r, p, returnPath(r))
}

func (w *Web) start(rw http.ResponseWriter, r *http.Request, p *relyingParty, then string) error {
	address, a, err := p.begin(then, i18n.FromContext(r.Context()).Lang())
	if err != nil {
		return err
	}
	s := web.Session(r)
	s.Put(keyAttempts, readAttempts(s.Get(keyAttempts)).add(a).String())
	rw.Header().Set("Cache-Control", "no-store")
	http.Redirect(rw, r, address, http.StatusFound)
	return nil
}

// callback is where the provider sends the browser back. An attempt that led to
// a sign-in is spent; one that failed is worth nothing, as its code is.
func (w *Web) callback(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.party(r.PathValue("provider"))
	if err != nil {
		return err
	}
	q, s := r.URL.Query(), web.Session(r)
	a, rest, ok := readAttempts(s.Get(keyAttempts)).take(q.Get("state"), p.ID, w.clock.Now())
	if !ok {
		return errs.New(errs.Invalid, "people.sign-in.lost").Because("provider %s: no sign-in of this state in this browser", p.ID)
	}
	if len(rest) == 0 {
		s.Remove(keyAttempts)
	} else {
		s.Put(keyAttempts, rest.String())
	}
	claims, err := p.finish(r.Context(), a, q)
	if err != nil {
		return err
	}
	id, err := w.service.SignIn(r.Context(), claims, a.Lang)
	if err != nil {
		return err
	}
	s.SignIn(id)
	s.Put(keyProvider, p.ID)
	rw.Header().Set("Cache-Control", "no-store")
	http.Redirect(rw, r, inLanguage(a.Then, a.Lang), http.StatusSeeOther)
	return nil
}

// inLanguage leads to the first page in the language in which the sign-in
// began; any other path says its language itself.
func inLanguage(then string, lang i18n.Lang) string {
	if then == "/" {
		return ui.HrefIn(lang, "/")
	}
	return then
}

func (w *Web) signOut(rw http.ResponseWriter, r *http.Request) error {
	s := web.Session(r)
	from := s.Get(keyProvider)
	s.SignOut()
	path := "/signed-out"
	if p, err := w.party(from); err == nil && p.KeepsSession {
		path += "?" + url.Values{"from": {from}}.Encode()
	}
	return web.SeeOther(rw, r, path)
}

// signedOut says that it worked, and where one may still be signed in.
func (w *Web) signedOut(rw http.ResponseWriter, r *http.Request) error {
	if _, ok := web.IdentityFrom(r.Context()); ok {
		http.Redirect(rw, r, ui.Href(r.Context(), "/"), http.StatusSeeOther)
		return nil
	}
	var elsewhere *relyingParty
	if p, err := w.party(r.URL.Query().Get("from")); err == nil && p.KeepsSession {
		elsewhere = p
	}
	return web.Render(rw, r, http.StatusOK, signedOutPage(elsewhere))
}

func (w *Web) account(rw http.ResponseWriter, r *http.Request) error {
	id, _ := web.IdentityFrom(r.Context())
	a, err := w.service.Account(r.Context(), id.Account)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, accountPage(a, w.roles(r, id), Preferences{a.Email, a.Lang}, "", r.URL.Query().Has("saved")))
}

func (w *Web) saveAccount(rw http.ResponseWriter, r *http.Request) error {
	id, _ := web.IdentityFrom(r.Context())
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	chosen := Preferences{Email: r.PostForm.Get("email"), Lang: i18n.Lang(r.PostForm.Get("language"))}
	saved, err := w.service.Prefer(r.Context(), id.Account, chosen)
	if errs.KindOf(err) == errs.Invalid {
		a, loadErr := w.service.Account(r.Context(), id.Account)
		if loadErr != nil {
			return loadErr
		}
		return web.Render(rw, r, http.StatusUnprocessableEntity, accountPage(a, w.roles(r, id), chosen, keyOf(err), false))
	}
	if err != nil {
		return err
	}
	id.Email, id.Lang = saved.Email, saved.Lang
	s := web.Session(r)
	s.SignIn(id)
	return web.SeeOther(rw, r, "/account?saved")
}

// roles says what the person may do for authorities in this session.
func (w *Web) roles(r *http.Request, id web.Identity) []string {
	l := i18n.FromContext(r.Context())
	out := make([]string, len(id.Roles))
	for i, role := range id.Roles {
		name := l.T("people.role." + role.Name)
		if out[i] = name; role.Authority != "" {
			out[i] = l.T("people.role.in", "role", name, "authority", w.authority(role.Authority, l.Lang()))
		}
	}
	return out
}

// MenuLinks are the module's items in the menu of whoever is signed in.
func MenuLinks(l *i18n.Locale) []ui.NavLink {
	return []ui.NavLink{{Key: "account", Text: l.T("people.account.title"), Path: "/account"}}
}

// grouped writes an identification number as people read it: 1893 1201 057 32.
func grouped(id NationalID) string {
	if len(id) != 13 {
		return string(id)
	}
	return string(id[:4] + " " + id[4:8] + " " + id[8:11] + " " + id[11:])
}

// beginHref is the address that begins the sign-in at a provider.
func beginHref(id, then string) string {
	return "/sign-in/" + url.PathEscape(id) + "?" + url.Values{"then": {then}}.Encode()
}

// elsewhereHref is a provider's own site, where one may sign out as well.
func elsewhereHref(p *relyingParty) templ.SafeURL { return templ.URL(p.Issuer) }
