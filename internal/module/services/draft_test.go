package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

var (
	spring = time.Date(2025, 3, 3, 9, 0, 0, 123456000, time.UTC)
	anna   = web.Identity{Account: "a-anna", Person: "1984010112345", Name: "Anna Exemple", GivenName: "Anna"}
	boris  = web.Identity{Account: "a-boris", Person: "1990020212345", Name: "Boris Exemple"}
)

// office is the module before an imagined module of cases.
type office struct {
	*Service
	clock    *clock.Shifted
	queue    *work.Queue
	mu       sync.Mutex
	down     bool // the register
	asked    int
	moved    bool                  // Anna lives elsewhere now
	received map[string]Submission // by account and key
	refuse   error                 // what Submit says after it has taken the application
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	ctx := context.Background()
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, event.Migrate, Migrate} {
		if err := migrate(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	set, findings := pack.LoadSet(os.DirFS("pack/testdata/set"))
	for _, f := range findings {
		t.Errorf("%s:%d: %s", f.File, f.Line, f.Msg)
	}
	o := &office{clock: &clock.Shifted{Base: clock.Fixed(spring)}, received: map[string]Submission{}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	o.queue = work.New(d, o.clock, log, work.Options{})
	o.Service = New(Deps{DB: d, Clock: o.clock, Packages: set, Evidence: o, Events: event.New(o.queue), Submit: o.submit, Queue: o.queue, Texts: i18ntest.Bundle(t, Locales), URL: "https://example.test", Log: log})
	return o
}

// Fetch is the register: it knows Anna.
func (o *office) Fetch(_ context.Context, r exchange.Request) (exchange.Evidence, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	switch {
	case o.down:
		return exchange.Evidence{}, errs.New(errs.Unavailable, "")
	case r.Subject != anna.Person:
		return exchange.Evidence{}, errs.New(errs.NotFound, "")
	}
	if o.moved {
		return exchange.Evidence{Type: r.Type, Subject: r.Subject, Source: "rnpp", AsOf: o.clock.Now(),
			Value: json.RawMessage(`{"givenName":"Anna","familyName":"Exemple","address":{"street":"rue du Bois","commune":"Ailleurs"}}`)}, nil
	}
	return exchange.Evidence{Type: r.Type, Subject: r.Subject, Source: "rnpp", AsOf: spring,
		Value: json.RawMessage(`{"givenName":"Anna","familyName":"Exemple","address":{"street":"rue du Lac","commune":"Exemple"}}`)}, nil
}

// submit keeps its promise: the same key is the same case.
func (o *office) submit(_ context.Context, s Submission) (Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := s.Actor.Account + "/" + s.Key
	if _, again := o.received[key]; !again {
		o.received[key] = s
	}
	return Receipt{Case: "case of " + key, Number: "GAR-2025-1", ReceivedAt: spring, ContentHash: "hash"}, o.refuse
}

func begin(t testing.TB, o *office) *Draft {
	t.Helper()
	d, err := o.Begin(context.Background(), anna, "allotment-garden")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func answer(d *Draft, answers form.Answers) {
	for k, v := range answers {
		d.Answers[k] = v
	}
}

var complete = form.Answers{"ares": json.Number("2"), "shed": false, "rules": true}

func TestPrefilledWithWhatTheStateKnows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		draft := begin(t, o)
		if draft.Answers["address"] != "rue du Lac" || draft.Evidence["person"].Source != "rnpp" {
			t.Errorf("%+v %+v", draft.Answers, draft.Evidence)
		}
		again := begin(t, o)
		if again.ID != draft.ID || o.asked != 1 {
			t.Errorf("begun twice is one draft, and one question to the register: %s %s, %d", again.ID, draft.ID, o.asked)
		}
		if _, _, err := o.Draft(context.Background(), boris, draft.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another person's draft: %v", err)
		}
		if _, err := o.Begin(context.Background(), anna, "nothing"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("no such service: %v", err)
		}
	})
}

