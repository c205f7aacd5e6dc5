package idp

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client returns an HTTP client for the relying party in the same process: what
// it asks of the public address goes to listen (host:port) over the loopback,
// so that signing in works without a network and behind any proxy. It follows
// no redirects.
func Client(publicURL, listen string) *http.Client {
	if strings.HasPrefix(listen, ":") || strings.HasPrefix(listen, "0.0.0.0:") {
		listen = "127.0.0.1" + listen[strings.LastIndexByte(listen, ':'):]
	}
	if rest, ok := strings.CutPrefix(listen, "[::]:"); ok {
		listen = "[::1]:" + rest
	}
	public, err := url.Parse(publicURL)
	if err != nil {
		public = &url.URL{}
	}
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     loopback{host: public.Host, listen: listen, base: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type loopback struct {
	host, listen string
	base         http.RoundTripper
}

// RoundTrip keeps the public name in the Host header and changes only where
// the connection goes.
func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == l.host {
		r = r.Clone(r.Context())
		r.Host = l.host
		r.URL.Scheme, r.URL.Host = "http", l.listen
	}
	return l.base.RoundTrip(r)
}
