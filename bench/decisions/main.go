// Command decisions measures this engine beside others, on the same models, in
// one run: feelin and zen-engine on Node, Drools and Camunda's engines on the
// JVM, OpenFisca on Python. Peers are installed from their ordinary registries
// into bench/peers (ignored by git); one that cannot be is left out, and why is
// said. Everything runs on one thread, after a warm-up; models are compiled and
// inputs are made beforehand, in each engine's own form. The results of all are
// compared: a peer that decides otherwise is named.
//
//	go run ./bench/decisions --json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"passerelle/bench/internal/load"
)

// row is one engine on one model.
type row struct {
	Engine  string  `json:"engine"`
	Version string  `json:"version"`
	Row     string  `json:"row"`
	NsPerOp float64 `json:"ns_per_op"`
	Allocs  *int64  `json:"allocs_per_op,omitempty"` // of this engine
	Note    string  `json:"note,omitempty"`
	Differs string  `json:"differs,omitempty"` // the first result that is not ours

	Results []json.RawMessage `json:"results,omitempty"` // compared, then left out
}

type report struct {
	Machine load.Machine      `json:"machine"`
	Rows    []row             `json:"rows"`
	Skipped map[string]string `json:"skipped,omitempty"` // peer → why
}

func main() {
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	peers := flag.String("peers", "bench/peers/decisions", "folder into which peers are installed")
	only := flag.String("only", "", "measure this engine alone (ours), without peers")
	seconds := flag.Float64("seconds", 1, "length of a round, roughly")
	people := flag.Int("people", 1_000_000, "households of the population row")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	r := report{Machine: load.ThisMachine(), Skipped: map[string]string{}}
	ms := models()
	ours, err := measureOurs(ms, *people)
	if err != nil {
		fmt.Fprintln(os.Stderr, "decisions:", err)
		os.Exit(1)
	}
	r.Rows = ours
	if *only == "" {
		theirs := runPeers(*peers, ms, *seconds, *people, r.Skipped)
		compare(ours, theirs)
		r.Rows = append(r.Rows, theirs...)
	}
	for i := range r.Rows {
		r.Rows[i].Results = nil
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		_ = enc.Encode(r)
		return
	}
	r.print(os.Stdout)
}

// print writes the table that stands in docs/bench-decisions.md.
func (r report) print(w io.Writer) {
	m := r.Machine
	fmt.Fprintf(w, "%d cores, %s, %s, %s; load average before the start %.2f\n\n", m.Cores, m.CPU, m.OS, m.Go, m.LoadAverage)
	var names, engines []string
	for _, x := range r.Rows {
		if !slices.Contains(names, x.Row) {
			names = append(names, x.Row)
		}
		if e := x.Engine + " " + x.Version; !slices.Contains(engines, e) {
			engines = append(engines, e)
		}
	}
	fmt.Fprintf(w, "|ns an evaluation|%s|\n|-|%s\n", strings.Join(engines, "|"), strings.Repeat("-:|", len(engines)))
	for _, n := range names {
		fmt.Fprintf(w, "|%s", n)
		for _, e := range engines {
			cell := ""
			for _, x := range r.Rows {
				if x.Row == n && x.Engine+" "+x.Version == e {
					if cell = figure(x.NsPerOp); x.Differs != "" {
						cell += " (differs)"
					}
				}
			}
			fmt.Fprintf(w, "|%s", cell)
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w)
	for _, x := range r.Rows {
		switch {
		case x.Differs != "":
			fmt.Fprintf(w, "- %s, %s: %s\n", x.Engine, x.Row, x.Differs)
		case x.Note != "":
			fmt.Fprintf(w, "- %s, %s: %s\n", x.Engine, x.Row, x.Note)
		}
		if x.Allocs != nil && *x.Allocs > 0 {
			fmt.Fprintf(w, "- %s, %s: %d allocations\n", x.Engine, x.Row, *x.Allocs)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(w, "- %s was skipped: %s\n", p, r.Skipped[p])
	}
}

func figure(ns float64) string {
	if ns < 100 {
		return fmt.Sprintf("%.1f", ns)
	}
	s := fmt.Sprintf("%.0f", ns)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// work is where the models lie for the peers.
func work(dir string, ms []model) (string, error) {
	data, err := encode(ms)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "models.json")
	return path, os.WriteFile(path, data, 0o644)
}
