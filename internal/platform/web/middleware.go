package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// step wraps what comes after it.
type step func(next http.Handler) http.Handler

// chain returns the steps from the outside in. The order is the design: what
// is refused is still logged and carries all headers; nothing is read of a body
// or asked of the database before the rate limit has been asked.
func (s *Server) chain() []step {
	return []step{s.identify, s.observe, s.recover, s.protect, s.limitAddress, s.sameOrigin, s.limitBody, s.withSession, s.limitAccount}
}

// identify gives the request its id, language and state.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := s.newState(r)
		w.Header().Set("X-Request-Id", st.id)
		r = r.WithContext(context.WithValue(i18n.Into(r.Context(), st.locale), stateKey{}, st))
		st.out = &response{ResponseWriter: w, r: r, st: st}
		defer st.out.finish()
		next.ServeHTTP(st.out, r)
		// A mounted handler may have written nothing, and changed the session.
		if err := st.out.settle(); err != nil {
			s.fail(st.out, r, err)
		}
	})
}

// observe counts and logs. No address, account, path value or query: the log
// is read by operators, and must be of no use to anybody else.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := stateOf(r.Context())
		begin := s.clock.Now()
		s.metrics.flying.Inc()
		defer func() {
			s.metrics.flying.Dec()
			route, ok := s.router.labels[st.out.r.Pattern]
			if !ok {
				route = "none"
			}
			took := s.clock.Now().Sub(begin)
			s.metrics.observe(route, r.Method, st.out.status, took)
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request", st.id), slog.String("method", r.Method), slog.String("route", route),
				slog.String("lang", string(st.locale.Lang())), slog.Int("status", st.out.status),
				slog.Int64("bytes", st.out.bytes), slog.Duration("took", took))
		}()
		next.ServeHTTP(w, r)
	})
}

// recover turns a panic into the page for our own faults.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			st := stateOf(r.Context())
			if p == http.ErrAbortHandler || st.out.sent {
				// Half an answer is out: only breaking the connection tells the truth.
				if p != http.ErrAbortHandler {
					s.log.Error("panic after the answer began", "request", st.id, "panic", p, "stack", string(debug.Stack()))
				}
				panic(http.ErrAbortHandler)
			}
			s.log.Error("panic", "request", st.id, "panic", p, "stack", string(debug.Stack()))
			s.fail(st.out, r, errs.New(errs.Internal, "").Because("panic: %v", p))
		}()
		next.ServeHTTP(w, r)
	})
}

// protect sets the headers that tell browsers what this site never does.
func (s *Server) protect(next http.Handler) http.Handler {
	// A sign-out or a payment may lead to another origin after a form.
	before := "default-src 'none'; script-src 'self' 'nonce-"
	after := "'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
		"form-action " + strings.Join(append([]string{"'self'"}, s.formOrigins...), " ") + "; frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := stateOf(r.Context())
		st.nonce = newNonce()
		h := w.Header()
		h.Set("Content-Security-Policy", before+st.nonce+after)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		if s.https {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// limitAddress slows down a network address that asks too much. Files of the
// design do not count: one page needs several.
func (s *Server) limitAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.byAddress != nil && !uncounted(r.URL.Path) {
			if wait := s.byAddress.wait(s.clientKey(r)); wait > 0 {
				s.fail(stateOf(r.Context()).out, r, tooMany(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func uncounted(path string) bool {
	return strings.HasPrefix(path, "/assets/") || path == "/healthz" || path == "/readyz" || path == "/metrics"
}

func tooMany(wait time.Duration) error {
	return edge{status: http.StatusTooManyRequests, name: errs.TooMany.String(), wait: wait}
}

// sameOrigin refuses forms that another site sends in a person's name.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.crossOrigin.Check(r); err != nil {
			s.fail(stateOf(r.Context()).out, r, errCrossOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitBody refuses a body that says it is too large, and stops handing on one
// that is.
func (s *Server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			limit := int64(s.bodyLimit)
			if isMultipart(r) {
				limit = int64(s.uploadLimit)
			}
			st := stateOf(r.Context())
			st.body = r.Body
			if r.ContentLength > limit {
				s.fail(st.out, r, errs.New(errs.TooLarge, "").Because("%d bytes announced", r.ContentLength))
				return
			}
			r.Body = http.MaxBytesReader(st.out, r.Body, limit)
		}
		next.ServeHTTP(w, r)
	})
}

// patience is how much of a body that is too large we read all the same:
// browsers read the answer only after the last byte, and show a broken
// connection instead of our page if we hang up before.
const patience = 200 << 20

// swallow reads what is left of a refused body.
func (st *state) swallow(w http.ResponseWriter, r *http.Request) {
	if st.body == nil || r.Header.Get("Expect") != "" { // who asks first has not begun
		return
	}
	if r.ContentLength <= patience {
		if n, err := io.CopyN(io.Discard, st.body, patience); n < patience && err == io.EOF {
			return
		}
	}
	w.Header().Set("Connection", "close")
}

// withSession loads the session of a visitor who has one.
func (s *Server) withSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !uncounted(r.URL.Path) {
			st := stateOf(r.Context())
			if err := st.session.load(r); err != nil {
				s.fail(st.out, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// limitAccount slows down an account, wherever its requests come from.
func (s *Server) limitAccount(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := stateOf(r.Context())
		if who := st.session.who(); who != nil && s.byAccount != nil {
			if wait := s.byAccount.wait(who.Account); wait > 0 {
				s.fail(st.out, r, tooMany(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// route is the end of the chain: the mux, whose own words for what it does not
// know are replaced by ours.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	out := stateOf(r.Context()).out
	out.r = r // the mux notes the pattern in this request
	out.routing = true
	s.router.mux.ServeHTTP(w, r)
	out.routing = false
	if !out.muted {
		return
	}
	if out.status == http.StatusMethodNotAllowed {
		s.fail(out, r, errMethod)
	} else {
		s.fail(out, r, errNoPage)
	}
}
