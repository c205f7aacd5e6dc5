// Command submit measures durable submissions: it starts the real server on a
// new database, signs applicants in, posts final applications for the
// cost-of-living allowance over HTTP, and then counts in the server that each
// acknowledged application is stored once.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"passerelle/bench/internal/load"
)

const service = "/api/v1/services/cost-of-living-allowance/applications"

// application answers every question of the form that somebody may be asked;
// what the State knows is fetched by the server.
const application = `{"language":"fr","application":{"agreed":true,"otherIncome":false,"studentAid":false,"detention":false,"stay":"ordinary","iban":"LU280019400644750000","holder":"Test Person","truthful":true,"changes":true}}`

type result struct {
	SubmissionsPerSecond float64      `json:"submissions_per_second"`
	P50                  float64      `json:"p50_ms"`
	P99                  float64      `json:"p99_ms"`
	Errors               int          `json:"errors"`
	FirstError           string       `json:"first_error,omitempty"`
	Acknowledged         int          `json:"acknowledged"`
	Stored               int          `json:"stored"`
	Lost                 int          `json:"lost"`
	Database             string       `json:"database"`
	Fsyncs               float64      `json:"fsyncs_per_second"`
	RSS                  float64      `json:"rss_mb"`
	PeakRSS              float64      `json:"rss_peak_mb"`
	ServerCPU            float64      `json:"server_cpu_us_per_submission"`
	ClientCPU            float64      `json:"client_cpu_us_per_submission"`
	StartedIn            float64      `json:"server_start_ms"`
	Seconds              float64      `json:"seconds"`
	Connections          int          `json:"connections"`
	Applicants           int          `json:"applicants"`
	Machine              load.Machine `json:"machine"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "submit:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	var o load.Options
	asJSON := flag.Bool("json", false, "print JSON")
	flag.StringVar(&o.Database, "database", "", "URL of an empty database; SQLite in a new folder by default")
	flag.BoolVar(&o.Postgres, "postgres", false, "start a temporary PostgreSQL with fsync")
	flag.StringVar(&o.Dir, "dir", "", "folder for data and database; a temporary one by default")
	flag.StringVar(&o.Binary, "binary", "", "a built passerelle; built anew by default")
	length := flag.Duration("seconds", 15*time.Second, "how long, such as 15s")
	connections := flag.Int("connections", 64, "connections")
	applicants := flag.Int("applicants", 64, "people who apply")
	flag.Parse()

	out := result{Connections: *connections, Applicants: *applicants, Seconds: length.Seconds(), Machine: load.ThisMachine()}
	s, err := load.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	out.Database, out.StartedIn = s.Dialect, load.Round(float64(s.StartedIn)/float64(time.Millisecond), 0)
	cookies, err := s.SignIn(ctx, *applicants)
	if err != nil {
		return err
	}
	if out.Fsyncs, err = load.Fsyncs(s.Dir, 2*time.Second); err != nil {
		return err
	}
	before, err := s.CPU()
	if err != nil {
		return err
	}
	ownBefore := load.OwnCPU()
	acknowledged, f, err := submitAll(s, cookies, *connections, *length)
	if err != nil {
		return err
	}
	own := load.OwnCPU() - ownBefore
	after, err := s.CPU()
	if err != nil {
		return err
	}
	if out.RSS, out.PeakRSS, err = s.Memory(); err != nil {
		return err
	}
	out.RSS, out.PeakRSS = load.Round(out.RSS, 1), load.Round(out.PeakRSS, 1)
	out.SubmissionsPerSecond, out.P50, out.P99, out.Errors = f.PerSecond(), f.Quantile(0.5), f.Quantile(0.99), f.Errors
	if f.First != nil {
		out.FirstError = f.First.Error()
	}
	if out.Acknowledged = len(acknowledged); out.Acknowledged > 0 {
		out.ClientCPU = load.Round(float64(own.Microseconds())/float64(out.Acknowledged), 0)
		out.ServerCPU = load.Round(float64((after-before).Microseconds())/float64(out.Acknowledged), 0)
	}
	if out.Stored, out.Lost, err = count(s, cookies, acknowledged); err != nil {
		return err
	}
	if err := load.Print(out, *asJSON); err != nil {
		return err
	}
	if out.Lost > 0 || out.Stored != out.Acknowledged && out.Errors == 0 {
		return fmt.Errorf("%d acknowledged, %d stored, %d lost", out.Acknowledged, out.Stored, out.Lost)
	}
	return nil
}

// submitAll posts applications over so many connections, the people taking
// turns, and returns the identifiers of all acknowledged cases.
func submitAll(s *load.Server, cookies []string, connections int, length time.Duration) (map[string]bool, load.Figures, error) {
	conns := make([]*load.Conn, connections)
	for i := range conns {
		var err error
		if conns[i], err = s.Conn(); err != nil {
			return nil, load.Figures{}, err
		}
		defer conns[i].Close()
	}
	host := strings.TrimPrefix(s.URL, "http://")
	ids := make([][]string, connections)
	bodies := make([]bytes.Buffer, connections)
	requests := make([][]byte, connections)
	f := load.Run(connections, time.Second, length, func(w, n int) error {
		var key [12]byte
		_, _ = rand.Read(key[:])
		r := append(requests[w][:0], "POST "+service+" HTTP/1.1\r\nHost: "+host+"\r\nContent-Type: application/json\r\nContent-Length: "...)
		r = strconv.AppendInt(r, int64(len(application)), 10)
		r = append(r, "\r\nCookie: "+cookies[(w+n*connections)%len(cookies)]+"\r\nIdempotency-Key: "...)
		r = hex.AppendEncode(r, key[:])
		r = append(r, "\r\n\r\n"+application...)
		requests[w] = r
		bodies[w].Reset()
		status, err := conns[w].Do(r, &bodies[w])
		if err != nil {
			return err
		}
		id, ok := caseID(bodies[w].Bytes())
		if status != 201 || !ok {
			return fmt.Errorf("status %d: %s", status, bodies[w].Bytes())
		}
		ids[w] = append(ids[w], id)
		return nil
	})
	all := map[string]bool{}
	for _, list := range ids {
		for _, id := range list {
			all[id] = true
		}
	}
	return all, f, nil
}

// caseID reads the case out of a receipt, which begins with it.
func caseID(receipt []byte) (string, bool) {
	rest, ok := bytes.CutPrefix(receipt, []byte(`{"case":"`))
	id, _, found := bytes.Cut(rest, []byte(`"`))
	return string(id), ok && found
}

// count asks the server for everybody's cases, page by page.
func count(s *load.Server, cookies []string, acknowledged map[string]bool) (stored, lost int, err error) {
	c, err := s.Conn()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	found := map[string]bool{}
	for _, cookie := range cookies {
		after := ""
		for {
			var body bytes.Buffer
			status, err := c.Do([]byte("GET /api/v1/cases?limit=100"+after+" HTTP/1.1\r\nHost: "+host+"\r\nCookie: "+cookie+"\r\n\r\n"), &body)
			if err != nil || status != 200 {
				return 0, 0, fmt.Errorf("count: status %d: %w", status, err)
			}
			var list struct{ Cases []struct{ ID string } }
			if err := json.Unmarshal(body.Bytes(), &list); err != nil {
				return 0, 0, err
			}
			for _, x := range list.Cases {
				found[x.ID] = true
			}
			if len(list.Cases) < 100 {
				break
			}
			after = "&after=" + list.Cases[99].ID
		}
	}
	for id := range acknowledged {
		if !found[id] {
			lost++
		}
	}
	return len(found), lost, nil
}
