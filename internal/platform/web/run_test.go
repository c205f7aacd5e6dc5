package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"passerelle/internal/platform/config"
)

// serve runs s; stop begins the graceful stop and done is its outcome.
func serve(t *testing.T, s *site) (base string, stop context.CancelFunc, done chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done = make(chan error, 1)
	go func() { done <- s.Run(ctx, l) }()
	return "http://" + l.Addr().String(), stop, done
}

func TestStopLetsRequestsInFlightFinish(t *testing.T) {
	s := newSite(t, nil, nil)
	begun, finish := make(chan struct{}), make(chan struct{})
	s.Router().Raw("GET /slow", func(w http.ResponseWriter, r *http.Request) error {
		close(begun)
		select {
		case <-finish:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		_, err := io.WriteString(w, "whole")
		return err
	})
	base, stop, done := serve(t, s)
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(base + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-begun
	stop()
	for !s.stopping.Load() { // the stop has begun before the request may end
		select {
		case err := <-done:
			t.Fatalf("stopped with a request in flight: %v", err)
		default:
		}
	}
	close(finish)
	if got := <-answer; got != "whole" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-done; err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("still accepts connections")
	}
}

func TestStopCutsOffAtItsDeadline(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Server.StopTimeout = config.Duration(50 * time.Millisecond) })
	begun := make(chan struct{})
	s.Router().Raw("GET /stuck", func(_ http.ResponseWriter, r *http.Request) error {
		close(begun)
		<-r.Context().Done()
		return r.Context().Err()
	})
	base, stop, done := serve(t, s)
	go func() {
		if res, err := http.Get(base + "/stuck"); err == nil {
			res.Body.Close()
		}
	}()
	<-begun
	stop()
	if err := <-done; err == nil {
		t.Error("a stop that cut a request off says nothing")
	}
}

// A browser sends the whole body before it reads the answer.
func TestTooLargeABodyGetsAnAnswerEvenIfItIsSentToTheEnd(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Limits.Body = 1 << 10 })
	base, _, _ := serve(t, s)
	body := strings.Repeat("x", 8<<20)
	for name, head := range map[string]string{
		"announced": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"chunked":   fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST /en/things/7 HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"+head); err != nil {
			t.Fatalf("%s: the connection broke: %v", name, err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: no answer: %v", name, err)
		}
		page, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 413 || !strings.Contains(string(page), `data-error="too-large"`) {
			t.Errorf("%s: %d %v", name, res.StatusCode, err)
		}
	}
}

func TestSlowPageBecomesUnavailable(t *testing.T) {
	s := newSite(t, nil, func(c *config.Config) { c.Server.RequestTimeout = config.Duration(10 * time.Millisecond) })
	s.Router().Page("GET /waits", func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	w := ask(s, "GET", "/en/waits")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
