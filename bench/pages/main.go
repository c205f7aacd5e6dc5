// Command pages measures pages as visitors see them: it starts the real server
// and reads the first page, the catalogue and a service's page in all five
// languages, with and without compression.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"passerelle/bench/internal/load"
)

var (
	languages = []string{"fr", "de", "lb", "en", "pt"}
	pages     = []struct{ name, path string }{
		{"home", ""}, {"catalogue", "/services"}, {"service", "/services/cost-of-living-allowance"},
	}
)

type measured struct {
	Page           string  `json:"page"`
	Gzip           bool    `json:"gzip"`
	PagesPerSecond float64 `json:"pages_per_second"`
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
	Bytes          int     `json:"bytes"` // of one answer's body, as sent
	Errors         int     `json:"errors"`
	FirstError     string  `json:"first_error,omitempty"`
}

type result struct {
	PagesPerSecond float64      `json:"pages_per_second"` // service page, gzip
	P50            float64      `json:"p50_ms"`
	P99            float64      `json:"p99_ms"`
	Pages          []measured   `json:"pages"`
	RSS            float64      `json:"rss_mb"`
	StartedIn      float64      `json:"server_start_ms"`
	Database       string       `json:"database"`
	Seconds        float64      `json:"seconds_each"`
	Connections    int          `json:"connections"`
	Machine        load.Machine `json:"machine"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	var o load.Options
	asJSON := flag.Bool("json", false, "print JSON")
	flag.StringVar(&o.Dir, "dir", "", "folder for data and database; a temporary one by default")
	flag.StringVar(&o.Binary, "binary", "", "a built passerelle; built anew by default")
	length := flag.Duration("seconds", 5*time.Second, "how long for each page, such as 5s")
	connections := flag.Int("connections", 16, "connections")
	flag.Parse()

	out := result{Connections: *connections, Seconds: length.Seconds(), Machine: load.ThisMachine()}
	s, err := load.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	out.Database, out.StartedIn = s.Dialect, load.Round(float64(s.StartedIn)/float64(time.Millisecond), 0)
	for _, gzip := range []bool{false, true} {
		for _, p := range pages {
			m, err := measure(s, p.name, p.path, gzip, *connections, *length)
			if err != nil {
				return err
			}
			out.Pages = append(out.Pages, m)
		}
	}
	last := out.Pages[len(out.Pages)-1]
	out.PagesPerSecond, out.P50, out.P99 = last.PagesPerSecond, last.P50, last.P99
	if out.RSS, _, err = s.Memory(); err != nil {
		return err
	}
	out.RSS = load.Round(out.RSS, 1)
	return load.Print(out, *asJSON)
}

// measure reads one page in all languages in turn.
func measure(s *load.Server, name, path string, gzip bool, connections int, length time.Duration) (measured, error) {
	m := measured{Page: name, Gzip: gzip}
	encoding := ""
	if gzip {
		encoding = "Accept-Encoding: gzip\r\n"
	}
	requests := make([][]byte, len(languages))
	for i, lang := range languages {
		requests[i] = []byte("GET /" + lang + path + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.URL, "http://") + "\r\nAccept: text/html\r\nAccept-Language: " + lang + "\r\n" + encoding + "\r\n")
	}
	conns := make([]*load.Conn, connections)
	for i := range conns {
		var err error
		if conns[i], err = s.Conn(); err != nil {
			return m, err
		}
		defer conns[i].Close()
	}
	var one bytes.Buffer
	if status, err := conns[0].Do(requests[0], &one); err != nil || status != 200 {
		return m, fmt.Errorf("%s: status %d: %w", name, status, err)
	}
	m.Bytes = one.Len()
	f := load.Run(connections, time.Second, length, func(w, n int) error {
		status, err := conns[w].Do(requests[(w+n)%len(requests)], nil)
		if err == nil && status != 200 {
			err = fmt.Errorf("status %d", status)
		}
		return err
	})
	m.PagesPerSecond, m.P50, m.P99, m.Errors = f.PerSecond(), f.Quantile(0.5), f.Quantile(0.99), f.Errors
	if f.First != nil {
		m.FirstError = f.First.Error()
	}
	return m, nil
}
