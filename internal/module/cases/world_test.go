package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// monday is the moment at which the tests begin: an ordinary Monday morning,
// with nanoseconds as a machine's clock has them.
var monday = time.Date(2025, 3, 3, 9, 0, 0, 123456789, time.UTC)

// iban is the example account of the registry of IBANs.
const iban = "LU280019400644750000"

// The people of the tests.
var (
	alice  = Actor{Account: "a-alice", Person: "1984010112345", Name: "Alice Exemple", GivenName: "Alice", Email: "alice@example.test", Lang: i18n.FR}
	bob    = Actor{Account: "a-bob", Person: "1990020212345", Name: "Bob Exemple", GivenName: "Bob", Lang: i18n.DE}
	fritz  = official("a-fritz", "Fritz", "fund", RoleCaseWorker)
	fiona  = official("a-fiona", "Fiona", "fund", RoleCaseWorker)
	pierre = official("a-pierre", "Pierre", "permits", RoleCaseWorker)
	paula  = official("a-paula", "Paula", "permits", RoleCaseWorker)
	helene = official("a-helene", "Hélène", "permits", RoleHeadOfUnit)
	oscar  = Actor{Account: "a-oscar", Name: "Oscar", Roles: []web.Role{{Name: "operator"}}}
)

func official(account, name, authority, role string) Actor {
	return Actor{Account: account, Name: name, Roles: []web.Role{{Authority: authority, Name: role}}}
}

