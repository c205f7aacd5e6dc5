// Command processes measures the process engine as it is used, durably: start →
// service task → user task completed → end, with its history, on SQLite and on
// PostgreSQL with fsync; and the same process on Camunda 7, Flowable and the
// Temporal development server. Peers are installed from their ordinary
// registries into bench/peers (ignored by git); one that cannot be is left out,
// and why is said.
//
// Ours is the cases module without HTTP: two durable commands an instance, case,
// timeline, task, certificate and events included.
//
//	go run ./bench/processes --json                 # the table, with peers
//	go run ./bench/processes --json --stored 100000 # cost per instance as cases pile up
//	go run ./bench/processes --json --timers 100000 # one sweep of due timers
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/bench/internal/load"
)

const (
	sqlite     = "SQLite"
	postgreSQL = "PostgreSQL"
	warm       = 2 * time.Second
)

// row is one engine on one database with so many clients.
type row struct {
	Engine    string  `json:"engine"`
	Version   string  `json:"version,omitempty"`
	Database  string  `json:"database"`
	Clients   int     `json:"clients"`
	Stored    int     `json:"stored,omitempty"` // cases there before
	PerSecond float64 `json:"instances_per_second"`
	P50       float64 `json:"p50_ms"` // of a whole instance
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"cpu_us_per_instance,omitempty"` // ours, without PostgreSQL's
	DBCPU     float64 `json:"postgresql_cpu_us_per_instance,omitempty"`
	PerCommit float64 `json:"writes_per_commit,omitempty"` // two writes an instance; more than one: commits were shared
	Fsyncs    float64 `json:"fsyncs_per_second,omitempty"` // of the disk, just before
	PgBench   float64 `json:"pgbench_tps,omitempty"`       // pgbench -N with as many clients, same server
	Note      string  `json:"note,omitempty"`
}

// sweep is one sweep of due timers.
type sweep struct {
	Database  string  `json:"database"`
	Timers    int     `json:"timers"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"timers_per_second"`
	Commands  int     `json:"commands"` // given meanwhile
	P50       float64 `json:"command_p50_ms"`
	P99       float64 `json:"command_p99_ms"`
	Max       float64 `json:"command_max_ms"`
	CPU       float64 `json:"cpu_us_per_timer"` // with the commands'
	DBCPU     float64 `json:"postgresql_cpu_us_per_timer,omitempty"`
}

type report struct {
	Machine load.Machine      `json:"machine"`
	Service string            `json:"service_task"`
	Rows    []row             `json:"rows,omitempty"`
	Sweeps  []sweep           `json:"sweeps,omitempty"`
	Skipped map[string]string `json:"skipped,omitempty"` // peer → why
}

type options struct {
	databases []string
	clients   []int
	length    time.Duration
	stored    int
	timers    int
	peers     string // folder; "" measures none
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "processes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	peers := flag.String("peers", "bench/peers/processes", `folder into which peers are installed; "" measures none`)
	databases := flag.String("databases", sqlite+","+postgreSQL, "which databases")
	clients := flag.String("clients", "1,8,32", "how many clients")
	length := flag.Duration("seconds", 10*time.Second, "how long each is measured, such as 10s")
	stored := flag.Int("stored", 0, "instead: with 1,000, 10,000 … up to so many cases stored before")
	timers := flag.Int("timers", 0, "instead: one sweep of so many due timers")
	profile := flag.String("cpuprofile", "", "write a CPU profile of ours to this file")
	flag.Parse()

	o := options{databases: strings.Split(*databases, ","), length: *length, stored: *stored, timers: *timers, peers: *peers}
	for c := range strings.SplitSeq(*clients, ",") {
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 {
			return fmt.Errorf("--clients: %q is no number of clients", c)
		}
		o.clients = append(o.clients, n)
	}
	r := report{Machine: load.ThisMachine(), Skipped: map[string]string{},
		Service: "certificate.issue: writes a verifiable document, in the transaction of the start"}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, database := range o.databases {
		if err := r.measure(ctx, o, database); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	if o.timers == 0 && o.stored == 0 && o.peers != "" {
		r.measurePeers(ctx, o)
	}
	if !*asJSON {
		r.print(os.Stdout)
		return nil
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// measure measures ours on one database.
func (r *report) measure(ctx context.Context, o options, database string) (err error) {
	w, err := newWorld(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if o.timers > 0 {
		fmt.Fprintf(os.Stderr, "measuring %d timers on %s\n", o.timers, database)
		s, err := w.sweep(ctx, o.timers)
		r.Sweeps = append(r.Sweeps, s)
		return err
	}
	if o.stored == 0 {
		return r.clients(ctx, o, w, 0)
	}
	w.scattered = true
	id, err := w.finished(ctx)
	if err != nil {
		return err
	}
	for before, n := 0, 1000; n <= o.stored; before, n = n, 10*n {
		fmt.Fprintf(os.Stderr, "storing %d cases on %s\n", n, database)
		if err := fill(ctx, w.DB, id, before+1, n); err != nil {
			return err
		}
		if err := r.clients(ctx, o, w, n); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) clients(ctx context.Context, o options, w *world, stored int) error {
	for _, clients := range o.clients {
		x := row{Engine: "Passerelle", Database: w.database, Clients: clients, Stored: stored}
		var err error
		if x.Fsyncs, err = load.Fsyncs(w.dir, time.Second); err != nil {
			return err
		}
		if w.database == postgreSQL && stored == 0 {
			if x.PgBench, err = pgbench(ctx, w.url, clients, 5*time.Second); err != nil {
				r.Skipped["pgbench"] = err.Error()
			}
		}
		fmt.Fprintf(os.Stderr, "measuring %d clients on %s\n", clients, w.database)
		before, stats := load.OwnCPU(), w.DB.Stats()
		dbBefore, err := w.databaseCPU()
		if err != nil {
			return err
		}
		f, err := w.instances(ctx, clients, o.length)
		if err != nil {
			return err
		}
		dbAfter, err := w.databaseCPU()
		if err != nil {
			return err
		}
		after := w.DB.Stats()
		x.PerSecond, x.P50, x.P99 = f.PerSecond(), f.Quantile(0.5), f.Quantile(0.99)
		// The warm-up's processor time is spread over the measured time.
		share := float64(f.Took) / float64(f.Took+warm)
		x.DBCPU = load.Round(share*float64((dbAfter-dbBefore).Microseconds())/float64(f.Done), 0)
		x.PerCommit = load.Round(float64(after.Writes-stats.Writes)/float64(max(1, after.Commits-stats.Commits)), 1)
		x.CPU = load.Round(share*float64((load.OwnCPU()-before).Microseconds())/float64(f.Done), 0)
		r.Rows = append(r.Rows, x)
	}
	return nil
}

// print writes the tables that stand in docs/bench-processes.md.
func (r *report) print(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "%d cores, %s, %s, %s; load average before the start %.2f\n", m.Cores, m.CPU, m.OS, m.Go, m.LoadAverage)
	fmt.Fprintf(w, "Our service task is %s.\n\n", r.Service)
	if len(r.Rows) > 0 {
		fmt.Fprintln(w, "|engine|database|stored|clients|instances/s|p50 ms|p99 ms|our CPU µs|PostgreSQL's CPU µs|writes a commit|fsyncs/s|pgbench tps|\n|-|-|-:|-:|-:|-:|-:|-:|-:|-:|-:|-:|")
	}
	for _, x := range r.Rows {
		fmt.Fprintf(w, "|%s|%s|%s|%d|%.0f|%.2f|%.2f|%s|%s|%.1f|%s|%s|\n", strings.TrimSpace(x.Engine+" "+x.Version), x.Database, cell(float64(x.Stored)), x.Clients,
			x.PerSecond, x.P50, x.P99, cell(x.CPU), cell(x.DBCPU), x.PerCommit, cell(x.Fsyncs), cell(x.PgBench))
	}
	if len(r.Sweeps) > 0 {
		fmt.Fprintln(w, "|database|timers|seconds|timers/s|commands meanwhile|p50 ms|p99 ms|longest ms|our CPU µs a timer|PostgreSQL's|\n|-|-:|-:|-:|-:|-:|-:|-:|-:|-:|")
	}
	for _, s := range r.Sweeps {
		fmt.Fprintf(w, "|%s|%d|%.1f|%.0f|%d|%.2f|%.2f|%.2f|%.0f|%s|\n", s.Database, s.Timers, s.Seconds, s.PerSecond, s.Commands, s.P50, s.P99, s.Max, s.CPU, cell(s.DBCPU))
	}
	fmt.Fprintln(w)
	for _, x := range r.Rows {
		if x.Note != "" && x.Clients == r.Rows[0].Clients {
			fmt.Fprintf(w, "- %s on %s: %s\n", x.Engine, x.Database, x.Note)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(w, "- %s was skipped: %s\n", p, r.Skipped[p])
	}
}

func cell(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", v)
}
