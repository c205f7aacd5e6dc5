package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"passerelle/internal/app"
	"passerelle/internal/platform/config"
)

// seeded is how many past and running cases the installation begins with.
const seeded = 40

// site is one running installation.
type site struct {
	url   string
	stop  func() error
	fails bool     // it fails on demand: its visitors do not complain
	pages []string // patterns of all addresses that answer with a page
}

// open starts an installation with n seeded cases on a free port, with the
// identity providers beside the demonstration's own.
func open(dir string, n int, issuers ...config.Issuer) (*site, error) {
	return openWith(dir, n, n/10, issuers...)
}

// openWith is open with so many applications for the heat pump on top.
func openWith(dir string, n, heatPumps int, issuers ...config.Issuer) (*site, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	cfg := config.Demo(dir, l.Addr().String())
	cfg.SignIn.Issuers = issuers
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		cancel()
		return nil, errors.Join(err, l.Close())
	}
	if err := app.SeedCases(n, heatPumps)(ctx, a); err != nil {
		cancel()
		return nil, errors.Join(err, a.Close(), l.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return &site{url: "http://localhost:" + port, pages: a.Pages(), stop: func() error { cancel(); return <-ended }}, nil
}

// everything is what the tests share: the browser and the seeded installation.
var everything struct {
	chromium context.Context
	site     *site
	stops    []func() error
}

// prepare starts both at the first call.
var prepare = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "passerelle-browser-")
	if err != nil {
		return err
	}
	everything.stops = append(everything.stops, func() error { return os.RemoveAll(dir) })

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium()),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("lang", "en"),
	)
	if os.Geteuid() == 0 { // Chromium's sandbox does not work for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	everything.stops = append(everything.stops, func() error { defer stop(); return chromedp.Cancel(ctx) })
	if err := chromedp.Do(ctx); err != nil {
		return fmt.Errorf("start Chromium: %w", err)
	}
	everything.chromium = ctx

	everything.site, err = open(dir, seeded)
	if err == nil {
		everything.stops = append(everything.stops, everything.site.stop)
	}
	return err
})

// chromium is the path of the browser, "" when there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// shared is the installation that the tests share. Without a browser the test
// is skipped.
func shared(t *testing.T) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: browser tests are long (-short)")
	}
	if chromium() == "" {
		t.Skip("SKIP: browser tests: no Chromium found")
	}
	if err := prepare(); err != nil {
		t.Fatal(err)
	}
	return everything.site
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := len(everything.stops) - 1; i >= 0; i-- {
		if err := everything.stops[i](); err != nil && !strings.Contains(err.Error(), "context canceled") {
			fmt.Fprintln(os.Stderr, "stop:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}
