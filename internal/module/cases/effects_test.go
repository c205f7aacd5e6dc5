package cases

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// TestRegisterOutOfOrder: the step is tried again, becomes an incident, and an
// operator resumes it when the register answers; then the case goes on.
func TestRegisterOutOfOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.reg.set(true)
		id := w.apply(alice, "grant", "granted")
		for range 100 {
			if found, err := w.Queue.Incidents(ctx, "", 10); err != nil || len(found) == 1 {
				w.must(err)
				break
			}
			w.pass(20 * time.Minute)
		}
		found, err := w.Queue.Incidents(ctx, "", 10)
		if err != nil || len(found) != 1 || found[0].Kind != "cases.evidence" {
			t.Fatalf("incidents %+v %v", found, err)
		}
		tries := w.reg.asked
		if c := w.file(id); tries < 3 || c.Status != Received || len(c.File.Process.Waits()) == 0 {
			t.Fatalf("after %d tries: %s %+v", tries, c.Status, c.File.Process.Waits())
		}
		w.reg.set(false)
		w.pass(day)
		if w.reg.asked != tries {
			t.Error("an incident waits for a person")
		}
		w.must(w.Queue.Resume(ctx, found[0].ID))
		w.run()
		c := w.file(id)
		if c.Status != Examined || c.File.Evidence["person"].Source != "rnpp" || c.File.Proposal.Outcome != pack.Granted {
			t.Errorf("resumed: %s %+v %+v", c.Status, c.File.Evidence, c.File.Proposal)
		}
	})
}

// TestUnknownToTheRegister: nothing is guessed about a person; somebody judges.
func TestUnknownToTheRegister(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	stranger := Actor{Account: "a-stranger", Person: "1970010112345", Name: "Stranger"}
	for _, hoped := range []string{"granted", "refused"} { // whatever the rule says without the evidence
		c := w.file(w.apply(stranger, "extract", hoped))
		if c.Status != Examined || len(c.File.Missing) != 1 || c.File.Proposal.Outcome != pack.Judgement {
			t.Errorf("%s: %s, missing %v, %+v", hoped, c.Status, c.File.Missing, c.File.Proposal)
		}
	}
}

// TestAskedWhileEvidenceIsFetched: the task that comes up meanwhile waits with
// the question, and a decision of the rule alone ends it.
func TestAskedWhileEvidenceIsFetched(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	submit := func(service string) string {
		a := wish("granted", "5.00")
		delete(a, "name")
		r, err := w.Submit(ctx, w.submission(alice, service, service, a))
		w.must(err)
		w.must(w.Ask(ctx, fritz, r.Case, "Please send the lease of your flat."))
		w.run()
		return r.Case
	}
	id := submit("grant")
	c := w.file(id)
	if c.Status != Waiting || c.Tasks[0].Status != TaskWaiting {
		t.Errorf("%s %+v", c.Status, c.Tasks)
	}
	w.must(w.Answer(ctx, alice, id, c.Requests[0].ID, "Here.", nil))
	if c = w.file(id); c.Status != Examined || c.Tasks[0].Status != TaskOpen {
		t.Errorf("answered: %s %+v", c.Status, c.Tasks)
	}
	id = submit("extract")
	w.pass(60 * day)
	if c = w.file(id); c.Status != Closed || c.Outcome != pack.Granted || c.Requests[0].Status != RequestEnded {
		t.Errorf("a question that came too late changed the decision: %s %s %+v", c.Status, c.Outcome, c.Requests)
	}
}

// TestPaidOnce: the money leaves, the process dies before anybody knows, and
// the job runs again.
func TestPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		c := w.file(id)
		job := payoutJob{Case: id, Payment: c.Payments[0].ID, Cents: c.Payments[0].Cents, Token: strings.TrimPrefix(c.Payments[0].ID, id+"/payout/")}
		died, cancel := context.WithCancel(ctx)
		w.bank.after = cancel
		if err := w.payOut(died, job); err == nil {
			t.Fatal("it did not die")
		}
		w.bank.after = nil
		w.run()
		w.must(w.payOut(ctx, job)) // and once more, long after
		c = w.file(id)
		if w.bank.calls != 3 || len(w.bank.paid) != 1 || w.bank.paid[job.Payment] != 181700 {
			t.Errorf("the bank was told %d times: %v", w.bank.calls, w.bank.paid)
		}
		if c.Status != Closed || len(c.Payments) != 1 || strings.Count(kinds(c), " paid") != 1 {
			t.Errorf("%s %+v %s", c.Status, c.Payments, kinds(c))
		}
	})
}

