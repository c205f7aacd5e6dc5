package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"passerelle/internal/platform/errs"
)

// edge is a failure that only this package knows: no module has its kind.
type edge struct {
	status int
	name   string // of the texts: web.error.<name>
	wait   time.Duration
}

func (e edge) Error() string { return "web: " + e.name }

var (
	errNoPage      = edge{status: http.StatusNotFound, name: "not-found"}
	errMethod      = edge{status: http.StatusMethodNotAllowed, name: "method"}
	errCrossOrigin = edge{status: http.StatusForbidden, name: "cross-origin"}
)

var statusOf = map[errs.Kind]int{
	errs.Internal:        http.StatusInternalServerError,
	errs.Invalid:         http.StatusUnprocessableEntity,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Gone:            http.StatusGone,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.TooMany:         http.StatusTooManyRequests,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// failure is what a person or a program is told.
type failure struct {
	status int
	name   string
	title  string // what happened
	kept   string // what became of what they did; "" with a sentence of the module's
	next   string // what to do
	id     string // the request, for those who ask us
	retry  string // address to try again, "" if that is no use
	signIn string // address of the sign-in, "" if that is no use
	fields Fields // what is wrong with a program's input
}

// Fields says what is wrong with the input of a program, field by field. As the
// cause inside an error it becomes the member "errors" of the problem document.
type Fields []Field

// Field is one thing that is wrong.
type Field struct {
	Field   string `json:"field"`   // its path, such as members.0.givenName; "" is the whole
	Code    string `json:"code"`    // stable, for programs
	Message string `json:"message"` // for people, in the language asked for
}

func (f Fields) Error() string {
	var all []string
	for _, x := range f {
		all = append(all, x.Field+" ("+x.Code+")")
	}
	return strings.Join(all, ", ")
}

// classify maps err to status and texts.
func (s *Server) classify(r *http.Request, err error) (status int, name string, wait time.Duration) {
	var e edge
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e.status, e.name, e.wait
	case errors.As(err, &tooLarge):
		return statusOf[errs.TooLarge], errs.TooLarge.String(), 0
	}
	kind := errs.KindOf(err)
	if kind == errs.Internal && errors.Is(err, context.DeadlineExceeded) {
		kind = errs.Unavailable
	}
	if kind == errs.Unavailable {
		wait = 10 * time.Second
	}
	return statusOf[kind], kind.String(), wait
}

// fail answers with err. The cause goes to the log, never to the person.
func (s *Server) fail(w *response, r *http.Request, err error) {
	st := stateOf(r.Context())
	status, name, wait := s.classify(r, err)
	level := slog.LevelDebug
	if status >= 500 {
		level = slog.LevelError
	}
	if r.Context().Err() == context.Canceled {
		level = slog.LevelDebug // the person left; nobody waits for an answer
	}
	s.log.Log(r.Context(), level, "request failed", "request", st.id, "status", status, "error", err)
	if w.sent {
		return
	}
	w.reset()
	// What was to be stored in the session belonged to the answer that failed.
	w.committed = true

	if status == http.StatusRequestEntityTooLarge {
		st.swallow(w, r)
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	f := failure{status: status, name: name, id: st.id}
	key := "web.error." + name
	l := st.locale
	limit := int64(s.bodyLimit)
	if isMultipart(r) {
		limit = int64(s.uploadLimit)
	}
	args := []any{"limit", l.Number(megabytes(limit)), "wait", l.Duration(max(wait.Round(time.Second), time.Second))}
	f.title, f.kept, f.next = l.T(key+".title"), l.T(key+".kept"), l.T(key+".next", args...)
	var own *errs.Error
	if errors.As(err, &own) && own.Key != "" && status != http.StatusInternalServerError {
		f.kept, f.next = "", l.T(own.Key, own.Args)
	}

	errors.As(err, &f.fields)

	w.Header().Set("Cache-Control", "no-store")
	if wantsProblem(r) {
		s.problem(w, f)
		return
	}
	again := r.Method == http.MethodGet || r.Method == http.MethodHead
	if status == http.StatusUnauthorized {
		then := href(r, st.path)
		if again && r.URL.RawQuery != "" {
			then += "?" + r.URL.RawQuery
		}
		f.signIn = href(r, "/sign-in?then="+url.QueryEscape(then))
		if again {
			http.Redirect(w, r, f.signIn, http.StatusSeeOther)
			return
		}
	}
	if again && (status >= 500 || status == http.StatusTooManyRequests) {
		f.retry = r.URL.RequestURI()
	}
	if err := Render(w, st.page(r), status, errorPage(f)); err != nil {
		s.log.Error("error page failed", "request", st.id, "error", err)
		if !w.sent {
			w.reset()
			http.Error(w, f.title+"\n\n"+f.kept+"\n"+f.next+"\n\n"+f.id, status)
		}
	}
}

// wantsProblem tells programs from people.
func wantsProblem(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		return true
	}
	accept := r.Header.Get("Accept")
	return !strings.Contains(accept, "text/html") && strings.Contains(accept, "json")
}

// problem answers with an RFC 9457 document. kind is the stable name for
// programs; title and detail are for people, in the language asked for.
func (s *Server) problem(w *response, f failure) {
	detail := f.next
	if f.kept != "" {
		detail = f.kept + " " + f.next
	}
	body, err := json.Marshal(struct {
		Type    string `json:"type"`
		Title   string `json:"title"`
		Status  int    `json:"status"`
		Detail  string `json:"detail"`
		Kind    string `json:"kind"`
		Request string `json:"request"`
		Errors  Fields `json:"errors,omitempty"`
	}{"about:blank", f.title, f.status, detail, f.name, f.id, f.fields})
	if err != nil {
		panic(err) // strings and a number
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", string(w.st.locale.Lang()))
	w.WriteHeader(f.status)
	_, _ = w.Write(append(body, '\n')) // the client left: nobody to tell
}

// megabytes is a number of bytes in MB with at most one decimal, rounded down:
// what we call the limit must be accepted.
func megabytes(n int64) string {
	tenths := n * 10 >> 20
	if tenths%10 == 0 {
		return strconv.FormatInt(tenths/10, 10)
	}
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
}
