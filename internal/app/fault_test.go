package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"passerelle/internal/platform/clock"
)

// TestFaults starts the real binary, submits applications over HTTP and makes the
// disk fail under it: fsync returns an error, or there is no space left. Nothing is
// acknowledged that is not durable; whoever gets no receipt reads in their language
// what happened; what can be read is read; and afterwards everything acknowledged is
// there, once, and what was refused can be sent again with the same key.
//
// The error of fsync is made by strace, which lets the kernel believe that the call
// was not made. That the disk keeps what it promised is not shown.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	n := often(t, "FAULTS", 2)
	t.Run("fsync fails under Passerelle on SQLite", func(t *testing.T) { fsyncFailsOnSQLite(t, n) })
	t.Run("fsync fails under PostgreSQL", func(t *testing.T) { fsyncFailsUnderPostgreSQL(t, n/2) })
	t.Run("the disk is full", func(t *testing.T) { diskFull(t, n) })
}

// interval is from one instant to another.
type interval struct{ from, to time.Time }

func fsyncFailsOnSQLite(t *testing.T, n int) {
	s, log := quiet(newVictim(t, ""))
	s.start()
	people := s.crowd()
	refused := 0
	for i := range n {
		var f *failing
		s.load(people, func() { f = failFsync(t, s.cmd.Process.Pid) })
		from := clock.System{}.Now()
		var wg sync.WaitGroup
		for _, p := range people {
			wg.Go(func() {
				for range 3 {
					p.refused(t, p.send(newKey()))
				}
				p.refused(t, p.send(newFileKey()))
				p.refusedPage(t)
				p.reads(t)
			})
		}
		wg.Wait()
		to := clock.System{}.Now()
		if s.writable() {
			t.Error("/readyz says that it writes")
		}
		if i%2 == 0 { // it begins anew on what was written and not synced
			if err := s.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = s.cmd.Wait()
			f.end()
			s.start()
		} else {
			f.end()
		}
		refused += s.recover(people)
		noneBetween(t, people, interval{from, to})
	}
	all, lost, twice := s.reckon(people)
	told(t, log, "the disk of the database fails")
	t.Logf("fsync failed %d times; %d applications acknowledged, %d of them refused at first; %d lost, %d twice", n, all, refused, lost, twice)
}

// PostgreSQL ends itself when fsync fails, and recovers from what it has on the disk.
// Whoever submits meanwhile waits where something is written already, and reads that
// the service cannot answer where it is only read.
func fsyncFailsUnderPostgreSQL(t *testing.T, n int) {
	c := postgres(t)
	s, _ := quiet(newVictim(t, c.URL))
	s.start()
	people := s.crowd()
	refused := 0
	for range n {
		var during interval
		s.load(people, func() {
			family, err := c.Processes()
			if err != nil {
				t.Fatal(err)
			}
			f := failFsync(t, family...)
			during.from = clock.System{}.Now()
			f.ended() // with the server
			during.to = clock.System{}.Now()
			if err := c.Again(); err != nil {
				t.Fatal(err)
			}
		})
		refused += s.recover(people)
		noneBetween(t, people, during)
	}
	all, lost, twice := s.reckon(people)
	t.Logf("fsync failed %d times; %d applications acknowledged, %d of them without an answer at first; %d lost, %d twice", n, all, refused, lost, twice)
}

func diskFull(t *testing.T, n int) {
	s, log := quiet(newVictim(t, ""))
	s.disk = newDisk(t, filepath.Dir(s.data), 96<<20)
	s.start()
	people := s.crowd()
	refused, fitted := 0, 0
	for range n {
		s.load(people, s.disk.fill)
		for _, p := range people {
			err := p.send(newKey())
			for err == nil { // the log has some space left
				fitted++
				err = p.send(newKey())
			}
			p.refused(t, err)
			p.refused(t, p.send(newFileKey()))
			p.reads(t)
		}
		if s.writable() {
			t.Error("/readyz says that it writes")
		}
		s.disk.free()
		refused += s.recover(people)
	}
	all, lost, twice := s.reckon(people)
	told(t, log, "the disk of the database is full", "no space left on device")
	t.Logf("the disk was full %d times; %d applications acknowledged, %d of them on the full disk and %d refused at first; %d lost, %d twice", n, all, fitted, refused, lost, twice)
}

