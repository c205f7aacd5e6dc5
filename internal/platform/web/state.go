package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// state is what the platform knows of one request. One context value holds it
// all. It belongs to the goroutine that serves the request.
type state struct {
	server  *Server
	id      string // request id
	nonce   string
	locale  *i18n.Locale
	path    string // without language prefix
	prefix  bool   // the address names its language
	session *session
	body    io.Reader // the request's, without limit; nil if it has none
	out     *response
}

type stateKey struct{}

func stateOf(ctx context.Context) *state {
	st, _ := ctx.Value(stateKey{}).(*state)
	return st
}

// RequestID returns the identifier under which the log knows the request; ""
// outside of one.
func RequestID(ctx context.Context) string {
	if st := stateOf(ctx); st != nil {
		return st.id
	}
	return ""
}

// languageCookie remembers a language that was chosen against the browser's own.
const languageCookie = "lang"

// preferred returns the language for an address that names none: the one
// chosen before, else the browser's.
func (s *Server) preferred(r *http.Request) i18n.Lang {
	if c, err := r.Cookie(languageCookie); err == nil {
		if lang, ok := i18n.Parse(c.Value); ok {
			return lang
		}
	}
	accept := r.Header.Get("Accept-Language")
	if len(accept) > 200 { // no browser's
		return i18n.Match(accept)
	}
	return s.matches.getOr(accept, func() i18n.Lang { return i18n.Match(accept) })
}

// splitLanguage cuts the language prefix off a path: "/fr/x" → fr, "/x".
func splitLanguage(path string) (lang i18n.Lang, rest string, ok bool) {
	if len(path) >= 3 && path[0] == '/' && (len(path) == 3 || path[3] == '/') {
		if lang, ok := i18n.Parse(path[1:3]); ok {
			rest = path[3:]
			if rest == "" {
				rest = "/"
			}
			return lang, rest, true
		}
	}
	return "", path, false
}

func (s *Server) newState(r *http.Request) *state {
	st := &state{server: s, id: requestID(r), session: &session{server: s}}
	lang, path, ok := splitLanguage(r.URL.Path)
	if !ok {
		lang = s.preferred(r)
	}
	st.prefix = ok
	st.locale = s.bundle.For(lang)
	st.path = path
	return st
}

// requestID takes over the identifier a proxy gave, if it is a harmless one.
func requestID(r *http.Request) string {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if id := r.Header.Get("X-Request-Id"); len(id) >= 8 && len(id) <= 64 && strings.Trim(id, allowed) == "" {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return base64.RawStdEncoding.EncodeToString(b[:])
}

// page returns r with the view in its context, for rendering.
func (st *state) page(r *http.Request) *http.Request {
	path := st.path
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	v := ui.View{Locale: st.locale, Origin: st.server.origin, Path: path, Nonce: st.nonce}
	if who := st.session.who(); who != nil {
		v.User = who.Name
		v.Workbench = who.Has("case-worker") || who.Has("head-of-unit")
	}
	if st.server.view != nil {
		st.server.view(r, &v)
	}
	return r.WithContext(ui.WithView(r.Context(), v))
}
