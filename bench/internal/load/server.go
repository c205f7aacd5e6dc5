package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"passerelle/internal/platform/db/dbtest"
)

// Options say what is measured.
type Options struct {
	Database string // URL of an empty database; "" is SQLite in Dir
	Postgres bool   // a temporary PostgreSQL with fsync, instead of Database
	Dir      string // where data and database lie; "" is a temporary folder
	Binary   string // a built server; "" builds one
}

// Server is a running server.
type Server struct {
	URL       string
	Dir       string
	Dialect   string // sqlite or postgresql
	StartedIn time.Duration
	cmd       *exec.Cmd
	done      chan error
	cleanup   []func() error
}

// Start builds and starts a server of the demonstration, without cases and
// without rate limits, and waits until it is ready.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{Dir: o.Dir, Dialect: "sqlite", done: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "passerelle-bench-"); err != nil {
			return nil, err
		}
		s.cleanup = append(s.cleanup, func() error { return os.RemoveAll(s.Dir) })
	}
	if o.Postgres {
		c, err := dbtest.StartCluster(dbtest.Durable)
		if err != nil {
			return nil, err
		}
		s.cleanup = append(s.cleanup, c.Stop)
		o.Database = c.URL
	}
	if strings.HasPrefix(o.Database, "postgres") {
		s.Dialect = "postgresql"
	}
	if o.Binary == "" {
		if o.Binary, err = build(ctx, s.Dir); err != nil {
			return nil, err
		}
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s.URL = "http://" + addr
	file := filepath.Join(s.Dir, "passerelle.yaml")
	if err := os.WriteFile(file, []byte(configuration(addr, s.Dir, o.Database)), 0o600); err != nil {
		return nil, err
	}
	s.cmd = exec.CommandContext(ctx, o.Binary, "serve", "--config", file)
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.StartedIn = time.Since(begin)
	return s, nil
}

func build(ctx context.Context, dir string) (string, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "passerelle")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/passerelle")
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func configuration(addr, dir, database string) string {
	text := fmt.Sprintf("server:\n  listen: %q\n  public_url: %q\n  data_dir: %q\n"+
		"limits:\n  requests_per_minute: 0\n  account_per_minute: 0\nlog:\n  level: warn\ndemo:\n  on: true\n",
		addr, "http://"+addr, filepath.Join(dir, "data"))
	if database != "" {
		text += fmt.Sprintf("database:\n  url: %q\n", database)
	}
	return text
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("the server ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Memory returns the server's resident memory now and at its highest, in MB.
func (s *Server) Memory() (now, peak float64, err error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	return kilobytes(string(status), "VmRSS:") / 1024, kilobytes(string(status), "VmHWM:") / 1024, nil
}

func kilobytes(status, name string) float64 {
	_, rest, _ := strings.Cut(status, name)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(fields[0], 64)
	return n
}

// CPU returns the processor time that the server has used.
func (s *Server) CPU() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // after the name, which may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc: short stat")
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, nil // clock ticks of 1/100 s
}

// Stop ends the server and removes what was made for it.
func (s *Server) Stop() error {
	var errs []error
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(30 * time.Second):
			_ = s.cmd.Process.Kill()
			errs = append(errs, errors.New("the server did not stop in 30 s"))
		}
	}
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		errs = append(errs, s.cleanup[i]())
	}
	return errors.Join(errs...)
}