// quiet keeps the server's log, which is long while all fails, for a failed test.
func quiet(s *victim) (*victim, *bytes.Buffer) {
	var log bytes.Buffer
	s.log = &log
	s.t.Cleanup(func() {
		if s.t.Failed() && s.cmd.ProcessState != nil { // nobody writes any more
			s.t.Logf("the server's log ends with\n%s", log.Bytes()[max(0, log.Len()-8000):])
		}
	})
	return s, &log
}

// told fails unless an operator reads what was the matter.
func told(t *testing.T, log *bytes.Buffer, causes ...string) {
	t.Helper()
	for _, cause := range causes {
		if !strings.Contains(log.String(), cause) {
			t.Errorf("the log does not say %q", cause)
		}
	}
}

// crowd signs in those who submit.
func (s *victim) crowd() []*person {
	people := make([]*person, senders)
	for i := range people {
		people[i] = s.signIn(i)
	}
	return people
}

// load lets everybody submit, calls fault after some acknowledgements, and returns
// when everybody was refused, or left without an answer, or asked to stop.
func (s *victim) load(people []*person, fault func()) {
	acknowledged, over := make(chan struct{}, senders), make(chan struct{})
	var wg sync.WaitGroup
	for _, p := range people {
		wg.Go(func() { p.submitUntil(over, acknowledged) })
	}
	for range 1 + rand.IntN(between) {
		<-acknowledged
	}
	fault()
	close(over)
	wg.Wait()
}

// recover sends again what was not acknowledged: how many those were. Nobody has to
// start anything for it.
func (s *victim) recover(people []*person) (sent int) {
	s.t.Helper()
	for _, p := range people {
		sent += len(p.doubtful)
		p.again(s.t)
	}
	if !s.writable() {
		s.t.Error("/readyz says that it does not write")
	}
	return sent
}

// noneBetween fails for every application that was sent, and acknowledged, while
// nothing could become durable.
func noneBetween(t *testing.T, people []*person, during interval) {
	t.Helper()
	for _, p := range people {
		for key, w := range p.when {
			if w.from.After(during.from) && w.to.Before(during.to) {
				t.Errorf("key %s was acknowledged while every fsync failed", key)
			}
		}
	}
}

