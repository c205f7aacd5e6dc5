package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"passerelle/internal/platform/db/dbtest"
)

// temporalCLI holds the development server; it is the newest version that can be
// installed by itself: later ones replace a part that the module proxy lacks.
const temporalCLI = "github.com/temporalio/cli/cmd/temporal@v1.5.1"

// measurePeers installs and measures the peers, one after the other; one that
// cannot be is skipped.
func (r *report) measurePeers(ctx context.Context, o options) {
	home, err := filepath.Abs(o.peers)
	if err == nil {
		err = unpack(ctx, home)
	}
	if err != nil {
		r.Skipped["peers"] = err.Error()
		return
	}
	if err := r.jvm(ctx, o, filepath.Join(home, "jvm")); err != nil {
		r.Skipped["camunda, flowable"] = err.Error()
	}
	if err := r.temporal(ctx, o, filepath.Join(home, "temporal")); err != nil {
		r.Skipped["temporal"] = err.Error()
	}
}

// jvm measures Camunda and Flowable on PostgreSQL, reached through its socket as
// by ours, and on H2, which is to them what SQLite is to us.
func (r *report) jvm(ctx context.Context, o options, home string) error {
	if _, err := command(ctx, home, "mvn", "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath"); err != nil {
		return err
	}
	for _, e := range []struct{ program, name, version string }{{"camunda", "Camunda", "7.24.0"}, {"flowable", "Flowable", "7.2.0"}} {
		for _, database := range []string{"H2 file", postgreSQL} {
			if err := r.engine(ctx, o, home, e.program, row{Engine: e.name, Version: e.version, Database: database,
				Note: "history audit, the task is searched by its instance; in one JVM, after a warm-up of 10 s"}); err != nil {
				r.Skipped[e.name+" on "+database] = err.Error()
			}
		}
	}
	return nil
}

func (r *report) engine(ctx context.Context, o options, home, program string, as row) error {
	address := "jdbc:h2:file:" + filepath.Join(home, "h2", program) + ";WRITE_DELAY=0"
	if err := os.RemoveAll(filepath.Join(home, "h2")); err != nil {
		return err
	}
	if as.Database == postgreSQL {
		c, err := dbtest.StartCluster(dbtest.Durable)
		if err != nil {
			return err
		}
		defer func() { _ = c.Stop() }()
		u, err := url.Parse(c.URL)
		if err != nil {
			return err
		}
		address = "jdbc:postgresql://localhost/postgres?sslmode=disable&socketFactory=org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg&socketFactoryArg=" +
			filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
	}
	fmt.Fprintf(os.Stderr, "measuring %s on %s\n", as.Engine, as.Database)
	out, err := command(ctx, home, "sh", "-c", `exec java -XX:+UseSerialGC -Xmx2g -cp "target/classes:$(cat classpath)" Bench "$@"`, "sh",
		program, address, commas(o.clients), strconv.FormatFloat(o.length.Seconds(), 'f', -1, 64))
	return r.take(out, as, err)
}

// temporal measures the development server with its database in a file.
func (r *report) temporal(ctx context.Context, o options, home string) error {
	install := exec.CommandContext(ctx, "go", "install", temporalCLI)
	install.Env = append(os.Environ(), "GOBIN="+home, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("go install %s: %w: %s", temporalCLI, err, last(out))
	}
	if _, err := command(ctx, home, "go", "build", "-o", "worker", "."); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(home, "data")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, "data"), 0o755); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	server := exec.CommandContext(ctx, "./temporal", "server", "start-dev", "--headless", "--port", port, "--db-filename", "data/temporal.db", "--log-level", "error")
	server.Dir = home
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		cancel()
		return err
	}
	defer func() { cancel(); _ = server.Wait() }() // it was killed: its answer is no news
	fmt.Fprintln(os.Stderr, "measuring Temporal")
	out, err := command(ctx, home, "./worker", address, commas(o.clients), strconv.FormatFloat(o.length.Seconds(), 'f', -1, 64))
	return r.take(out, row{Engine: "Temporal", Version: "1.29.1", Database: "SQLite",
		Note: "development server with a file; the service task is an activity, the user task a signal"}, err)
}

// take adds the lines that a peer printed.
func (r *report) take(out []byte, as row, err error) error {
	for line := range bytes.Lines(out) {
		x := as
		if json.Unmarshal(line, &x) == nil && x.PerSecond > 0 {
			r.Rows = append(r.Rows, x)
		}
	}
	return err
}

func commas(all []int) string {
	var text []string
	for _, n := range all {
		text = append(text, strconv.Itoa(n))
	}
	return strings.Join(text, ",")
}

// command runs a program in a folder and returns what it printed.
func command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, last(append(out, stderr.Bytes()...)))
	}
	return out, err
}

// unpack copies the peers' sources to where they are installed. They cannot be
// embedded: one of them is a Go module of its own.
func unpack(ctx context.Context, home string) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	sources := os.DirFS(filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "bench", "processes", "peers"))
	return fs.WalkDir(sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(home, name)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := fs.ReadFile(sources, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench measures the server with its own program: an update, a select, an
// insert and a commit a transaction (-N), scale 10.
func pgbench(ctx context.Context, url string, clients int, length time.Duration) (float64, error) {
	if _, err := command(ctx, "", "pgbench", "-i", "-q", "-s", "10", url); err != nil {
		return 0, err
	}
	out, err := command(ctx, "", "pgbench", "-N", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(int(length.Seconds())), url)
	if err != nil {
		return 0, err
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said: %s", last(out))
	}
	f, err := strconv.ParseFloat(string(m[1]), 64)
	return float64(int(f)), err
}

// last is the end of what a program printed.
func last(out []byte) string {
	s := string(bytes.TrimSpace(out))
	return s[max(0, len(s)-400):]
}