// TestStartedTwiceAtOnce: a double click makes one draft.
func TestStartedTwiceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		ids := make([]string, 16)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { ids[i] = begin(t, o).ID })
		}
		wg.Wait()
		all, err := o.store.drafts(context.Background(), d.Read(), anna.Account)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d drafts, %v", len(all), err)
		}
		for _, id := range ids {
			if id != all[0].ID {
				t.Errorf("draft %s was handed out, %s is kept", id, all[0].ID)
			}
		}
	})
}

// TestARegisterThatDoesNotAnswerStopsNobody and is asked again with the case.
func TestARegisterThatDoesNotAnswerStopsNobody(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	o.down = true
	draft := begin(t, o)
	if len(draft.Evidence) != 0 || draft.Answers["address"] != nil {
		t.Errorf("%+v", draft)
	}
}

// The garden's service says onMissing: refuse-application for the person.
func TestWhoTheRegisterDoesNotKnowIsToldBeforeFillingInAForm(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	if _, err := o.Begin(context.Background(), boris, "allotment-garden"); !errors.Is(err, errs.New(errs.Invalid, "services.evidenceMissing")) {
		t.Errorf("got %v, want services.evidenceMissing", err)
	}
}

// Nobody sends in spring's facts in autumn: a draft of another day asks the
// registers again, and says when they answer otherwise.
func TestADraftOfAnotherDayAsksTheRegistersAgain(t *testing.T) {
	o, ctx := newOffice(t, dbtest.SQLite(t)), context.Background()
	id := begin(t, o).ID
	asked := o.asked
	if d, _, err := o.Draft(ctx, anna, id); err != nil || d.Refreshed || o.asked != asked {
		t.Errorf("the same day: refreshed %v, asked %d times, %v", d.Refreshed, o.asked-asked, err)
	}
	o.clock.Advance(24 * time.Hour)
	if d, _, err := o.Draft(ctx, anna, id); err != nil || d.Refreshed || o.asked == asked {
		t.Errorf("the next day, nothing new: refreshed %v, asked %d times, %v", d.Refreshed, o.asked-asked, err)
	}
	o.moved = true
	d, _, err := o.Draft(ctx, anna, id)
	if err != nil || !d.Refreshed || d.Answers["address"] == nil || string(d.Evidence["person"].Value) == "" {
		t.Fatalf("moved: %+v %v", d, err)
	}
	if err := o.Save(ctx, d); err != nil {
		t.Fatal(err)
	}
	if d, _, err = o.Draft(ctx, anna, id); err != nil || d.Refreshed || d.Evidence["person"].AsOf.Equal(spring) {
		t.Errorf("stored: refreshed %v, as of %v, %v", d.Refreshed, d.Evidence["person"].AsOf, err)
	}
	o.down = true
	o.clock.Advance(48 * time.Hour)
	if d, _, err = o.Draft(ctx, anna, id); err != nil || d.Evidence["person"].Source != "rnpp" {
		t.Errorf("the register is down: %+v %v", d.Evidence, err)
	}
}

// TestStalePage: what another window stored meanwhile is not overwritten.
func TestStalePage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, ctx := newOffice(t, d), context.Background()
		id := begin(t, o).ID
		first, _, err := o.Draft(ctx, anna, id)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := o.Draft(ctx, anna, id)
		if err != nil {
			t.Fatal(err)
		}
		answer(first, form.Answers{"ares": json.Number("3")})
		if err := o.Save(ctx, first); err != nil {
			t.Fatal(err)
		}
		answer(second, form.Answers{"ares": json.Number("5")})
		if err := o.Save(ctx, second); !errors.Is(err, errs.New(errs.Conflict, "services.draft.changed")) {
			t.Errorf("%v", err)
		}
		kept, _, err := o.Draft(ctx, anna, id)
		if err != nil || kept.Answers["ares"] != json.Number("3") || kept.Rev != first.Rev {
			t.Errorf("kept %v at %d, %v", kept.Answers["ares"], kept.Rev, err)
		}
		answer(first, form.Answers{"ares": json.Number("4")})
		if err := o.Save(ctx, first); err != nil {
			t.Errorf("the window that is up to date goes on: %v", err)
		}
	})
}

