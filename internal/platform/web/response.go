package web

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

// response holds the header back until the first byte or the end, so that the
// session can be stored before anything is promised, and compresses.
type response struct {
	http.ResponseWriter
	r         *http.Request // as the mux sees it: its Pattern is set by routing
	st        *state
	status    int
	sent      bool  // the header is out
	committed bool  // the session is stored
	routing   bool  // the mux is choosing
	muted     bool  // its own words for 404 and 405 are swallowed
	failed    error // the session could not be stored
	gz        *gzip.Writer
	bytes     int64
}

var errSessionNotStored = errors.New("web: the session could not be stored; nothing was sent")

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the status. The header goes out with the first byte.
func (w *response) WriteHeader(status int) {
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.sent || w.status != 0 {
		return
	}
	w.status = status
	w.muted = w.routing && w.r.Pattern == "" && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed)
}

func (w *response) Write(b []byte) (int, error) {
	if w.muted {
		return len(b), nil
	}
	if !w.sent {
		if err := w.send(b); err != nil {
			return 0, err
		}
	}
	w.bytes += int64(len(b))
	if w.gz != nil {
		return w.gz.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

// send stores the session and lets the header out; first is what follows it.
func (w *response) send(first []byte) error {
	if !w.committed {
		w.committed = true
		if err := w.st.session.commit(w.r.Context(), w.ResponseWriter); err != nil {
			w.failed = err
		}
	}
	if w.failed != nil {
		return errors.Join(errSessionNotStored, w.failed)
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if h := w.Header(); len(first) >= smallest && compressible(h) {
		h.Add("Vary", "Accept-Encoding")
	}
	if w.compress(len(first)) {
		h := w.Header()
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		w.gz = gzips.Get().(*gzip.Writer)
		w.gz.Reset(w.ResponseWriter)
	}
	w.sent = true
	w.ResponseWriter.WriteHeader(w.status)
	return nil
}

// smallest is the length below which compressing costs more than it saves.
const smallest = 1024

var gzips = sync.Pool{New: func() any {
	gz, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return gz
}}

func (w *response) compress(first int) bool {
	return first >= smallest && compressible(w.Header()) && acceptsGzip(w.r) &&
		w.r.Method != http.MethodHead && w.status != http.StatusPartialContent && w.status != http.StatusNotModified
}

// compressible tells whether the answer is text that is not compressed yet.
func compressible(h http.Header) bool {
	if h.Get("Content-Encoding") != "" {
		return false
	}
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch kind {
	case "text/html", "text/css", "text/javascript", "text/plain", "text/calendar", "image/svg+xml", "application/xml":
		return true
	}
	return strings.HasSuffix(kind, "json")
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// Flush sends what there is, for answers that come bit by bit.
func (w *response) Flush() {
	if w.muted || w.failed != nil || !w.sent && w.send(nil) != nil {
		return
	}
	if w.gz != nil {
		_ = w.gz.Flush() // a failure shows again at the next Write
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// settle sends the header if nothing was written. An error means that the
// answer has not begun and another can be given.
func (w *response) settle() error {
	if w.sent || w.muted {
		return nil
	}
	return w.send(nil)
}

// reset forgets an answer that has not begun.
func (w *response) reset() {
	w.status, w.muted, w.failed = 0, false, nil
	h := w.Header()
	for _, name := range []string{"Location", "Content-Type", "Content-Length", "Content-Disposition", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control"} {
		h.Del(name)
	}
}

// finish completes the body.
func (w *response) finish() {
	if w.gz != nil {
		_ = w.gz.Close() // the connection is gone: nobody to tell
		w.gz.Reset(io.Discard)
		gzips.Put(w.gz)
		w.gz = nil
	}
}
