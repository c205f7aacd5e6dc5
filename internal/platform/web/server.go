package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// Locales holds this package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Deps is what the server stands on. All but FormOrigins and View is required.
type Deps struct {
	Config config.Config
	DB     *db.DB      // migrated by Migrate
	Clock  clock.Clock // the machine's, not the demonstration's shifted one
	Log    *slog.Logger
	Texts  *i18n.Bundle // with Locales and ui.Locales added
	Assets fs.FS        // the built design, served at /assets/
	// FormOrigins are origins ("https://eid.example.lu") to which the answer to
	// a form may lead: identity providers at sign-out, payment providers.
	FormOrigins []string
	// View completes what the frame of a page shows: navigation, menu, banner.
	View func(r *http.Request, v *ui.View)
}

// Server is the whole edge. Routes and checks are registered before Run.
type Server struct {
	log      *slog.Logger
	clock    clock.Clock
	bundle   *i18n.Bundle
	view     func(*http.Request, *ui.View)
	matches  *table[i18n.Lang] // Accept-Language → language: few differ, and reading one is slow
	assets   map[string]*asset
	router   *Router
	sessions *sessions
	handler  http.Handler

	origin         string
	https          bool
	formOrigins    []string
	proxies        []netip.Prefix
	metricsFrom    []netip.Prefix
	requestTimeout time.Duration
	stopTimeout    time.Duration
	bodyLimit      config.Size
	uploadLimit    config.Size
	byAddress      *limiter
	byAccount      *limiter
	crossOrigin    *http.CrossOriginProtection
	metrics        *metrics
	readiness      readiness
	stopping       atomic.Bool
}

// New wires a server. The configuration has been validated; an error means
// that the assets cannot be read.
func New(d Deps) (*Server, error) {
	c := d.Config
	s := &Server{
		matches: newTable[i18n.Lang](1000),
		log:     d.Log, clock: d.Clock, bundle: d.Texts, view: d.View,
		origin: strings.TrimSuffix(c.Server.PublicURL, "/"), https: c.HTTPS(), formOrigins: d.FormOrigins,
		requestTimeout: time.Duration(c.Server.RequestTimeout), stopTimeout: time.Duration(c.Server.StopTimeout),
		bodyLimit: c.Limits.Body, uploadLimit: c.Limits.Upload,
		byAddress:   newLimiter(d.Clock, c.Limits.RequestsPerMin, c.Limits.Burst, c.Limits.ClientsTracked),
		byAccount:   newLimiter(d.Clock, c.Limits.AccountPerMin, c.Limits.AccountBurst, c.Limits.ClientsTracked),
		crossOrigin: http.NewCrossOriginProtection(),
		metrics:     newMetrics(d.Texts.Missing),
		sessions:    newSessions(d.DB, d.Clock, time.Duration(c.Session.Lifetime), time.Duration(c.Session.Idle)),
	}
	var err error
	if s.proxies, err = networks(c.Server.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	if s.metricsFrom, err = networks(c.Metrics.Allow); err != nil {
		return nil, fmt.Errorf("metrics.allow: %w", err)
	}
	// Behind a proxy that changes Host the browser's Origin is still this one.
	if err := s.crossOrigin.AddTrustedOrigin(s.origin); err != nil {
		return nil, fmt.Errorf("server.public_url: %w", err)
	}
	if s.assets, err = readAssets(d.Assets); err != nil {
		return nil, err
	}

	s.router = &Router{server: s, mux: http.NewServeMux(), labels: map[string]string{}}
	s.router.Raw("GET /assets/{name...}", s.serveAsset)
	s.router.Raw("GET /healthz", s.serveHealth)
	s.router.Raw("GET /readyz", s.serveReady)
	s.router.Raw("GET /metrics", s.serveMetrics)
	s.Ready("database", func(ctx context.Context) error { return answers(ctx, d.DB.Read()) })
	s.Tell("writes", d.DB.Writable)

	s.handler = http.HandlerFunc(s.route)
	chain := s.chain()
	for i := len(chain) - 1; i >= 0; i-- {
		s.handler = chain[i](s.handler)
	}
	return s, nil
}

func networks(texts []string) ([]netip.Prefix, error) {
	var ns []netip.Prefix
	for _, t := range texts {
		n, err := config.Network(t)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

// Router is where modules register their routes.
func (s *Server) Router() *Router { return s.router }

// ServeHTTP answers one request, with all protection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run serves on l until ctx is done. Then it accepts nothing new, reports not
// ready, and lets requests in flight finish within the stop timeout; those that
// do not are cut off, which is an error. Run closes l.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       uploadTime,
		WriteTimeout:      2 * uploadTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	background, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.housekeep(background) })
	defer wg.Wait()
	defer cancel()

	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	drain, done := context.WithTimeout(context.WithoutCancel(ctx), s.stopTimeout)
	defer done()
	if err := srv.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off at the stop: %w", err), srv.Close())
	}
	return nil
}

// housekeep removes sessions that have ended, once an hour.
func (s *Server) housekeep(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.sessions.purge(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("ended sessions not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