// TestADraftOutlivesTheProcess and the answers of pages that no longer count
// are kept in it, but not sent.
func TestADraftOutlivesTheProcess(t *testing.T) {
	ctx := context.Background()
	url := "sqlite:" + filepath.Join(t.TempDir(), "drafts.db")
	open := func() *db.DB {
		d, err := db.Open(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open()
	o := newOffice(t, d)
	draft := begin(t, o)
	helpers := []any{map[string]any{"name": "Zoé", "born": "2015-02-28", "kin": "family"}}
	answer(draft, form.Answers{"ares": json.Number("4"), "helpers": helpers, "shed": true, "shedSize": "ten", "rules": true})
	draft.Page = "helpers"
	if err := o.Save(ctx, draft); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	d = open()
	t.Cleanup(func() { _ = d.Close() })
	o = newOffice(t, d)
	kept, p, err := o.Draft(ctx, anna, draft.ID)
	if err != nil || kept.Page != "helpers" || kept.Answers["shedSize"] != "ten" || kept.Answers["ares"] != json.Number("4") {
		t.Fatalf("%+v %v", kept, err)
	}
	if receipt, wrong, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), "fr"); receipt != nil || err != nil || len(wrong) != 1 || wrong[0].Field != "shedSize" {
		t.Fatalf("ten is no number: %+v %+v %v", receipt, wrong, err)
	}
	answer(kept, form.Answers{"ares": json.Number("2"), "shed": false}) // neither helpers nor a shed any more
	if err := o.Save(ctx, kept); err != nil {
		t.Fatal(err)
	}
	receipt, wrong, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), "fr")
	if err != nil || len(wrong) > 0 || receipt == nil {
		t.Fatalf("%+v %v", wrong, err)
	}
	sent := o.received["a-anna/draft/"+draft.ID].Application
	if sent["helpers"] != nil || sent["shedSize"] != nil || sent["address"] != "rue du Lac" {
		t.Errorf("sent %+v", sent)
	}
	after, _, err := o.Draft(ctx, anna, draft.ID)
	if err != nil || len(after.Answers["helpers"].([]any)) != 1 || after.Answers["shedSize"] != "ten" {
		t.Errorf("the draft keeps %+v %v", after.Answers, err)
	}
	if fresh := p.Form.Values(after.Answers); fresh.IsNull() {
		t.Error("the kept answers can be read")
	}
}

func TestSentTwiceIsOneReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, ctx := newOffice(t, d), context.Background()
		draft := begin(t, o)
		answer(draft, complete)
		if err := o.Save(ctx, draft); err != nil {
			t.Fatal(err)
		}
		o.refuse = errors.New("the connection broke after it was stored")
		if _, _, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), "fr"); !errors.Is(err, o.refuse) {
			t.Fatal(err)
		}
		o.refuse = nil
		receipts := make([]*Receipt, 8)
		var wg sync.WaitGroup
		for i := range receipts {
			wg.Go(func() {
				var err error
				if receipts[i], _, err = o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), "fr"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, r := range receipts {
			if r == nil || *r != *receipts[0] {
				t.Errorf("%+v and %+v", r, receipts[0])
			}
		}
		if len(o.received) != 1 {
			t.Errorf("%d submissions", len(o.received))
		}
		draft, _, err := o.Draft(ctx, anna, draft.ID)
		if err != nil || draft.Receipt == nil || *draft.Receipt != *receipts[0] {
			t.Fatalf("%+v %v", draft, err)
		}
		if err := o.Save(ctx, draft); errs.KindOf(err) != errs.Conflict {
			t.Errorf("what was sent cannot be changed: %v", err)
		}
		if err := o.Discard(ctx, anna, draft.ID); err != nil {
			t.Error(err)
		}
		if _, _, err := o.Draft(ctx, anna, draft.ID); err != nil {
			t.Errorf("what was sent cannot be thrown away: %v", err)
		}
		if next := begin(t, o); next.ID == draft.ID {
			t.Error("the next application is another one")
		}
	})
}

