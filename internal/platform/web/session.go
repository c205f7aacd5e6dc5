package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
)

// sessions keeps the sessions of all visitors. scs was weighed: with an idle
// time it writes on every read, saves whole values (two pages of one person
// overwrite each other), and reads the machine's clock itself.
type sessions struct {
	db       *db.DB
	clock    clock.Clock
	lifetime time.Duration
	idle     time.Duration
	// cache is nil on PostgreSQL, where another node may change a session at
	// any time. An SQLite file has one process, so the cache is exact.
	cache *table[*record]
}

// sessionsCached bounds the memory of the cache; a session takes about 1 KB.
const sessionsCached = 20_000

func newSessions(d *db.DB, c clock.Clock, lifetime, idle time.Duration) *sessions {
	s := &sessions{db: d, clock: c, lifetime: lifetime, idle: idle}
	if d.Dialect() == db.SQLite {
		s.cache = newTable[*record](sessionsCached)
	}
	return s
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// find returns the living session of a token's hash, or nil.
func (s *sessions) find(ctx context.Context, hash string) (*record, error) {
	var rec *record
	epoch := 0
	if s.cache != nil {
		rec, _, epoch = s.cache.get(hash)
	}
	if rec == nil {
		var err error
		if rec, err = findSession(ctx, s.db.Read(), hash); err != nil || rec == nil {
			return nil, err
		}
		if s.cache != nil {
			s.cache.putIf(epoch, hash, rec)
		}
	}
	if !s.alive(rec) {
		return nil, nil
	}
	return rec, nil
}

func (s *sessions) alive(rec *record) bool {
	now := s.clock.Now()
	return now.Before(rec.deadline) && now.Before(rec.seen.Add(s.idle))
}

// forget makes the next request read the session anew. It follows every
// write: what two writes at once would tell the cache has no order.
func (s *sessions) forget(hash string) {
	if s.cache != nil {
		s.cache.drop(hash)
	}
}

// touch keeps a session alive, at most once per twelfth of the idle time.
func (s *sessions) touch(ctx context.Context, hash string, rec *record) error {
	now := s.clock.Now()
	if now.Sub(rec.seen) < s.idle/12 {
		return nil
	}
	if err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return touchSession(ctx, tx, hash, now) }); err != nil {
		return err
	}
	s.forget(hash)
	return nil
}

func (s *sessions) purge(ctx context.Context) error {
	now := s.clock.Now()
	return s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return purgeSessions(ctx, tx, now, now.Add(-s.idle))
	})
}

// session is the session as one request sees and changes it. Changes are
// stored together, before the first byte of the answer leaves.
type session struct {
	server   *Server
	token    string             // from the cookie; "" none or not ours
	hash     string             // of token
	stored   *record            // nil: no living session
	values   map[string]*string // changes; nil removes
	identity *Identity          // whoever signs in during this request
	renew    bool               // a new token is due
	end      bool               // signed out
}

// who returns who is signed in, or nil.
func (s *session) who() *Identity {
	switch {
	case s.identity != nil:
		return s.identity
	case s.end || s.stored == nil:
		return nil
	}
	return s.stored.Identity
}

func (s *session) changed() bool {
	return len(s.values) > 0 || s.identity != nil || s.renew && s.stored != nil || s.end
}

// SessionAccess reads and changes the visitor's session. It belongs to the
// goroutine that serves the request.
type SessionAccess struct{ s *session }

// Session returns the session of r's visitor; one that was never written to
// does not exist anywhere and costs nothing.
func Session(r *http.Request) *SessionAccess { return &SessionAccess{stateOf(r.Context()).session} }

// Get returns the value of key, "" if there is none.
func (a *SessionAccess) Get(key string) string {
	if v, ok := a.s.values[key]; ok {
		if v == nil {
			return ""
		}
		return *v
	}
	if a.s.stored == nil || a.s.end {
		return ""
	}
	return a.s.stored.Values[key]
}

// Put sets a value. Not on GET, except for a sign-in that begins.
func (a *SessionAccess) Put(key, value string) { a.set(key, &value) }

// Remove takes a value away.
func (a *SessionAccess) Remove(key string) {
	if a.Get(key) != "" {
		a.set(key, nil)
	}
}

func (a *SessionAccess) set(key string, value *string) {
	if a.s.values == nil {
		a.s.values = map[string]*string{}
	}
	a.s.values[key] = value
}

// Renew gives the session a new token and makes the old one worthless: due
// whenever what the session may do changes.
func (a *SessionAccess) Renew() { a.s.renew = true }

