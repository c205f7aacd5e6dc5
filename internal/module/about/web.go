package about

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Locales holds the module's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// written is the day of the accessibility statement and of what it reports:
// move it when the statement is gone through again. The demonstration has a
// calendar of its own and does not show it.
const written = "2026-11-23"

// Contact is where an authority is reached by people. Empty fields are not shown.
type Contact struct {
	Name, Phone, Email, Address string
}

// Service is a service whose description is open data.
type Service struct {
	ID, Title string
}

// Options are what the pages tell of this installation.
type Options struct {
	Demo      bool   // the demonstration State
	PublicURL string // where browsers reach us, without a slash at the end
	// SessionIdle and SessionLifetime are when a sign-in ends: unused, and in
	// any case.
	SessionIdle, SessionLifetime time.Duration
	Contacts                     func(i18n.Lang) []Contact // the authorities, in the order shown
	Services                     func(i18n.Lang) []Service // those in force
}

// Web is the pages.
type Web struct{ o Options }

// NewWeb returns the pages.
func NewWeb(o Options) *Web {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	return &Web{o: o}
}

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	rt.Page("GET /accessibility", w.accessibility)
	rt.Page("GET /contact", w.contact)
	rt.Page("GET /data", w.data)
	rt.Page("GET /legal", w.legal)
}

func (w *Web) accessibility(rw http.ResponseWriter, r *http.Request) error {
	return web.Render(rw, r, http.StatusOK, accessibilityPage(w.o.Demo))
}

func (w *Web) contact(rw http.ResponseWriter, r *http.Request) error {
	return web.Render(rw, r, http.StatusOK, contactPage(w.o.Demo, w.o.Contacts(i18n.FromContext(r.Context()).Lang())))
}

func (w *Web) data(rw http.ResponseWriter, r *http.Request) error {
	return web.Render(rw, r, http.StatusOK, dataPage(w.o.PublicURL, w.o.Services(i18n.FromContext(r.Context()).Lang())))
}

func (w *Web) legal(rw http.ResponseWriter, r *http.Request) error {
	return web.Render(rw, r, http.StatusOK, legalPage(w.o))
}