func TestDiscardedByItsAuthorOnly(t *testing.T) {
	o, ctx := newOffice(t, dbtest.SQLite(t)), context.Background()
	draft := begin(t, o)
	if err := o.Discard(ctx, boris, draft.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := o.Draft(ctx, anna, draft.ID); err != nil {
		t.Errorf("another person threw it away: %v", err)
	}
	if err := o.Discard(ctx, anna, draft.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := o.Draft(ctx, anna, draft.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("%v", err)
	}
}

// TestADraftOfAVersionOutOfForce is told so, and what was written stays.
func TestADraftOfAVersionOutOfForce(t *testing.T) {
	o, ctx := newOffice(t, dbtest.SQLite(t)), context.Background()
	draft := begin(t, o)
	o.clock.Advance(3 * 365 * 24 * time.Hour)
	if _, _, err := o.Draft(ctx, anna, draft.ID); errs.KindOf(err) != errs.Gone {
		t.Errorf("%v", err)
	}
	if _, _, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), "fr"); errs.KindOf(err) != errs.Gone {
		t.Errorf("%v", err)
	}
	o.clock.SetOffset(0)
	if kept, _, err := o.Draft(ctx, anna, draft.ID); err != nil || kept.Answers["address"] != "rue du Lac" {
		t.Errorf("%+v %v", kept, err)
	}
}

// TestMeasured: decisions give the medians of the service page; a case counts
// once, an appeal not at all.
func TestMeasured(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, ctx := newOffice(t, d), context.Background()
		news := 0
		decided := func(id, kind string, filling, deciding time.Duration) {
			news++
			payload, err := json.Marshal(map[string]any{"case": id, "service": "allotment-garden", "version": "2025", "kind": kind,
				"startedAt": db.Micros(spring.Add(-filling)), "submittedAt": db.Micros(spring), "decidedAt": db.Micros(spring.Add(deciding))})
			if err != nil {
				t.Fatal(err)
			}
			err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				return o.Events.Publish(ctx, tx, event.Event{ID: fmt.Sprint(id, "/case.decided/", news), Type: "case.decided", Subject: id, At: spring, Payload: payload})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		decided("1", "application", 5*time.Minute, 24*time.Hour)
		decided("2", "application", 9*time.Minute, 48*time.Hour)
		decided("2", "application", 9*time.Minute, 48*time.Hour) // again, after an appeal
		decided("3", "application", 30*time.Minute, 96*time.Hour)
		decided("4", "appeal", time.Minute, time.Hour)
		if _, err := o.queue.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		m, err := o.Measure(ctx, "allotment-garden")
		if want := (Measured{Decisions: 3, Filling: 9 * time.Minute, Deciding: 48 * time.Hour}); err != nil || m != want {
			t.Errorf("%+v %v, want %+v", m, err, want)
		}
		if none, err := o.Measure(ctx, "other"); err != nil || none != (Measured{}) {
			t.Errorf("%+v %v", none, err)
		}
	})
}

// rev is the revision of anna's draft as it is stored.
func rev(t testing.TB, o *office, id string) int64 {
	t.Helper()
	d, err := o.store.draft(context.Background(), o.DB.Read(), anna.Account, id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Rev
}

func TestOnlyWhatWasSeenIsSent(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	draft := begin(t, o)
	answer(draft, complete)
	if err := o.Save(context.Background(), draft); err != nil {
		t.Fatal(err)
	}
	_, _, err := o.Send(context.Background(), anna, draft.ID, draft.Rev-1, "fr")
	if errs.KindOf(err) != errs.Conflict || len(o.received) != 0 {
		t.Errorf("an older page was sent: %v", err)
	}
}

// TestHasDrafts: a version is needed by those who fill in its form, until they
// have sent it.
func TestHasDrafts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		has := func(version string) bool {
			t.Helper()
			some, err := HasDrafts(ctx, d.Read(), "allotment-garden", version)
			if err != nil {
				t.Fatal(err)
			}
			return some
		}
		if has("2025") {
			t.Error("before anybody began")
		}
		draft := begin(t, o)
		if !has("2025") || has("2027") {
			t.Error("one draft, of 2025")
		}
		if err := o.Discard(ctx, anna, draft.ID); err != nil || has("2025") {
			t.Errorf("after it was discarded: %v", err)
		}
	})
}
