package app

import (
	"bufio"
	"context"
	"encoding/json"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/web"
)

// The load of the test: how many people submit at once, and how often the
// server is killed under it, each time after that many acknowledgements.
const (
	senders = 8
	kills   = 4
	between = 40
)

// TestKilledUnderLoad starts the real binary, submits applications over HTTP
// and kills the server at random moments. Whatever was acknowledged is there
// afterwards, once, with the same receipt; whatever was not can be sent again
// with the same key; and no case stands where nobody would find it.
func TestKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "passerelle")
	if out, err := exec.Command("go", "build", "-o", binary, "passerelle/cmd/passerelle").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := &victim{t: t, binary: binary, data: filepath.Join(dir, "data"), addr: freeAddress(t)}
	s.start()
	people := make([]*person, senders)
	for i := range people {
		people[i] = s.signIn(i)
	}

	doubtful := 0
	for range kills {
		acknowledged := make(chan struct{}, senders)
		dead := make(chan struct{})
		var wg sync.WaitGroup
		for _, p := range people {
			wg.Go(func() { p.submitUntil(dead, acknowledged) })
		}
		for range 1 + rand.IntN(between) {
			<-acknowledged
		}
		s.kill()
		close(dead)
		wg.Wait()
		s.start()
		for _, p := range people {
			doubtful += len(p.doubtful)
			p.again(t)
		}
	}

	sent := map[string]answer{} // by case
	for _, p := range people {
		for key, first := range p.receipts {
			got, err := p.submit(key)
			if err != nil || got != first {
				t.Errorf("key %s: %+v %v, acknowledged was %+v", key, got, err, first)
			}
			if other, twice := sent[got.Case]; twice {
				t.Errorf("one case for two keys: %+v and %+v", got, other)
			}
			sent[got.Case] = got
		}
	}
	t.Logf("%d applications, %d of them without an answer at first, %d kills", len(sent), doubtful, kills)
	s.stop()
	s.inspect(sent)
}

// victim is the server as a process.
type victim struct {
	t                  *testing.T
	binary, data, addr string
	cmd                *exec.Cmd
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
	s.cmd = exec.Command(s.binary, "demo", "--cases", "0", "--data", s.data, "--addr", s.addr)
	s.cmd.Stderr = os.Stderr
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

func (s *victim) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
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
	http     *http.Client
	receipts map[string]answer // acknowledged, by key
	doubtful []string          // keys without an answer
}

// signIn passes the provider's page of personas, as a browser does.
func (s *victim) signIn(i int) *person {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &person{base: "http://" + s.addr, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}, receipts: map[string]answer{}}
	resp, err := p.http.Get(p.base + "/en/sign-in?then=/services")
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

// submit sends one application; the key says which.
func (p *person) submit(key string) (answer, error) {
	service, body := "certificate-of-residence", certificate
	if strings.HasPrefix(key, "allowance") {
		service, body = "cost-of-living-allowance", allowance
	}
	req, err := http.NewRequest(http.MethodPost, p.base+"/api/v1/services/"+service+"/applications", strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
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
	if resp.StatusCode != http.StatusCreated {
		return answer{}, fmt.Errorf("%s: %s", resp.Status, text)
	}
	var a answer
	return a, json.Unmarshal(text, &a)
}

// submitUntil sends one application after the other until the server is dead.
func (p *person) submitUntil(dead <-chan struct{}, acknowledged chan<- struct{}) {
	for {
		key := fmt.Sprintf("%s-%016x", []string{"allowance", "certificate"}[rand.IntN(2)], rand.Uint64())
		a, err := p.submit(key)
		if err != nil {
			p.doubtful = append(p.doubtful, key)
			<-dead
			return
		}
		p.receipts[key] = a
		select {
		case acknowledged <- struct{}{}:
		case <-dead:
			return
		}
	}
}

// again sends what had no answer.
func (p *person) again(t *testing.T) {
	t.Helper()
	for _, key := range p.doubtful {
		a, err := p.submit(key)
		if err != nil {
			t.Fatal(err)
		}
		p.receipts[key] = a
	}
	p.doubtful = nil
}

// inspect opens what the server left behind, finishes what was under way, and
// looks at every case.
func (s *victim) inspect(sent map[string]answer) {
	t, ctx := s.t, context.Background()
	a, err := New(ctx, config.Demo(s.data, s.addr), slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
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
}