// TestStepThatFailed: without a bank the order is an incident that an operator
// sees, mends and resumes.
func TestStepThatFailed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		bank := w.Payments
		w.Payments = nil
		id := w.apply(alice, "grant", "granted")
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		_, err := w.Stuck(ctx, fritz, 10)
		refused(t, err, errs.Forbidden, "cases.operatorOnly")
		refused(t, w.Resume(ctx, fritz, id), errs.Forbidden, "cases.operatorOnly")
		stuck, err := w.Stuck(ctx, oscar, 10)
		if err != nil || len(stuck) != 1 || stuck[0].ID != id || stuck[0].Cause == "" || len(stuck[0].Steps) != 1 {
			t.Fatalf("stuck %+v %v", stuck, err)
		}
		w.must(w.Resume(ctx, oscar, id)) // too early: it fails again
		if stuck, _ = w.Stuck(ctx, oscar, 10); len(stuck) != 1 {
			t.Fatalf("resumed without mending: %+v", stuck)
		}
		w.Payments = bank
		w.must(w.Resume(ctx, oscar, id))
		w.must(w.Resume(ctx, oscar, id))
		w.run()
		stuck, _ = w.Stuck(ctx, oscar, 10)
		if c := w.file(id); len(stuck) != 0 || c.Status != Closed || len(c.Payments) != 1 || c.Payments[0].Status != "done" {
			t.Errorf("%s %+v, stuck %+v", c.Status, c.Payments, stuck)
		}
	})
}

// TestNoticesSayNothing: the mail says that there is news, not what.
func TestNoticesSayNothing(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "grant", "granted")
	w.must(w.Ask(ctx, fritz, id, "Please send the lease of your flat."))
	w.run()
	number := w.file(id).Number
	if len(w.post.sent) != 1 {
		t.Fatalf("%d mails", len(w.post.sent))
	}
	for _, m := range w.post.sent {
		if m.To != alice.Email || !strings.Contains(m.Text, "https://example.test/fr/inbox") {
			t.Errorf("%+v", m)
		}
		for _, private := range []string{number, "Alice", "Exemple", "lease", "grant", id, alice.Person} {
			if strings.Contains(m.Subject+m.Text, private) {
				t.Errorf("the mail says %q: %s", private, m.Text)
			}
		}
	}
	inbox, err := w.Inbox(ctx, alice, "", 10)
	unread, _ := w.Unread(ctx, alice)
	if err != nil || len(inbox) != 1 || inbox[0].Kind != "asked" || inbox[0].Number != number || unread != 1 {
		t.Errorf("inbox %+v %v, %d unread", inbox, err, unread)
	}
	w.must(w.MarkRead(ctx, bob, id)) // not his to read
	if n, _ := w.Unread(ctx, alice); n != 1 {
		t.Error("another person read it")
	}
	w.must(w.MarkRead(ctx, alice, id))
	if n, _ := w.Unread(ctx, alice); n != 0 {
		t.Error("it is read now")
	}
}

