package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"passerelle/internal/module/cases/api"
)

// BenchmarkSubmit is a submission without the network: everything the server
// does from the request to the receipt, group commit included. Its cost without
// the database is what BenchmarkRefused shows.
func BenchmarkSubmit(b *testing.B) {
	s := newSite(b, sqlite(b))
	cookie := signIn(s)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if w := post(s, cookie, strconv.FormatInt(n.Add(1), 10), application); w.Code != http.StatusCreated {
				b.Errorf("%d %s", w.Code, w.Body)
				return
			}
		}
	})
}

// BenchmarkRefused is an application that the form refuses: reading, the
// registers and the form, without the process and the database.
func BenchmarkRefused(b *testing.B) {
	s := newSite(b, sqlite(b))
	cookie := signIn(s)
	wrong := strings.Replace(application, `"ordinary"`, `"luxury"`, 1)
	b.ReportAllocs()
	for b.Loop() {
		if w := post(s, cookie, "key", wrong); w.Code != http.StatusUnprocessableEntity {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// BenchmarkUnread is a request that is refused before its body is read: the
// platform's protection, session and log alone.
func BenchmarkUnread(b *testing.B) {
	s := newSite(b, sqlite(b))
	cookie := signIn(s)
	b.ReportAllocs()
	for b.Loop() {
		if w := post(s, cookie, "", application); w.Code != http.StatusUnprocessableEntity {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

// BenchmarkHuma is what a submission would cost in huma before anything is done with it: decoding the body,
// checking it against its schema, decoding it again, and writing the receipt.
func BenchmarkHuma(b *testing.B) {
	mux := http.NewServeMux()
	h := humago.New(mux, huma.DefaultConfig("x", "1"))
	huma.Register(h, huma.Operation{OperationID: "x", Method: http.MethodPost, Path: "/{id}"},
		func(context.Context, *struct {
			ID   string `path:"id"`
			Key  string `header:"Idempotency-Key" minLength:"1"`
			Body api.Application
		}) (*struct {
			Location string `header:"Location"`
			Body     api.Receipt
		}, error) {
			return &struct {
				Location string `header:"Location"`
				Body     api.Receipt
			}{"/", api.Receipt{Case: "c"}}, nil
		})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(application))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "key")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

func signIn(s *site) *http.Cookie {
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/sign-in/pensioner", nil))
	return w.Result().Cookies()[0]
}

func post(s *site, cookie *http.Cookie, key, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/services/"+allowance+"/applications", strings.NewReader(body))
	r.AddCookie(cookie)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	return w
}
