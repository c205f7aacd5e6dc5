package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkPage answers a small page as often as it can, without a network.
func BenchmarkPage(b *testing.B) {
	s := newSite(b, nil, nil)
	s.Server.log = discard
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/en/in", nil))
	cookie := strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0]
	for name, c := range map[string]struct{ path, cookie, encoding string }{
		"visitor": {"/en/things/7", "", ""}, "visitor gzip": {"/en/things/7", "", "gzip"}, "signed in": {"/en/mine", cookie, ""}, "asset": {"/assets/main-ABC.css", "", ""},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest("GET", c.path, nil)
					r.Header.Set("Accept-Language", "en-GB,en;q=0.9,fr;q=0.5")
					r.Header.Set("Cookie", c.cookie)
					r.Header.Set("Accept-Encoding", c.encoding)
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Fatal(w.Code)
					}
				}
			})
		})
	}
}
