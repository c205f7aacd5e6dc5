package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Mode says how a cluster treats the disk.
type Mode string

const (
	Quick   Mode = "off" // no fsync: for tests
	Durable Mode = "on"  // as in production: for benchmarks
)

// Cluster is a temporary PostgreSQL server that listens on a unix socket in
// its own folder. It stops, and its folder goes, when Stop is called or when
// the process that started it ends in whatever way.
type Cluster struct {
	URL  string // of its first database; the user may do everything
	dir  string
	life io.WriteCloser
	done chan error
}

// ErrNoBinaries is returned by StartCluster where PostgreSQL is not installed.
var ErrNoBinaries = errors.New("no initdb and postgres in PATH or /usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)")

// supervise runs the server until its standard input, the pipe from the
// starting process, is closed; for each line it starts a killed server again. $1
// binaries, $2 folder, $3 fsync, $4 memory for pages.
const supervise = `
start() {
	"$1/postgres" -D "$2/data" -c listen_addresses= -c unix_socket_directories="$2" \
		-c fsync="$3" -c full_page_writes="$3" -c max_connections=400 -c shared_buffers="$4" \
		-c autovacuum_naptime=20s -c log_min_messages=fatal >>"$2/log" 2>&1 </dev/null &
	server=$!
}
start "$@"
while read -r _; do
	wait $server
	start "$@"
done
kill -QUIT $server
wait $server
cd / && rm -rf "$2"
`

// StartCluster makes and starts a cluster; it takes about two seconds. As
// root it runs as user postgres or nobody, because the server refuses root.
func StartCluster(mode Mode) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := identity()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "pg") // short: a socket's path has at most 107 bytes
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C.UTF-8")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		return cmd
	}
	initdb := run(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "passerelle", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out)), os.RemoveAll(dir))
	}
	buffers := "64MB"
	if mode == Durable {
		buffers = "512MB" // little for a server, but more than a few hundred thousand rows
	}
	cmd := run("/bin/sh", "-c", supervise, "supervise", bin, dir, string(mode), buffers)
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c := &Cluster{URL: "postgres://passerelle@/postgres?host=" + dir + "&sslmode=disable", dir: dir, life: life, done: make(chan error, 1)}
	go func() { c.done <- cmd.Wait() }()
	if err := c.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		_ = c.Stop()
		return nil, fmt.Errorf("start PostgreSQL: %w: %s", err, bytes.TrimSpace(log))
	}
	return c, nil
}

// ready asks until the server answers.
func (c *Cluster) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Kill ends every process of the server with SIGKILL, and starts it again on the
// same folder. It returns when the server has recovered and answers.
func (c *Cluster) Kill() error {
	server, err := c.server()
	if err != nil {
		return err
	}
	// Stopped, it can neither start a process meanwhile nor tidy up after one.
	if err := syscall.Kill(server, syscall.SIGSTOP); err != nil {
		return err
	}
	for !stopped(server) { // a process that it was just starting would be missed below
		time.Sleep(time.Millisecond)
	}
	family, err := children(server)
	if err != nil {
		return err
	}
	for _, pid := range append(family, server) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	for _, pid := range family { // one that still lives holds the shared memory, and the new server would not start
		for syscall.Kill(pid, 0) == nil {
			time.Sleep(time.Millisecond)
		}
	}
	return c.Again()
}

// Processes are those of the running server, the one that starts the others first.
func (c *Cluster) Processes() ([]int, error) {
	server, err := c.server()
	if err != nil {
		return nil, err
	}
	family, err := children(server)
	return append([]int{server}, family...), err
}

// Again starts a server that has ended, on the same folder, and returns when it has
// recovered and answers.
func (c *Cluster) Again() error {
	if _, err := io.WriteString(c.life, "again\n"); err != nil {
		return err
	}
	if err := c.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return fmt.Errorf("start PostgreSQL again: %w: %s", err, bytes.TrimSpace(log[max(len(log)-2000, 0):]))
	}
	return nil
}

// server is the process that starts all others of the cluster.
func (c *Cluster) server() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.dir, "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return 0, fmt.Errorf("postmaster.pid: %w", err)
	}
	return pid, nil
}

// CPU is the processor time that the server's processes have used, from Linux's
// /proc.
func (c *Cluster) CPU() (time.Duration, error) {
	server, err := c.server()
	if err != nil {
		return 0, err
	}
	family, err := children(server)
	if err != nil {
		return 0, err
	}
	ticks := 0
	for _, pid := range append(family, server) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // ended meanwhile: the server has its time
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for i := 11; i < 15 && i < len(fields); i++ { // user and system, its own and of children that ended
			n, err := strconv.Atoi(fields[i])
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / 100, nil // USER_HZ
}

// stopped reports whether a process stands still, from Linux's /proc; one that is
// gone does.
func stopped(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return len(fields) > 0 && strings.ContainsAny(fields[0], "TtZX")
}

// children are the processes whose parent is pid, from Linux's /proc.
func children(pid int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []int
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // ended meanwhile
		}
		// pid (name, which may hold anything) state parent …
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				return nil, err
			}
			all = append(all, child)
		}
	}
	return all, nil
}

// Stop ends the server and removes its folder.
func (c *Cluster) Stop() error {
	_ = c.life.Close()
	<-c.done // the supervisor's exit code is the killed server's: no news
	return nil
}

// binaries finds the folder of initdb and postgres, the newest of Debian's.
func binaries() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(dirs, func(i, j int) bool { return version(dirs[i]) > version(dirs[j]) })
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append([]string{filepath.Dir(p)}, dirs...)
		}
	}
	for _, dir := range dirs {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", ErrNoBinaries
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// identity is who the server runs as: nil for ourselves.
func identity() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
}
