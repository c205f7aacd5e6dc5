package cases

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// TestOneKeyIsOneCase sends one application a thousand times from 64 places
// at once.
func TestOneKeyIsOneCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := context.Background()
		a := wish("granted", "12.00")
		delete(a, "name")
		receipts := make([]Receipt, 1000)
		next := make(chan int)
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for i := range next {
					var err error
					if receipts[i], err = w.Submit(ctx, w.submission(alice, "extract", "once", a)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range receipts {
			next <- i
		}
		close(next)
		wg.Wait()
		for _, r := range receipts {
			if r != receipts[0] || r.Number == "" {
				t.Fatalf("two receipts: %+v and %+v", r, receipts[0])
			}
		}
		again, err := w.Submit(ctx, w.submission(alice, "extract", "once", a))
		if err != nil || again != receipts[0] {
			t.Errorf("later: %+v %v, want %+v", again, err, receipts[0])
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_case`); n != 1 {
			t.Errorf("%d cases", n)
		}
		w.run()
		w.run()
		file := w.file(again.Case)
		if file.Status != Closed || len(file.Certificates) != 1 || w.reg.asked != 1 {
			t.Errorf("status %s, %d certificates, the register was asked %d times", file.Status, len(file.Certificates), w.reg.asked)
		}
		inbox, err := w.Inbox(ctx, alice, "", 10)
		if err != nil || len(inbox) != 1 || inbox[0].Kind != "decided" || len(w.post.sent) != 1 {
			t.Errorf("inbox %+v %v, %d mails", inbox, err, len(w.post.sent))
		}

		_, err = w.Submit(ctx, w.submission(alice, "extract", "once", form.Answers{"hoped": "granted", "amount": a["amount"], "iban": "LU360029152460050000", "honest": true}))
		refused(t, err, errs.Conflict, "cases.sameKey")
		other, err := w.Submit(ctx, w.submission(bob, "extract", "once", a))
		if err != nil || other.Case == again.Case {
			t.Errorf("another person's key is another key: %+v %v", other, err)
		}
	})
}

// TestRepeatedAfterMidnight: what counts is the day of the first attempt, also
// when the version has gone out of force meanwhile.
func TestRepeatedAfterMidnight(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	a := wish("granted", "12.00")
	w.at(lux(2026, 12, 31, 23, 59))
	delete(a, "name")
	first, err := w.Submit(ctx, w.submission(alice, "grant", "k", a))
	w.must(err)
	w.run() // the evidence is fetched: the fact is known now
	w.at(lux(2027, 1, 1, 0, 1))
	for _, version := range []string{"", "2025"} {
		sub := w.submission(alice, "grant", "k", a)
		sub.Version = version
		if r, err := w.Submit(ctx, sub); err != nil || r != first {
			t.Errorf("version %q: %+v %v", version, r, err)
		}
	}
	sub := w.submission(alice, "grant", "k", wish("refused", "12.00"))
	_, err = w.Submit(ctx, sub)
	refused(t, err, errs.Conflict, "cases.sameKey")
	sub.Key = "new"
	_, err = w.Submit(ctx, sub)
	refused(t, err, errs.NotFound, "cases.service")
	sub.Version = "2025"
	_, err = w.Submit(ctx, sub)
	refused(t, err, errs.Gone, "cases.notInForce")
}

func TestSubmissionsThatAreNotTaken(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	good := func(change func(*Submission)) Submission {
		a := wish("granted", "12.00")
		delete(a, "name")
		sub := w.submission(alice, "grant", "k", a)
		change(&sub)
		return sub
	}
	for _, c := range []struct {
		why    string
		change func(*Submission)
		kind   errs.Kind
		key    string
	}{
		{"nobody", func(s *Submission) { s.Actor = Actor{} }, errs.Unauthenticated, ""},
		{"no key", func(s *Submission) { s.Key = "" }, errs.Invalid, "cases.key"},
		{"a long key", func(s *Submission) { s.Key = fmt.Sprintf("%0201d", 1) }, errs.Invalid, "cases.key"},
		{"no such service", func(s *Submission) { s.Service = "nothing" }, errs.NotFound, "cases.service"},
		{"no such version", func(s *Submission) { s.Version = "1999" }, errs.NotFound, "cases.service"},
		{"an unknown field", func(s *Submission) { s.Application["hobby"] = "chess" }, errs.Invalid, "cases.invalid"},
		{"a wrong type", func(s *Submission) { s.Application["amount"] = true }, errs.Invalid, "cases.invalid"},
		{"an account that cannot be", func(s *Submission) { s.Application["iban"] = "LU000000000000000000" }, errs.Invalid, "cases.invalid"},
		{"no declaration", func(s *Submission) { delete(s.Application, "honest") }, errs.Invalid, "cases.invalid"},
		{"nothing", func(s *Submission) { s.Application = nil }, errs.Invalid, "cases.invalid"},
	} {
		_, err := w.Submit(ctx, good(c.change))
		if refused(t, err, c.kind, c.key); t.Failed() {
			t.Fatal(c.why)
		}
		var wrong InvalidApplication
		if c.key == "cases.invalid" && (!errors.As(err, &wrong) || len(wrong.Fields) == 0) {
			t.Errorf("%s: no field is named: %v", c.why, err)
		}
	}
	if n := w.count(`SELECT COUNT(*) FROM cases_case`) + w.count(`SELECT COUNT(*) FROM work_job`); n != 0 {
		t.Errorf("%d rows were left behind", n)
	}
}

// TestDraftSentTwiceAroundACrash: the case was made, and the process died
// before the draft knew. Sending again finds that case, also the next day.
func TestDraftSentTwiceAroundACrash(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := context.Background()
		died := errors.New("killed")
		crash := true
		drafts := services.New(services.Deps{DB: d, Clock: w.clock, Packages: w.Packages, Evidence: w.reg, Events: w.Events, Queue: w.Queue, Texts: w.Texts, Log: w.Log,
			Submit: func(ctx context.Context, sub Submission) (Receipt, error) {
				r, err := w.Submit(ctx, sub)
				if crash && err == nil {
					return Receipt{}, died
				}
				return r, err
			}})
		draft, err := drafts.Begin(ctx, alice, "grant")
		w.must(err)
		for k, v := range wish("granted", "1817.00") {
			draft.Answers[k] = v
		}
		w.must(drafts.Save(ctx, draft))
		if _, _, err = drafts.Send(ctx, alice, draft.ID, draft.Rev, "fr"); !errors.Is(err, died) {
			t.Fatal(err)
		}
		if kept, _, err := drafts.Draft(ctx, alice, draft.ID); err != nil || kept.Receipt != nil {
			t.Fatalf("the draft knows already: %+v %v", kept, err)
		}
		crash = false
		w.clock.Advance(day)
		receipt, wrong, err := drafts.Send(ctx, alice, draft.ID, draft.Rev, "fr")
		if err != nil || len(wrong) > 0 {
			t.Fatal(err, wrong)
		}
		again, _, err := drafts.Send(ctx, alice, draft.ID, draft.Rev, "fr")
		if err != nil || *again != *receipt {
			t.Errorf("%+v %v, want %+v", again, err, receipt)
		}
		mine, err := w.Mine(ctx, alice, "", 10)
		if err != nil || len(mine) != 1 || mine[0].ID != receipt.Case || !receipt.ReceivedAt.Equal(monday.Truncate(time.Microsecond)) {
			t.Errorf("cases %+v %v, receipt %+v", mine, err, receipt)
		}
	})
}