// world is the module with everything around it that a test can touch.
type world struct {
	*Service
	t     testing.TB
	clock *clock.Shifted
	reg   *register
	bank  *bank
	post  *post
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := context.Background()
	for _, m := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, services.Migrate, Migrate} {
		if err := m(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	c := &clock.Shifted{Base: clock.Fixed(monday)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	q := work.New(d, c, log, work.Options{})
	w := &world{t: t, clock: c, reg: &register{}, bank: &bank{paid: map[string]int64{}}, post: &post{sent: map[string]mail.Message{}}}
	w.Service = New(Deps{
		DB: d, Clock: c, Queue: q, Events: event.New(q), Packages: packages(t), Evidence: w.reg, Payments: w.bank, Mail: w.post,
		Texts: i18ntest.Bundle(t, Locales), URL: "https://example.test", Log: log,
	})
	return w
}

// at moves the clock to an instant.
func (w *world) at(now time.Time) { w.clock.SetOffset(now.Sub(monday)) }

// pass lets time pass and does what becomes due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	w.run()
}

func (w *world) run() {
	w.t.Helper()
	if _, err := w.Queue.RunDue(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

const day = 24 * time.Hour

// wish is an application that fits every service of the tests.
func wish(hoped, amount string) form.Answers {
	a := form.Answers{"name": "Alice", "hoped": hoped, "amount": json.Number(amount), "iban": iban, "honest": true}
	if hoped == "judgement" {
		a["story"] = "It is a long story."
	}
	return a
}

func (w *world) submission(who Actor, service, key string, a form.Answers) Submission {
	return Submission{Service: service, Key: key, Actor: who, Lang: i18n.FR, Application: a, StartedAt: w.clock.Now().Add(-10 * time.Minute)}
}

// apply submits an application and fetches its evidence.
func (w *world) apply(who Actor, service, hoped string) string {
	w.t.Helper()
	a := wish(hoped, "1817.00")
	delete(a, "name") // a fact, fetched with the case
	r, err := w.Submit(context.Background(), w.submission(who, service, db.NewID(w.clock), a))
	if err != nil {
		w.t.Fatal(err)
	}
	w.run()
	return r.Case
}

// file is the case as its officers see it.
func (w *world) file(id string) *Dossier {
	w.t.Helper()
	c, err := w.store.byID(context.Background(), w.DB.Read(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := w.Open(context.Background(), official("a-auditor", "Auditor", c.Authority, RoleCaseWorker), id, "test", true)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// task is the id of the open or waiting task at an element.
func (w *world) task(id, element string) string {
	w.t.Helper()
	for _, t := range w.file(id).Tasks {
		if t.Element == element && (t.Status == TaskOpen || t.Status == TaskWaiting) {
			return t.ID
		}
	}
	w.t.Fatalf("no task at %s: %+v", element, w.file(id).Tasks)
	return ""
}

// payFee pays the fee of a permit.
func (w *world) payFee(who Actor, id string) {
	w.t.Helper()
	w.must(w.Paid(context.Background(), who, id, w.task(id, "fee"), "receipt"))
	w.run()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks the kind and the sentence of an error.
func refused(t testing.TB, err error, kind errs.Kind, key string) {
	t.Helper()
	if !errors.Is(err, errs.New(kind, key)) {
		t.Errorf("got %v, want %v %s", err, kind, key)
	}
}

// kinds are the kinds of a case's timeline, in order.
func kinds(d *Dossier) string {
	var all []string
	for _, e := range d.Timeline {
		all = append(all, e.Kind)
	}
	return strings.Join(all, " ")
}

// count runs a query that gives one number.
func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.DB.Read().QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// exec changes what is stored.
func (w *world) exec(query string) {
	w.t.Helper()
	w.must(w.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, query)
		return err
	}))
}

// register is a population register that can be out of order.
type register struct {
	mu    sync.Mutex
	down  bool
	asked int
	says  string // instead of the truth about Alice, if it says something
}

func (r *register) set(down bool) { r.mu.Lock(); r.down = down; r.mu.Unlock() }

func (r *register) Fetch(_ context.Context, q exchange.Request) (exchange.Evidence, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	switch {
	case r.down:
		return exchange.Evidence{}, errs.New(errs.Unavailable, "").Because("the register is out of order")
	case q.Subject == alice.Person && r.says != "":
		return exchange.Evidence{Type: q.Type, Subject: q.Subject, Source: "rnpp", AsOf: monday.Add(-day), Value: json.RawMessage(r.says)}, nil
	case q.Subject == alice.Person:
		return exchange.Evidence{Type: q.Type, Subject: q.Subject, Source: "rnpp", AsOf: monday.Add(-day), Value: json.RawMessage(`{"givenName":"Alice"}`)}, nil
	case q.Subject == bob.Person:
		return exchange.Evidence{Type: q.Type, Subject: q.Subject, Source: "rnpp", AsOf: monday.Add(-day), Value: json.RawMessage(`{"givenName":"Bob"}`)}, nil
	}
	return exchange.Evidence{}, errs.New(errs.NotFound, "")
}

// bank counts the cents it has paid out for each transfer.
type bank struct {
	mu    sync.Mutex
	paid  map[string]int64
	calls int

	received map[string]bool // charges that somebody paid without coming back
	after    func()          // runs when the money has left, before anybody is told
}

func (b *bank) Name() string { return "test" }

func (b *bank) Collect(_ context.Context, c Charge) (string, error) { return "/pay/" + c.ID, nil }

func (b *bank) Status(_ context.Context, id string) (string, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return "REF", b.received[id], nil
}

func (b *bank) Confirm(_ context.Context, _, receipt string) (string, error) {
	if receipt != "receipt" {
		return "", errs.New(errs.Invalid, "payments.receipt")
	}
	return "REF", nil
}

func (b *bank) PayOut(_ context.Context, o Transfer) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	b.paid[o.ID] = o.Cents
	if b.after != nil {
		b.after()
	}
	return "OUT", nil
}

// post keeps what was mailed.
type post struct {
	mu   sync.Mutex
	sent map[string]mail.Message

	mayRepeat bool // the same message again is no mistake
}

func (p *post) Send(_ context.Context, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, twice := p.sent[m.ID]; twice && !p.mayRepeat {
		return fmt.Errorf("message %s was sent twice", m.ID)
	}
	p.sent[m.ID] = m
	return nil
}

var (
	loadOnce sync.Once
	loaded   *pack.Set
	findings []pack.Finding
)

// packages loads testdata/set. Each service there has only what is its own;
// the form, the rules and the words are common, and the same in every language.
func packages(t testing.TB) *pack.Set {
	t.Helper()
	loadOnce.Do(func() { loaded, findings = pack.LoadSet(completed(t, os.DirFS("testdata"))) })
	for _, f := range findings {
		if f.Severity == pack.Error {
			t.Errorf("%s:%d: %s", f.File, f.Line, f.Msg)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return loaded
}

var named = regexp.MustCompile(`<(?:\w+Task|\w+Event|subProcess|\w+Gateway) id="(\w+)"`)

func completed(t testing.TB, testdata fs.FS) fs.FS {
	t.Helper()
	read := func(name string) []byte {
		b, err := fs.ReadFile(testdata, name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := fstest.MapFS{}
	put := func(name string, b []byte) { all[name] = &fstest.MapFile{Data: b} }
	put("authorities.yaml", read("set/authorities.yaml"))
	put("life-events.yaml", read("set/life-events.yaml"))
	for _, service := range []string{"grant", "permit", "extract", "leave"} {
		dir := path.Join(service, "2025")
		process := read("set/" + dir + "/process.bpmn")
		put(dir+"/process.bpmn", process)
		put(dir+"/service.yaml", read("set/"+dir+"/service.yaml"))
		put(dir+"/parameters.yaml", []byte("parameters: []\n"))
		for _, f := range []string{"form.yaml", "decision.dmn", "explanation.yaml"} {
			put(dir+"/"+f, read("common/"+f))
		}
		texts := string(read("common/texts.yaml")) + "process:\n"
		for _, m := range named.FindAllStringSubmatch(string(process), -1) {
			texts += "  " + m[1] + ": \"" + m[1] + "\"\n"
		}
		if service == "leave" {
			put(dir+"/parties/employer.yaml", read("set/"+dir+"/parties/employer.yaml"))
			put(dir+"/parties/partner.yaml", read("set/"+dir+"/parties/partner.yaml"))
			own := string(read("set/" + dir + "/texts.yaml"))
			party, words, _ := strings.Cut(own, "form:\n")
			texts = strings.Replace(texts, "form:\n", "form:\n"+words, 1) + party
		}
		for _, lang := range i18n.Langs {
			put(dir+"/texts/"+string(lang)+".yaml", []byte(texts))
			for _, letter := range []string{"granted", "refused", "permit", "extract"} {
				if letter == "permit" && service != "permit" || letter == "extract" && service != "extract" {
					continue
				}
				put(dir+"/letters/"+letter+"."+string(lang)+".md", []byte("# "+letter+"\n\n{{ decision.amount | money }}\n"))
			}
		}
	}
	return all
}