// TestAnothersCase: to whom a case is not known, it does not exist, whatever
// they try; each attempt is on record.
func TestAnothersCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "permit", "granted")
		fee := w.task(id, "fee")
		open := func(a Actor, officer bool) error { _, err := w.Open(ctx, a, id, "/cases/"+id, officer); return err }
		find := func(a Actor) error { _, err := w.Find(ctx, a, id, "/cases/"+id); return err }
		pay := func(a Actor) error { _, err := w.PayURL(ctx, a, id, fee, "", ""); return err }
		appeal := func(a Actor) error { _, err := w.Appeal(ctx, a, id, "I contest this.", "fr"); return err }
		tries := []error{
			open(bob, false), open(bob, true), find(bob), open(alice, true), open(pierre, false), // the wrong view is refused as well
			find(fritz), open(fritz, true), // an official, but of another authority
			find(oscar), find(Actor{}), find(Actor{Account: "a-new"}),
			pay(bob), w.Paid(ctx, bob, id, fee, "receipt"), w.Withdraw(ctx, bob, id), appeal(bob),
			w.Answer(ctx, bob, id, "r", "My answer.", nil), w.Note(ctx, fritz, id, "My note."), w.Claim(ctx, bob, id, fee),
		}
		for i, err := range tries {
			if !errors.Is(err, errs.New(errs.NotFound, "cases.notFound")) {
				t.Errorf("attempt %d: %v", i, err)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_refused_access WHERE case_id = $1`, id); n != len(tries) {
			t.Errorf("%d of %d attempts are on record", n, len(tries))
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_refused_access WHERE account = $1 AND route = $2 AND at = $3`,
			"a-bob", "/cases/"+id, monday.UnixMicro()); n != 3 {
			t.Errorf("%d rows name who, where and when", n)
		}
		if got := kinds(w.file(id)); got != "submitted" {
			t.Errorf("something was done: %s", got)
		}
		_, err := w.Find(ctx, alice, "no-such-case", "/")
		refused(t, err, errs.NotFound, "cases.notFound")
		for _, list := range []func() (int, error){
			func() (int, error) { rows, err := w.Mine(ctx, bob, "", 10); return len(rows), err },
			func() (int, error) { rows, err := w.Inbox(ctx, bob, "", 10); return len(rows), err },
		} {
			if n, err := list(); n != 0 || err != nil {
				t.Errorf("%d rows, %v", n, err)
			}
		}
	})
}

// TestTwoAccountsOfOnePerson: whoever signs in with the same identification
// number sees the case.
func TestTwoAccountsOfOnePerson(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "grant", "granted")
	other := Actor{Account: "a-alice-2", Person: alice.Person}
	mine, err := w.Mine(context.Background(), other, "", 10)
	if err != nil || len(mine) != 1 || mine[0].ID != id {
		t.Errorf("%+v %v", mine, err)
	}
	nobody := Actor{Account: "a-without-number"}
	if mine, _ := w.Mine(context.Background(), nobody, "", 10); len(mine) != 0 {
		t.Errorf("no number is nobody's: %+v", mine)
	}
}

// TestManyStepsThatFailed: after a failure of everybody's bank one command
// repeats all, and says how many stand still again.
func TestManyStepsThatFailed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		bank := w.Payments
		w.Payments = nil
		var ids []string
		for range 7 {
			id := w.apply(alice, "grant", "granted")
			w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
			ids = append(ids, id)
			w.pass(day)
		}
		_, err := w.ResumeAll(ctx, fritz)
		refused(t, err, errs.Forbidden, "cases.operatorOnly")
		if stuck, err := w.Stuck(ctx, oscar, 3); err != nil || len(stuck) != 3 {
			t.Fatalf("%+v %v", stuck, err)
		}
		all := func() Run {
			_, err := w.ResumeAll(ctx, oscar)
			w.must(err)
			w.run()
			runs, err := w.Runs(ctx, oscar, 10)
			w.must(err)
			w.clock.Advance(time.Second)
			return runs[0]
		}
		if r := all(); r.Total != 7 || r.Done != 7 || r.Changed != 0 || r.Failed != 7 || r.EndedAt.IsZero() || r.Name != oscar.Name {
			t.Errorf("too early: %+v", r)
		}
		w.Payments = bank
		if r := all(); r.Total != 7 || r.Done != 7 || r.Changed != 7 || r.Failed != 0 || r.EndedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		w.run()
		for _, id := range ids {
			if c := w.file(id); c.Status != Closed || len(c.Payments) != 1 {
				t.Errorf("%s %+v", c.Status, c.Payments)
			}
		}
	})
}
