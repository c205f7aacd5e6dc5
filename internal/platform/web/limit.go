package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"passerelle/internal/platform/clock"
)

// limiter holds one bucket of requests per client. Under a flood from very many
// addresses idle buckets are forgotten, that is, refilled; memory stays bounded.
type limiter struct {
	clock   clock.Clock
	rate    rate.Limit
	burst   int
	buckets *table[*rate.Limiter]
}

// newLimiter returns nil, which lets everything pass, when perMinute is 0.
func newLimiter(c clock.Clock, perMinute, burst, clients int) *limiter {
	if perMinute == 0 {
		return nil
	}
	return &limiter{c, rate.Limit(float64(perMinute) / 60), burst, newTable[*rate.Limiter](clients)}
}

// wait takes one request from the client's bucket; 0 means it may pass, else
// it says when the next may.
func (l *limiter) wait(client string) time.Duration {
	if l == nil {
		return 0
	}
	b := l.buckets.getOr(client, func() *rate.Limiter { return rate.NewLimiter(l.rate, l.burst) })
	now := l.clock.Now()
	turn := b.ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if delay > 0 {
		turn.CancelAt(now)
	}
	return delay
}

// clientKey names who is asking, for the limiter only: the peer, or what
// trusted proxies say of it. An IPv6 client is its /64 network, which is what
// one household or machine has.
func (s *Server) clientKey(r *http.Request) string {
	addr := s.client(r)
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.Addr().String()
	}
	return addr.String()
}

// client returns the network address of whoever asks. X-Forwarded-For is read
// from the right, as far as the proxies are trusted.
func (s *Server) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(s.proxies, addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
