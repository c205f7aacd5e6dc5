package web

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// Handler answers a request or says why not. An error becomes a localized page,
// or a problem document for programs; its errs.Kind chooses the status.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Router takes the routes of the modules. It is filled before the server runs;
// a pattern that conflicts with another panics, as with http.ServeMux.
type Router struct {
	server *Server
	mux    *http.ServeMux
	labels map[string]string // mux pattern → route in metrics and log
	pages  []string          // paths of the pages, without language
}

// Pages returns the paths of all pages that can be opened (GET), without
// language, as they were registered.
func (rt *Router) Pages() []string { return slices.Clone(rt.pages) }

// Page registers a page at "GET /services/{id}" under the prefix of each
// language. A GET address without language leads to the language the visitor
// prefers. "GET /" is the first page.
func (rt *Router) Page(pattern string, h Handler) {
	method, path := cutPattern(pattern)
	if path == "/{$}" {
		path = "/"
	}
	for _, lang := range i18n.Langs {
		full := ui.HrefIn(lang, path)
		rt.handle(method, full, path, rt.server.adapt(h, true))
		if path == "/" {
			rt.handle(method, full+"/{$}", path, rt.server.adapt(toLanguage, false))
		}
	}
	if method == http.MethodGet {
		rt.pages = append(rt.pages, path)
		bare := path
		if path == "/" {
			bare = "/{$}"
		}
		rt.handle(method, bare, path, rt.server.adapt(toLanguage, false))
	}
}

// Raw registers h at exactly the given pattern: "POST /api/applications",
// "GET /verify/{code}".
func (rt *Router) Raw(pattern string, h Handler) {
	method, path := cutPattern(pattern)
	rt.handle(method, path, path, rt.server.adapt(h, false))
}

// Mount hands every request that matches pattern ("/api/") to another router.
// It answers for itself, errors included; protection and log are the same.
func (rt *Router) Mount(pattern string, h http.Handler) {
	method, path := cutPattern(pattern)
	rt.handle(method, path, path, h)
}

func cutPattern(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	if !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("web: pattern %q has no path", pattern))
	}
	return method, path
}

func (rt *Router) handle(method, path, label string, h http.Handler) {
	pattern := strings.TrimSpace(method + " " + path)
	rt.mux.Handle(pattern, h)
	rt.labels[pattern] = label
}

// toLanguage sends an address without language to the one with the visitor's.
func toLanguage(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Accept-Language")
	w.Header().Add("Vary", "Cookie")
	w.Header().Set("Cache-Control", "no-cache")
	to := href(r, stateOf(r.Context()).path)
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusFound)
	return nil
}

func href(r *http.Request, path string) string {
	return ui.HrefIn(stateOf(r.Context()).locale.Lang(), path)
}

// uploadTime is how long a request with files may take: a slow line needs it.
const uploadTime = 5 * time.Minute

// adapt makes an http.Handler of h; page adds what a page's frame shows.
func (s *Server) adapt(h Handler, page bool) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		st := stateOf(r.Context())
		w := st.out
		limit := s.requestTimeout
		if isMultipart(r) {
			limit = uploadTime
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		r = r.WithContext(ctx)
		if page {
			w.Header().Add("Vary", "Cookie")
			s.rememberLanguage(w, r)
			r = st.page(r)
		}
		err := h(rw, r)
		if err == nil {
			err = w.settle()
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// rememberLanguage keeps a choice that differs from what we would offer.
func (s *Server) rememberLanguage(w http.ResponseWriter, r *http.Request) {
	lang := stateOf(r.Context()).locale.Lang()
	if r.Method != http.MethodGet || lang == s.preferred(r) {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: s.https, SameSite: http.SameSiteLaxMode})
}

func isMultipart(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return false
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "multipart/form-data"
}