// writable asks /readyz, which also says that requests may come.
func (s *victim) writable() bool {
	s.t.Helper()
	resp, err := http.Get("http://" + s.addr + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var told struct {
		Ready bool
		Parts map[string]bool
	}
	if err := json.NewDecoder(resp.Body).Decode(&told); err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !told.Ready || !told.Parts["database"] {
		s.t.Errorf("/readyz: %s %+v", resp.Status, told)
	}
	return told.Parts["writes"]
}

// refused fails unless err is the answer of a service that cannot write, in the
// person's language.
func (p *person) refused(t *testing.T, err error) {
	t.Helper()
	var r *refusal
	if !errors.As(err, &r) {
		t.Errorf("acknowledged, or no answer: %v", err)
		return
	}
	if r.status != http.StatusServiceUnavailable || r.lang != p.lang || !strings.Contains(r.text, "unavailable") {
		t.Errorf("%s reads %d in %s: %s", p.lang, r.status, r.lang, r.text)
	}
}

// refusedPage begins a form, as a browser without scripts does.
func (p *person) refusedPage(t *testing.T) {
	t.Helper()
	resp, err := p.http.Post(p.base+"/"+p.lang+"/services/business-permit/apply", "application/x-www-form-urlencoded", nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	page, err := goquery.NewDocumentFromReader(resp.Body)
	if err != nil {
		t.Error(err)
		return
	}
	if resp.StatusCode != http.StatusServiceUnavailable || page.Find("html").AttrOr("lang", "") != p.lang ||
		page.Find("main [data-error=unavailable] p").Length() < 3 {
		t.Errorf("a form begins with %s: %s", resp.Status, page.Find("main").Text())
	}
}

// reads fails unless what needs no writing is shown.
func (p *person) reads(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/services", "/services/cost-of-living-allowance", "/cases"} {
		resp, err := p.http.Get(p.base + "/" + p.lang + path)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// withFile begins the keys of allowances that come with a file, larger than what is
// held in memory.
const withFile = "allowance with a file"

func newFileKey() string { return withFile + newKey() }

// attached makes a form of an application and a file.
func attached(application string) (body, kind string) {
	var b strings.Builder
	w := multipart.NewWriter(&b)
	_ = w.WriteField("submission", strings.Replace(application, `"otherIncome": false`, `"otherIncome": true, "otherIncomes": [{"kind": "rent", "amount": 500}]`, 1))
	f, _ := w.CreateFormFile("proofs", "lease.pdf") // a builder takes everything
	_, _ = io.WriteString(f, "%PDF-1.7 "+strings.Repeat("a lease ", 1<<17))
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// failing is strace on processes whose fsync fails.
type failing struct {
	t   *testing.T
	cmd *exec.Cmd
	log string
}

// failFsync makes every fsync of the processes, and of those that they start, fail
// with an input/output error, and returns when it does.
func failFsync(t *testing.T, processes ...int) *failing {
	t.Helper()
	f := &failing{t: t, log: filepath.Join(t.TempDir(), "strace")}
	args := []string{"-f", "-o", f.log, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"}
	for _, pid := range processes {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	f.cmd = exec.Command("strace", args...)
	says, err := f.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Skipf("SKIP: %v (Debian: apt-get install strace)", err)
	}
	t.Cleanup(func() { _ = f.cmd.Process.Kill() })
	lines := bufio.NewScanner(says)
	for attached := 0; attached < len(processes); {
		if !lines.Scan() {
			t.Skip("SKIP: strace ended before it had attached to the server")
		}
		switch {
		case strings.Contains(lines.Text(), "Operation not permitted"):
			t.Skipf("SKIP: the system does not let one process change another's calls (kernel.yama.ptrace_scope): %s", lines.Text())
		case strings.Contains(lines.Text(), " attached"):
			attached++
		}
	}
	go func() { _, _ = io.Copy(io.Discard, says) }()
	return f
}

// end lets fsync work again.
func (f *failing) end() {
	f.t.Helper()
	_ = f.cmd.Process.Signal(os.Interrupt) // it may have ended with its processes
	f.ended()
}

// ended waits until strace has ended, by itself with the last of its processes.
func (f *failing) ended() {
	f.t.Helper()
	_ = f.cmd.Wait() // its exit code is that of a process it followed, or the signal's
	text, err := os.ReadFile(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	if !strings.Contains(string(text), "(INJECTED)") {
		f.t.Error("no fsync failed: nothing was shown")
	}
}

// disk is a file system of its own, small enough to fill, which ends with the test:
// it is mounted where only a process that sleeps, and whoever enters there, sees it.
type disk struct {
	t      *testing.T
	dir    string // where it is mounted
	holder int
	root   bool
}

func newDisk(t *testing.T, dir string, size int) *disk {
	t.Helper()
	d := &disk{t: t, dir: dir, root: os.Geteuid() == 0}
	args := []string{"--mount"}
	if !d.root {
		args = append(args, "--user", "--map-root-user")
	}
	args = append(args, "sh", "-c", `mount -t tmpfs -o size="$2" tmpfs "$1" && mkdir "$1/tmp" && echo mounted && exec sleep infinity`, "sh", dir, strconv.Itoa(size))
	cmd := exec.Command("unshare", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var says strings.Builder
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Skipf("SKIP: %v (Debian: util-linux)", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if lines := bufio.NewScanner(out); !lines.Scan() {
		_ = cmd.Wait()
		t.Skipf("SKIP: the system lets nobody mount a disk of their own: %s", says.String())
	}
	d.holder = cmd.Process.Pid
	return d
}

// enter is the command that runs another where the disk is mounted, with its
// temporary files on it as on a machine with one disk.
func (d *disk) enter() []string {
	args := []string{"nsenter", "--target", strconv.Itoa(d.holder), "--mount"}
	if !d.root {
		args = append(args, "--user", "--preserve-credentials")
	}
	return append(args, "env", "TMPDIR="+filepath.Join(d.dir, "tmp"))
}

// outside is a path on the disk as this process reaches it.
func (d *disk) outside(path string) string { return fmt.Sprintf("/proc/%d/root%s", d.holder, path) }

// fill takes all the space there is.
func (d *disk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.outside(filepath.Join(d.dir, "ballast")), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1<<12; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
}

// free gives the space back.
func (d *disk) free() {
	d.t.Helper()
	if err := os.Remove(d.outside(filepath.Join(d.dir, "ballast"))); err != nil {
		d.t.Fatal(err)
	}
}

// copied brings a folder to where it can be opened by its path.
func (d *disk) copied(dir string) string {
	d.t.Helper()
	to := filepath.Join(d.t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(d.outside(dir))); err != nil {
		d.t.Fatal(err)
	}
	return to
}
