package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/web"
)

// The load of the tests: how many people submit at once, and after how many
// acknowledgements at the most something is killed under it.
const (
	senders = 8
	between = 40
)

// often is how often a test does something: as the environment says, or a few times.
func often(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < few {
		t.Fatalf("%s=%s: want a number from %d", name, text, few)
	}
	return n
}

// TestCrash starts the real binary, submits applications over HTTP and kills at
// random moments: the binary on each of the databases, and the database under it.
// Whatever was acknowledged is there afterwards, once, with the same receipt;
// whatever was not can be sent again with the same key; and no case stands where
// nobody would find it.
//
// It ends processes, not the machine: that the disk keeps what it promised is not
// shown.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	n := often(t, "KILLS", 4)
	server := func(t *testing.T, database string) *victim {
		s := newVictim(t, database)
		s.start()
		return s
	}
	t.Run("Passerelle on SQLite", func(t *testing.T) {
		s := server(t, "")
		s.survive((n+1)/2, s.again)
	})
	t.Run("Passerelle on PostgreSQL", func(t *testing.T) {
		s := server(t, postgres(t).URL)
		s.survive(n/2, s.again)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		c := postgres(t)
		server(t, c.URL).survive(n/4, c.Kill)
	})
}

// postgres starts a server that treats the disk as in production.
func postgres(t *testing.T) *dbtest.Cluster {
	t.Helper()
	c, err := dbtest.StartCluster(dbtest.Durable)
	if errors.Is(err, dbtest.ErrNoBinaries) {
		t.Skipf("SKIP: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	return c
}

// survive lets people submit while kill is called n times, which returns when what
// it killed runs again, and fails for all that is lost, doubled or stuck.
func (s *victim) survive(n int, kill func() error) {
	t := s.t
	people := make([]*person, senders)
	for i := range people {
		people[i] = s.signIn(i)
	}
	doubtful := 0
	for range n {
		acknowledged := make(chan struct{}, senders)
		dead := make(chan struct{})
		var wg sync.WaitGroup
		for _, p := range people {
			wg.Go(func() { p.submitUntil(dead, acknowledged) })
		}
		for range 1 + rand.IntN(between) {
			<-acknowledged
		}
		err := kill()
		close(dead)
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			doubtful += len(p.doubtful)
			p.again(t)
		}
	}
	sent, lost, twice := s.reckon(people)
	t.Logf("killed %d times; %d applications acknowledged, %d of them without an answer at first; %d lost, %d twice", n, sent, doubtful, lost, twice)
}

// reckon asks for every receipt again, ends the server and looks at what it left
// behind. It fails for all that is lost, doubled or stuck.
func (s *victim) reckon(people []*person) (all, lost, twice int) {
	t := s.t
	t.Helper()
	sent := map[string]answer{} // by case
	for _, p := range people {
		for key, first := range p.receipts {
			got, err := p.submit(key)
			if err != nil || got != first {
				lost++
				t.Errorf("key %s: %+v %v, acknowledged was %+v", key, got, err, first)
			}
			if other, known := sent[got.Case]; known {
				twice++
				t.Errorf("one case for two keys: %+v and %+v", got, other)
			}
			sent[got.Case] = got
		}
	}
	s.stop()
	if s.disk != nil { // what stands there is out of reach for this process
		s.data = s.disk.copied(s.data)
	}
	s.inspect(sent)
	return len(sent), lost, twice
}

// victim is the server as a process.
type victim struct {
	t                  *testing.T
	binary, data, addr string
	database           string // "" for SQLite
	disk               *disk  // of its own, or nil
	log                io.Writer
	cmd                *exec.Cmd
}

// newVictim is a server on an empty folder, not started yet.
func newVictim(t *testing.T, database string) *victim {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return &victim{t: t, binary: path, data: filepath.Join(t.TempDir(), "data"), addr: freeAddress(t), database: database, log: os.Stderr}
}

// binary builds the server, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "passerelle")
	if out, err := exec.Command("go", "build", "-o", path, "passerelle/cmd/passerelle").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// built is the folder of what the tests build.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "passerelle-app"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// start returns when the server says that it is open.
func (s *victim) start() {
	s.t.Helper()
	args := []string{s.binary, "demo", "--cases", "0", "--data", s.data, "--addr", s.addr, "--database", s.database}
	if s.disk != nil {
		args = append(s.disk.enter(), args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	process := s.cmd.Process
	s.t.Cleanup(func() { _ = process.Kill() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), s.addr) {
		s.t.Fatalf("the server says %q", lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

// again kills the server and starts it.
func (s *victim) again() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = s.cmd.Wait()
	s.start()
	return nil
}

// stop ends the server as an operator does.
func (s *victim) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server stops with %v", err)
	}
}

// answer is a receipt of the API.
type answer struct{ Case, Number, ReceivedAt, ContentHash string }

// person is a signed-in persona that submits applications.
type person struct {
	base     string
	lang     string // in which they signed in
	http     *http.Client
	receipts map[string]answer   // acknowledged, by key
	when     map[string]interval // from sending to the acknowledgement, by key
	doubtful []string            // keys without an answer
}

var languages = []string{"fr", "de", "lb", "en", "pt"}

// signIn passes the provider's page of personas, as a browser does.
func (s *victim) signIn(i int) *person {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &person{base: "http://" + s.addr, lang: languages[i%len(languages)], http: &http.Client{Jar: jar, Timeout: 20 * time.Second}, receipts: map[string]answer{}, when: map[string]interval{}}
	resp, err := p.http.Get(p.base + "/" + p.lang + "/sign-in?then=/services")
	if err != nil {
		s.t.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	forms := page.Find("form:has([name=subject])")
	form := forms.Eq(i % 4) // citizens come first
	values := url.Values{}
	form.Find("[name]").Each(func(_ int, x *goquery.Selection) { values.Set(x.AttrOr("name", ""), x.AttrOr("value", "")) })
	target, err := resp.Request.URL.Parse(form.AttrOr("action", ""))
	if err != nil || forms.Length() == 0 {
		s.t.Fatalf("%d personas at %s, %v", forms.Length(), resp.Request.URL, err)
	}
	if resp, err = p.http.PostForm(target.String(), values); err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("signed in with %s at %s", resp.Status, resp.Request.URL)
	}
	return p
}

// certificates are decided at once; allowances wait for a case worker.
const (
	certificate = `{"application": {"include": ["nationality"]}}`
	allowance   = `{"application": {"agreed": true, "otherIncome": false, "studentAid": false, "detention": false, "stay": "ordinary",
		"iban": "LU280019400644750000", "holder": "Test", "truthful": true, "changes": true}}`
)

// refusal is an answer that acknowledges nothing.
type refusal struct {
	status     int
	lang, text string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d: %s", r.status, r.text) }

// submit sends one application; the key says which.
func (p *person) submit(key string) (answer, error) {
	service, body, kind := "certificate-of-residence", certificate, "application/json"
	switch {
	case strings.HasPrefix(key, withFile):
		service = "cost-of-living-allowance"
		body, kind = attached(allowance)
	case strings.HasPrefix(key, "allowance"):
		service, body = "cost-of-living-allowance", allowance
	}
	req, err := http.NewRequest(http.MethodPost, p.base+"/api/v1/services/"+service+"/applications", strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Idempotency-Key", key)
	resp, err := p.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	if wait, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && resp.StatusCode == http.StatusTooManyRequests {
		time.Sleep(time.Duration(wait) * time.Second) // as long as the server asks for
		return p.submit(key)
	}
	if resp.StatusCode != http.StatusCreated {
		return answer{}, &refusal{resp.StatusCode, resp.Header.Get("Content-Language"), string(text)}
	}
	var a answer
	return a, json.Unmarshal(text, &a)
}

// submitUntil sends one application after the other until there is no answer.
func (p *person) submitUntil(dead <-chan struct{}, acknowledged chan<- struct{}) {
	for {
		if err := p.send(newKey()); err != nil {
			<-dead
			return
		}
		select {
		case acknowledged <- struct{}{}:
		case <-dead:
			return
		}
	}
}

// send submits for the first time, and keeps what came of it.
func (p *person) send(key string) error {
	from := clock.System{}.Now()
	a, err := p.submit(key)
	if err != nil {
		p.doubtful = append(p.doubtful, key)
		return err
	}
	p.receipts[key], p.when[key] = a, interval{from, clock.System{}.Now()}
	return nil
}

// newKey is a key that was never sent.
func newKey() string {
	return fmt.Sprintf("%s-%016x", []string{"allowance", "certificate"}[rand.IntN(2)], rand.Uint64())
}

// again sends what had no answer, and as a person would, once more where the
// server finds that its connections are gone.
func (p *person) again(t *testing.T) {
	t.Helper()
	for _, key := range p.doubtful {
		a, err := p.submit(key)
		for tries := 1; err != nil && tries < 10; tries++ {
			a, err = p.submit(key)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.receipts[key] = a
	}
	p.doubtful = nil
}

// once fails unless every decided case has told its applicant, and nothing was told
// twice: neither in the inbox, nor by mail, of which some may still be on its way.
func (s *victim) once(a *App, decided int) {
	s.t.Helper()
	count := func(query string) int {
		var found int
		if err := a.db.Read().QueryRowContext(context.Background(), query).Scan(&found); err != nil {
			s.t.Fatal(err)
		}
		return found
	}
	messages := count(`SELECT COUNT(*) FROM cases_message`)
	if messages != decided || count(`SELECT COUNT(DISTINCT case_id) FROM cases_message`) != decided {
		s.t.Errorf("%d messages about %d decisions", messages, decided)
	}
	mails, waiting := count(`SELECT COUNT(*) FROM mail_message`), count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.notice'`)
	if mails > messages || mails+waiting < messages {
		s.t.Errorf("%d mails and %d on their way for %d messages", mails, waiting, messages)
	}
}

// inspect opens what the server left behind, finishes what was under way, and
// looks at every case.
func (s *victim) inspect(sent map[string]answer) {
	t, ctx := s.t, context.Background()
	cfg := config.Demo(s.data, s.addr)
	cfg.Database.URL = s.database
	a, err := New(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.queue.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	if incidents, err := a.queue.Incidents(ctx, "", 10); err != nil || len(incidents) > 0 {
		t.Errorf("incidents %+v %v", incidents, err)
	}
	var n int
	if err := a.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM cases_case`).Scan(&n); err != nil || n != len(sent) {
		t.Errorf("%d cases for %d applications, %v", n, len(sent), err)
	}
	clerk := cases.Actor{Account: "clerk", Roles: []web.Role{{Authority: "rnpp", Name: cases.RoleCaseWorker}, {Authority: "fns", Name: cases.RoleCaseWorker}}}
	decided := 0
	for id, receipt := range sent {
		d, err := a.cases.Open(ctx, clerk, id, "test", true)
		if err != nil {
			t.Fatal(err)
		}
		if d.Number != receipt.Number || d.ContentHash != receipt.ContentHash {
			t.Errorf("%+v is not what was acknowledged: %+v", d.Case, receipt)
		}
		if err := d.Process().Verify(d.File.Process); err != nil {
			t.Error(err)
		}
		ended, waits := d.File.Process.Ended, len(d.File.Process.Waits())
		if ended != (d.Status == cases.Closed) || ended == (waits > 0) {
			t.Errorf("case %s is %s, ended %v, waits for %d", d.Number, d.Status, ended, waits)
		}
		certificates := 0
		if d.Service == "certificate-of-residence" {
			certificates = 1
			decided++
		}
		if ended != (certificates == 1) || len(d.Certificates) != certificates {
			t.Errorf("case %s is %s with %d certificates", d.Number, d.Status, len(d.Certificates))
		}
		for i, e := range d.Timeline {
			if e.Seq != int64(i+1) {
				t.Errorf("case %s: entry %d is %+v", d.Number, i+1, e)
			}
		}
	}
	s.once(a, decided)
}
