package web

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/a-h/templ"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render answers with a page. It is rendered whole before the first byte
// leaves, so that an error becomes an error page and not half a page.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= 1<<20 { // one huge page must not stay in memory
			buffers.Put(b)
		}
	}()
	b.Reset()
	if err := c.Render(r.Context(), b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if st := stateOf(r.Context()); st != nil {
		h.Set("Content-Language", string(st.locale.Lang()))
	}
	if h.Get("Cache-Control") == "" {
		if _, signedIn := IdentityFrom(r.Context()); signedIn {
			h.Set("Cache-Control", "no-store") // shared computers: the back button shows nothing
		} else {
			h.Set("Cache-Control", "no-cache")
		}
	}
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// SeeOther answers a form that was accepted: the browser goes to path in the
// language of the page, and reloading repeats nothing.
func SeeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, href(r, path), http.StatusSeeOther)
	return nil
}