// SignIn makes id the person of this session, under a new token and with the
// full lifetime. Values of another person's session are not kept.
func (a *SessionAccess) SignIn(id Identity) {
	if before := a.s.who(); before != nil && before.Account != id.Account {
		a.s.values = nil
		a.s.end = true
	}
	a.s.identity, a.s.renew = &id, true
}

// SignOut ends the session and forgets its values.
func (a *SessionAccess) SignOut() {
	a.s.identity, a.s.values, a.s.renew, a.s.end = nil, nil, false, true
}

// SignOutEverywhere ends all sessions of an account, on all devices.
func (s *Server) SignOutEverywhere(ctx context.Context, account string) error {
	err := s.sessions.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return deleteSessionsOf(ctx, tx, account) })
	if s.sessions.cache != nil {
		s.sessions.cache.clear()
	}
	return err
}

// load finds the session the cookie names. A database that cannot answer is an
// error: nobody is to be signed out by an outage.
func (s *session) load(r *http.Request) error {
	c, err := r.Cookie(s.server.sessionCookie())
	if err != nil || len(c.Value) != 2*tokenBytes {
		return nil
	}
	s.token, s.hash = c.Value, hashToken(c.Value)
	s.stored, err = s.server.sessions.find(r.Context(), s.hash)
	return err
}

const tokenBytes = 32

// commit stores the changes and sets the cookie.
func (s *session) commit(ctx context.Context, w http.ResponseWriter) error {
	all := s.server.sessions
	if !s.changed() {
		if s.stored != nil {
			if err := all.touch(ctx, s.hash, s.stored); err != nil {
				s.server.log.Warn("session not kept alive", "request", stateOf(ctx).id, "error", err)
			}
		}
		return nil
	}
	if s.end && s.identity == nil && len(s.values) == 0 {
		if err := s.remove(ctx); err != nil {
			return err
		}
		s.setCookie(w, "")
		return nil
	}

	token, hash := s.token, s.hash
	fresh := s.stored == nil || s.renew || s.end
	if fresh {
		var b [tokenBytes]byte
		_, _ = rand.Read(b[:])
		token = hex.EncodeToString(b[:])
		hash = hashToken(token)
	}
	var saved *record
	err := all.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		base, err := s.base(ctx, tx)
		if err != nil {
			return err
		}
		if fresh && s.hash != "" {
			if err := deleteSession(ctx, tx, s.hash); err != nil {
				return err
			}
		}
		saved = s.apply(base)
		return saveSession(ctx, tx, hash, saved)
	})
	all.forget(s.hash) // also after an error, whose outcome may be unknown
	if err != nil {
		return err
	}
	if fresh {
		s.setCookie(w, token)
	}
	s.stored, s.token, s.hash = saved, token, hash
	s.values, s.identity, s.renew, s.end = nil, nil, false, false
	return nil
}

// base is what the changes are applied to: the row as it is now, which another
// page may have changed or ended since this request began.
func (s *session) base(ctx context.Context, tx *db.Tx) (*record, error) {
	if s.stored == nil || s.end {
		return &record{}, nil
	}
	rec, err := findSession(ctx, tx, s.hash)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return &record{}, nil
	}
	return rec, nil
}

func (s *session) apply(base *record) *record {
	now := s.server.sessions.clock.Now()
	rec := &record{Identity: base.Identity, Values: maps.Clone(base.Values), seen: now, deadline: base.deadline}
	if rec.Values == nil {
		rec.Values = map[string]string{}
	}
	for key, v := range s.values {
		if v == nil {
			delete(rec.Values, key)
		} else {
			rec.Values[key] = *v
		}
	}
	if s.identity != nil {
		if base.Identity == nil || base.Identity.Account != s.identity.Account {
			rec.deadline = time.Time{} // who stays the same keeps the end of their session
		}
		rec.Identity = s.identity
	}
	if rec.deadline.IsZero() {
		rec.deadline = now.Add(s.server.sessions.lifetime)
	}
	return rec
}

func (s *session) remove(ctx context.Context) error {
	if s.hash == "" {
		return nil
	}
	all := s.server.sessions
	err := all.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return deleteSession(ctx, tx, s.hash) })
	all.forget(s.hash)
	return err
}

// sessionCookie names the cookie. With https the prefix makes browsers refuse
// one that another host or a plain connection tries to set.
func (s *Server) sessionCookie() string {
	if s.https {
		return "__Host-passerelle"
	}
	return "passerelle"
}

// setCookie gives the browser its token until it is closed; "" takes it away.
func (s *session) setCookie(w http.ResponseWriter, token string) {
	c := &http.Cookie{Name: s.server.sessionCookie(), Value: token, Path: "/", HttpOnly: true, Secure: s.server.https, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
