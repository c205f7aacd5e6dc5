package idp

import (
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"passerelle/internal/platform/clock"
)

// How long things live. A code is redeemed by the server at once.
const (
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
)

// grant is a sign-in that a code stands for.
type grant struct {
	request request
	subject string
	at      time.Time // when the person chose
	expires time.Time
	used    bool
	token   string // access token that the code gave
}

// access is what an access token allows: reading one subject's claims.
type access struct {
	subject string
	expires time.Time
}

// grants are the codes and access tokens in force.
type grants struct {
	clock  clock.Clock
	mu     *sync.Mutex
	codes  map[string]*grant
	tokens map[string]access
}

func newGrants(c clock.Clock) grants {
	return grants{clock: c, mu: new(sync.Mutex), codes: map[string]*grant{}, tokens: map[string]access{}}
}

// issue returns a new code for the subject.
func (g *grants) issue(r request, subject string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	maps.DeleteFunc(g.codes, func(_ string, c *grant) bool { return now.After(c.expires) })
	maps.DeleteFunc(g.tokens, func(_ string, a access) bool { return now.After(a.expires) })
	code := rand.Text()
	g.codes[code] = &grant{request: r, subject: subject, at: now, expires: now.Add(codeLife)}
	return code
}

// redeem turns a code into its grant with an access token, once. A code that
// comes a second time has leaked: what it gave is taken back (RFC 6749,
// section 4.1.2). may checks the rest of the request; a code that fails it is
// spent.
func (g *grants) redeem(code string, may func(request) bool) (grant, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.codes[code]
	if !ok {
		return grant{}, false
	}
	if c.used {
		delete(g.tokens, c.token)
		return grant{}, false
	}
	c.used = true
	now := g.clock.Now()
	if now.After(c.expires) || !may(c.request) {
		return grant{}, false
	}
	c.token = rand.Text()
	// The code is remembered as long as its token lives, to notice a replay.
	c.expires = now.Add(tokenLife)
	g.tokens[c.token] = access{subject: c.subject, expires: c.expires}
	return *c, true
}

// subject returns whose claims the access token reads.
func (g *grants) subject(token string) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.tokens[token]
	if !ok || g.clock.Now().After(a.expires) {
		return "", false
	}
	return a.subject, true
}
