package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// readiness is asked by a load balancer. Checks are registered before Run.
type readiness struct {
	names  []string
	checks []func(context.Context) error
	told   []bool // only told: requests come here all the same
}

// Ready registers a check for /readyz: nil means that the part named can do
// its work. It is asked often, and has two seconds.
func (s *Server) Ready(name string, check func(context.Context) error) {
	s.check(name, check, false)
}

// Tell registers a check whose failure /readyz tells without turning requests away:
// what still works is worth more than an error page of the load balancer.
func (s *Server) Tell(name string, check func(context.Context) error) { s.check(name, check, true) }

func (s *Server) check(name string, check func(context.Context) error, told bool) {
	s.readiness.names = append(s.readiness.names, name)
	s.readiness.checks = append(s.readiness.checks, check)
	s.readiness.told = append(s.readiness.told, told)
}

// serveHealth says that the process answers, and nothing more.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write([]byte("ok\n"))
	return err
}

// serveReady says whether requests should be sent here: all checks pass and no
// stop has begun. Causes go to the log only.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	ready := !s.stopping.Load()
	parts := make(map[string]bool, len(s.readiness.names))
	results := make([]error, len(s.readiness.checks))
	var wg sync.WaitGroup
	for i, check := range s.readiness.checks {
		wg.Go(func() { results[i] = check(ctx) })
	}
	wg.Wait()
	for i, err := range results {
		parts[s.readiness.names[i]] = err == nil
		if err != nil {
			ready = ready && s.readiness.told[i]
			s.log.Warn("not ready", "part", s.readiness.names[i], "error", err)
		}
	}
	body, err := json.Marshal(struct {
		Ready bool            `json:"ready"`
		Parts map[string]bool `json:"parts"`
	}{ready, parts})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, err = w.Write(append(body, '\n'))
	return err
}
