package cases

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

const because = "The documents show it clearly."

// each runs a story on both databases.
func each(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { story(t, newWorld(t, d)) })
}

// TestAskedAnsweredGrantedPaid is the life of an allowance: the clock stands
// still while the applicant looks for a document, and the days are added.
func TestAskedAnsweredGrantedPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		c := w.file(id)
		deadline, ok := c.File.Clock.Deadline()
		if c.Status != Examined || !ok || !deadline.Equal(endOf(date(2025, 6, 3))) || !c.Tasks[0].DueAt.Equal(deadline) {
			t.Fatalf("received on 3 March: %s, deadline %v %v, task %+v", c.Status, deadline, ok, c.Tasks)
		}

		w.pass(7 * day)
		w.must(w.Ask(ctx, fritz, id, "Please send the lease of your flat."))
		refused(t, w.Ask(ctx, fritz, id, "And one thing more, please."), errs.Conflict, "cases.ask.open")
		refused(t, w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""), errs.Conflict, "cases.task.waiting")
		c = w.file(id)
		if _, runs := c.File.Clock.Deadline(); c.Status != Waiting || runs || c.Tasks[0].Status != TaskWaiting || !c.Tasks[0].DueAt.IsZero() {
			t.Fatalf("asked: %s, the clock runs %v, task %+v", c.Status, runs, c.Tasks[0])
		}
		if due := endOf(date(2025, 4, 9)); !c.Requests[0].DueAt.Equal(due) {
			t.Errorf("the answer is due %v, want %v", c.Requests[0].DueAt, due)
		}

		w.pass(10 * day)
		refused(t, w.Answer(ctx, alice, id, c.Requests[0].ID, "  ", nil), errs.Invalid, "cases.answer.empty")
		w.must(w.Answer(ctx, alice, id, c.Requests[0].ID, "Here it is.", []Document{{Name: "lease.pdf", MediaType: "application/pdf", Size: 3, Hash: strings.Repeat("0", 64)}}))
		refused(t, w.Answer(ctx, alice, id, c.Requests[0].ID, "And again.", nil), errs.Conflict, "cases.request.closed")
		c = w.file(id)
		if deadline, _ = c.File.Clock.Deadline(); !deadline.Equal(endOf(date(2025, 6, 13))) || c.Status != Examined || len(c.Documents) != 1 {
			t.Fatalf("ten days later: deadline %v, %s, documents %+v", deadline, c.Status, c.Documents)
		}

		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		c = w.file(id)
		if d := c.File.Decision; c.Status != Decided || d == nil || d.Amount != "1817.00" || !d.ByRule || d.DecidedBy != "Fritz" || !d.Appeal.Until.Equal(endOf(date(2025, 4, 29))) {
			t.Fatalf("decided by the rule: %s %+v", c.Status, d)
		}
		w.run()
		c = w.file(id)
		if c.Status != Closed || len(c.Payments) != 1 || c.Payments[0].Cents != 181700 || c.Payments[0].Status != "done" || c.Payments[0].Reference != "OUT" {
			t.Fatalf("paid: %s %+v", c.Status, c.Payments)
		}
		if got, want := kinds(c), "submitted fetched ruled asked answered done.decide decided paymentOrdered paid closed"; got != want {
			t.Errorf("timeline\n got %s\nwant %s", got, want)
		}
		w.pass(365 * day) // nothing is left that could happen
		if after := w.file(id); len(after.Timeline) != len(c.Timeline) || w.count(`SELECT COUNT(*) FROM work_job`) != 0 {
			t.Errorf("a year later: %s", kinds(after))
		}
	})
}

// TestLapsed: who does not answer in time is refused where the service says so.
func TestLapsed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		w.must(w.Ask(ctx, fritz, id, "Please send the lease of your flat."))
		due := w.file(id).Requests[0].DueAt
		w.at(due)
		w.run()
		if c := w.file(id); c.Status != Waiting {
			t.Fatalf("the last microsecond counts: %s", c.Status)
		}
		w.pass(time.Microsecond)
		c := w.file(id)
		if c.Status != Closed || c.Outcome != pack.Refused || c.File.Decision.Reasons[0] != reasonIncomplete || c.Requests[0].Status != RequestLapsed || c.Tasks[0].Status != TaskCancelled {
			t.Errorf("lapsed: %s %s %+v", c.Status, c.Outcome, c.File.Decision)
		}
		refused(t, w.Answer(ctx, alice, id, c.Requests[0].ID, "Too late.", nil), errs.Conflict, "cases.request.closed")
	})
}

// TestLapsedAndDecidedAnyway: elsewhere the authority goes on with what it has,
// and the clock runs from the day on which the answer was due.
func TestLapsedAndDecidedAnyway(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "permit", "granted")
	w.payFee(alice, id)
	w.must(w.Ask(context.Background(), pierre, id, "Please send your diploma."))
	w.pass(40 * day) // nobody looked for 25 days after the 15 were over
	c := w.file(id)
	deadline, ok := c.File.Clock.Deadline()
	if c.Status != Examined || !ok || !deadline.Equal(endOf(date(2025, 6, 18))) || c.Tasks[1].Status != TaskOpen {
		t.Errorf("%s, deadline %v (15 days more than 3 June), tasks %+v", c.Status, deadline, c.Tasks)
	}
}

// TestReasonsWhereSomebodyJudges: following the rule needs none, leaving it
// does.
func TestReasonsWhereSomebodyJudges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for _, c := range []struct {
			hoped, amount, reasons string
			outcome                pack.Outcome
			kind                   errs.Kind
			key                    string // "" is allowed
			byRule                 bool
			paid                   int64
		}{
			{"granted", "", "", pack.Granted, 0, "", true, 181700},
			{"granted", "1817", "", pack.Granted, 0, "", true, 181700},
			{"granted", "1816.99", "", pack.Granted, errs.Invalid, "cases.reasons.needed", false, 0},
			{"granted", "1816.99", because, pack.Granted, 0, "", false, 181699},
			{"granted", "", "", pack.Refused, errs.Invalid, "cases.reasons.needed", false, 0},
			{"granted", "", "  too few  ", pack.Refused, errs.Invalid, "cases.reasons.needed", false, 0},
			{"granted", "", because, pack.Refused, 0, "", false, 0},
			{"granted", "", strings.Repeat("é", maxText+1), pack.Refused, errs.Invalid, "cases.reasons.long", false, 0},
			{"granted", "1.817,00", because, pack.Granted, errs.Invalid, "cases.decide.amount", false, 0},
			{"granted", "-5", because, pack.Granted, errs.Invalid, "cases.decide.amount", false, 0},
			{"refused", "", "", pack.Refused, 0, "", true, 0},
			{"refused", "20.50", because, pack.Granted, 0, "", false, 2050},
			{"judgement", "", because, pack.Granted, errs.Invalid, "cases.decide.amount", false, 0},
			{"judgement", "10", "", pack.Granted, errs.Invalid, "cases.reasons.needed", false, 0},
			{"judgement", "10", because, pack.Granted, 0, "", false, 1000},
			{"judgement", "10", because, pack.Judgement, errs.Invalid, "cases.decide.outcome", false, 0},
			{"judgement", "10", because, pack.TacitGrant, errs.Invalid, "cases.decide.outcome", false, 0},
		} {
			id := w.apply(alice, "grant", c.hoped)
			err := w.Decide(ctx, fritz, id, w.task(id, "examine"), c.outcome, c.amount, c.reasons)
			if c.key != "" {
				refused(t, err, c.kind, c.key)
				continue
			}
			w.must(err)
			w.run()
			got := w.file(id)
			var paid int64
			for _, p := range got.Payments {
				paid += p.Cents
			}
			d := got.File.Decision
			if got.Status != Closed || d.Outcome != c.outcome || d.ByRule != c.byRule || d.Statement != c.reasons || paid != c.paid {
				t.Errorf("%+v: %s, paid %d, %+v", c, got.Status, paid, d)
			}
			if c.byRule && c.outcome == pack.Refused && len(d.Reasons) != 1 {
				t.Errorf("a refusal by the rule gives the rule's reasons: %+v", d)
			}
		}
	})
}

// TestFourEyes follows a permit: fee, judgement of a person, decision, and
// the approval of somebody else with the right to it.
func TestFourEyes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "permit", "granted")
		if c := w.file(id); c.Status != Waiting || !c.Tasks[0].DueAt.Equal(endOf(date(2025, 4, 2))) {
			t.Fatalf("the fee is due: %s %+v", c.Status, c.Tasks[0])
		}
		fee := w.task(id, "fee")
		if url, err := w.PayURL(ctx, alice, id, fee, "https://example.test/back", "Permit"); err != nil || url != "/pay/"+fee {
			t.Fatal(url, err)
		}
		refused(t, w.Paid(ctx, alice, id, fee, "forged"), errs.Invalid, "payments.receipt")
		w.payFee(alice, id)
		w.must(w.Paid(ctx, alice, id, fee, "receipt")) // the back button
		_, err := w.PayURL(ctx, alice, id, fee, "", "")
		refused(t, err, errs.Conflict, "cases.task.done")
		if c := w.file(id); len(c.Payments) != 1 || c.Payments[0].Cents != 5000 || c.Payments[0].Direction != "in" {
			t.Fatalf("the fee: %+v", c.Payments)
		}

		qualified := w.task(id, "qualified")
		refused(t, w.Decide(ctx, pierre, id, qualified, pack.Granted, "", ""), errs.Invalid, "cases.task.kind")
		refused(t, w.Judge(ctx, pierre, id, qualified, true, ""), errs.Invalid, "cases.reasons.needed")
		w.must(w.Judge(ctx, pierre, id, qualified, true, because))
		w.must(w.Decide(ctx, helene, id, w.task(id, "examine"), pack.Granted, "", ""))

		approve := w.task(id, "approve")
		refused(t, w.Approve(ctx, paula, id, approve, true, ""), errs.Forbidden, "cases.task.headOfUnit")
		refused(t, w.Claim(ctx, paula, id, approve), errs.Forbidden, "cases.task.headOfUnit")
		refused(t, w.Approve(ctx, helene, id, approve, true, ""), errs.Forbidden, "cases.task.fourEyes")
		refused(t, w.Claim(ctx, helene, id, approve), errs.Forbidden, "cases.task.fourEyes")
		refused(t, w.Reassign(ctx, helene, id, approve, helene.Account, helene.Name), errs.Forbidden, "cases.task.fourEyes")
		hugo := official("a-hugo", "Hugo", "permits", RoleHeadOfUnit)
		refused(t, w.Approve(ctx, hugo, id, approve, false, ""), errs.Invalid, "cases.reasons.needed")
		w.must(w.Approve(ctx, hugo, id, approve, false, because))

		// sent back: examined again, by another person this time
		w.must(w.Decide(ctx, pierre, id, w.task(id, "examine"), pack.Granted, "", ""))
		w.must(w.Approve(ctx, helene, id, w.task(id, "approve"), true, ""))
		c := w.file(id)
		if d := c.File.Decision; c.Status != Closed || d.DecidedBy != "Pierre" || d.ApprovedBy != "Hélène" || len(c.Certificates) != 1 {
			t.Fatalf("%s %+v %+v", c.Status, d, c.Certificates)
		}
		refused(t, w.Approve(ctx, helene, id, approve, true, ""), errs.Conflict, "cases.task.done")
		permit, err := w.Verify(ctx, strings.ToLower(strings.ReplaceAll(c.Certificates[0].Code, "-", " ")))
		if err != nil || permit.Case != id || permit.Document["holder"] != "Alice" || !permit.ValidUntil.Equal(endOf(date(2026, 3, 3))) {
			t.Errorf("verified: %+v %v", permit, err)
		}
		_, err = w.Verify(ctx, "0000-0000-0000")
		refused(t, err, errs.NotFound, "cases.verify.unknown")
	})
}

// TestQueue: claim, release and reassign; a task has one owner at a time.
func TestQueue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "permit", "granted")
		w.payFee(alice, id)
		task := w.task(id, "qualified")
		w.must(w.Claim(ctx, pierre, id, task))
		w.must(w.Claim(ctx, pierre, id, task)) // twice is once
		refused(t, w.Claim(ctx, paula, id, task), errs.Conflict, "cases.task.taken")
		refused(t, w.Judge(ctx, paula, id, task, true, because), errs.Conflict, "cases.task.taken")
		refused(t, w.Release(ctx, paula, id, task), errs.Forbidden, "cases.task.taken")
		rows, counts, err := w.Tasks(ctx, paula, QueueFilter{Authority: "permits"})
		if err != nil || len(rows) != 1 || rows[0].Assigned != "Pierre" || counts != (Counts{Open: 1}) {
			t.Errorf("queue %+v %+v %v", rows, counts, err)
		}
		w.must(w.Release(ctx, pierre, id, task))
		w.must(w.Release(ctx, pierre, id, task))
		refused(t, w.Reassign(ctx, pierre, id, task, paula.Account, paula.Name), errs.Forbidden, "cases.task.headOfUnit")
		refused(t, w.Reassign(ctx, helene, id, task, alice.Account, alice.Name), errs.Invalid, "cases.task.assignee")
		w.must(w.Reassign(ctx, helene, id, task, paula.Account, paula.Name))
		refused(t, w.Judge(ctx, pierre, id, task, true, because), errs.Conflict, "cases.task.taken")
		if _, counts, _ := w.Tasks(ctx, paula, QueueFilter{Authority: "permits"}); counts.Mine != 1 || counts.Unassigned != 0 {
			t.Errorf("reassigned: %+v", counts)
		}
		w.must(w.Release(ctx, helene, id, task)) // a head of unit may for others
		w.must(w.Judge(ctx, pierre, id, task, false, because))
		if got, want := kinds(w.file(id)), "submitted done.pay fetched ruled claimed released reassigned released done.judge"; got != want {
			t.Errorf("timeline\n got %s\nwant %s", got, want)
		}
		_, _, err = w.Tasks(ctx, fritz, QueueFilter{Authority: "permits"})
		refused(t, err, errs.Forbidden, "cases.notYourAuthority")
	})
}

func TestQueuePages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		var ids []string
		for range 7 {
			ids = append(ids, w.apply(alice, "grant", "granted"))
			w.pass(day)
		}
		var seen []string
		f := QueueFilter{Authority: "fund", Limit: 3}
		for {
			rows, _, err := w.Tasks(ctx, fritz, f)
			w.must(err)
			for _, r := range rows {
				seen = append(seen, r.ID)
			}
			if len(rows) < f.Limit {
				break
			}
			f.After = rows[len(rows)-1].Cursor()
		}
		if strings.Join(seen, " ") != strings.Join(ids, " ") {
			t.Errorf("oldest deadline first, each once\n got %v\nwant %v", seen, ids)
		}
		number := w.file(ids[3]).Number
		for search, want := range map[string]int{number[4:]: 1, strings.ToLower(number): 1, "alice": 7, "EXEMPLE": 7, "exémple": 7, "%": 0, "_": 0, `\`: 0, "'; --": 0} {
			if rows, _, err := w.Tasks(ctx, fritz, QueueFilter{Authority: "fund", Search: search}); err != nil || len(rows) != want {
				t.Errorf("search %q: %d rows, want %d %v", search, len(rows), want, err)
			}
		}
	})
}

// TestNobodyDecidesInTheirOwnCause: an official's own application is somebody
// else's to examine, and its file shows them what applicants see.
func TestNobodyDecidesInTheirOwnCause(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	self := fritz
	self.Person = bob.Person
	id := w.apply(self, "grant", "granted")
	task := w.task(id, "examine")
	for _, err := range []error{
		w.Claim(ctx, self, id, task),
		w.Decide(ctx, self, id, task, pack.Granted, "", ""),
		w.Ask(ctx, self, id, "A question to myself."),
		w.Extend(ctx, self, id, because),
		w.Note(ctx, self, id, "A note about myself."),
	} {
		refused(t, err, errs.Forbidden, "cases.ownCase")
	}
	alias := official("a-second-account", "Fritz", "fund", RoleCaseWorker)
	alias.Person = self.Person
	refused(t, w.Decide(ctx, alias, id, task, pack.Granted, "", ""), errs.Forbidden, "cases.ownCase")
	_, err := w.Open(ctx, self, id, "test", true)
	refused(t, err, errs.Forbidden, "cases.ownCase")
	w.must(w.Note(ctx, fiona, id, "He is my colleague."))
	own, err := w.Open(ctx, self, id, "test", false)
	if err != nil || strings.Contains(kinds(own), "note") {
		t.Errorf("own view: %s %v", kinds(own), err)
	}
	w.must(w.Decide(ctx, fiona, id, task, pack.Granted, "", ""))
}

// TestSilenceGrants at the deadline and not a microsecond earlier.
func TestSilenceGrants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "permit", "granted")
		w.pass(8 * day) // the fee is paid on 11 March: only then is the file complete
		if c := w.file(id); c.File.Clock.Running() {
			t.Fatalf("the clock runs before the fee is paid: %+v", c.File.Clock)
		}
		w.payFee(alice, id)
		w.must(w.Claim(ctx, pierre, id, w.task(id, "qualified")))
		w.must(w.Extend(ctx, pierre, id, because))
		refused(t, w.Extend(ctx, pierre, id, because), errs.Conflict, "cases.extend.no")
		deadline, _ := w.file(id).File.Clock.Deadline()
		if want := endOf(date(2025, 7, 11)); !deadline.Equal(want) {
			t.Fatalf("11 March and four months: %v, want %v", deadline, want)
		}
		w.at(deadline)
		w.run()
		if c := w.file(id); c.Status != Examined || c.File.Decision != nil {
			t.Fatalf("within the time: %s", c.Status)
		}
		w.pass(time.Microsecond)
		c := w.file(id)
		d := c.File.Decision
		if c.Status != Closed || c.Outcome != pack.TacitGrant || d == nil || !d.At.Equal(deadline) || d.DecidedBy != "" || len(c.Certificates) != 1 {
			t.Fatalf("a microsecond later: %s %s %+v, %d certificates", c.Status, c.Outcome, d, len(c.Certificates))
		}
		if want := endOf(date(2025, 10, 13)); !d.Appeal.Until.Equal(want) { // 11 October is a Saturday
			t.Errorf("the appeal is open until %v, want %v", d.Appeal.Until, want)
		}
		if c.Tasks[1].Status != TaskCancelled {
			t.Errorf("the task is still there: %+v", c.Tasks[1])
		}
		refused(t, w.Judge(ctx, pierre, id, c.Tasks[1].ID, true, because), errs.Conflict, "cases.task.done")
		w.run()
		if again := w.file(id); len(again.Timeline) != len(c.Timeline) {
			t.Errorf("it happened twice: %s", kinds(again))
		}
	})
}

// TestSilenceRefuses, but the authority still owes a decision, and the appeal
// is open meanwhile.
func TestSilenceRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		deadline, _ := w.file(id).File.Clock.Deadline()
		w.at(deadline)
		w.run()
		if c := w.file(id); c.File.Silence != nil {
			t.Fatal("within the time")
		}
		w.pass(time.Microsecond)
		c := w.file(id)
		if c.Status != Examined || c.Outcome != pack.ImpliedRefusal || c.File.Decision != nil || c.File.Silence == nil || c.Tasks[0].Status != TaskOpen {
			t.Fatalf("%s %s silence %+v tasks %+v", c.Status, c.Outcome, c.File.Silence, c.Tasks)
		}
		if want := endOf(date(2025, 7, 14)); !c.File.Silence.Appeal.Until.Equal(want) { // 40 days from 3 June: Sunday 13 July
			t.Errorf("appeal until %v, want %v", c.File.Silence.Appeal.Until, want)
		}
		d, err := w.Open(ctx, fritz, id, "test", true)
		w.must(err)
		told := d.Deadlines(w.Clock.Now())
		if len(told) != 2 || told[0].Of != OfDecision || !told[0].Until.Equal(deadline) || told[1].Of != OfAppeal || !told[1].Silent {
			t.Errorf("the time that was missed, and the one to contest: %+v", told)
		}
		appeal, err := w.Appeal(ctx, alice, id, "You have not answered me.", "fr")
		w.must(err)
		if got := w.file(appeal.Case); got.Kind != Appeal || got.Case.Linked != id {
			t.Errorf("%+v", got.Case)
		}
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		w.run()
		if c = w.file(id); c.Status != Closed || c.Outcome != pack.Granted || c.File.Silence != nil {
			t.Errorf("decided after all: %s %s %+v", c.Status, c.Outcome, c.File.Silence)
		}
	})
}

// TestAppeal: a linked case, decided by somebody who had no part in what it
// contests; one per decision, and only within the limit.
func TestAppeal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		_, err := w.Appeal(ctx, alice, id, "I contest what is not decided.", "fr")
		refused(t, err, errs.Conflict, "cases.appeal.nothing")
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Refused, "", because))
		_, err = w.Appeal(ctx, alice, id, "no", "fr")
		refused(t, err, errs.Invalid, "cases.reasons.needed")
		_, err = w.Appeal(ctx, bob, id, "I contest another's decision.", "fr")
		refused(t, err, errs.NotFound, "cases.notFound")
		limit := w.file(id).File.Decision.Appeal.Until
		w.at(limit)
		r, err := w.Appeal(ctx, alice, id, "My rent was not looked at.", "fr")
		w.must(err)
		again, err := w.Appeal(ctx, alice, id, "My rent was not looked at.", "fr")
		if err != nil || again != r {
			t.Errorf("again: %+v %v, want %+v", again, err, r)
		}
		if c := w.file(id); len(c.Linked) != 1 || c.Linked[0].ID != r.Case || !strings.HasSuffix(kinds(c), "closed appealed") {
			t.Errorf("linked %+v, %s", c.Linked, kinds(c))
		}
		task := w.task(r.Case, "examineAppeal")
		refused(t, w.Decide(ctx, fritz, r.Case, task, pack.Granted, "", because), errs.Forbidden, "cases.appeal.sameOfficer")
		refused(t, w.Decide(ctx, fiona, r.Case, task, pack.Granted, "", ""), errs.Invalid, "cases.reasons.needed")
		w.must(w.Decide(ctx, fiona, r.Case, task, pack.Granted, "", because))
		c := w.file(r.Case)
		if d := c.File.Decision; c.Status != Closed || d.Outcome != pack.Granted || d.DecidedBy != "Fiona" || d.Appeal.To != courtAppeal {
			t.Errorf("answered: %s %+v", c.Status, d)
		}
		// The appeal was granted: the contested case is examined again, in the
		// same transaction, and the new decision takes effect.
		reopened := w.file(id)
		if reopened.Status != Examined || reopened.Outcome != "" || len(reopened.File.Superseded) != 1 || !reopened.File.Clock.Running() {
			t.Errorf("reopened: %s %q %+v", reopened.Status, reopened.Outcome, reopened.File.Clock)
		}
		w.must(w.Decide(ctx, fiona, id, w.task(id, "examine"), pack.Granted, "", ""))
		w.run()
		if c := w.file(id); c.Status != Closed || c.Outcome != pack.Granted || len(c.Payments) != 1 || c.Payments[0].Status != "done" {
			t.Errorf("decided again: %s %s %+v", c.Status, c.Outcome, c.Payments)
		}
		lifted, err := w.LiftedReceipts(ctx, w.file(id))
		if now, _ := w.DecisionReceipt(ctx, w.file(id)); err != nil || len(lifted) != 1 || lifted[0].Issued.Outcome != pack.Refused || now == nil || now.Issued.Outcome != pack.Granted {
			t.Errorf("receipts: lifted %+v, now %+v, %v", lifted, now, err)
		}
		_, err = w.Appeal(ctx, alice, r.Case, "I contest the answer as well.", "fr")
		refused(t, err, errs.Conflict, "cases.appeal.nothing")

		late := w.apply(alice, "grant", "refused")
		w.must(w.Decide(ctx, fritz, late, w.task(late, "examine"), pack.Refused, "", ""))
		w.at(w.file(late).File.Decision.Appeal.Until.Add(time.Microsecond))
		_, err = w.Appeal(ctx, alice, late, "I am a microsecond late.", "fr")
		refused(t, err, errs.Gone, "cases.appeal.late")
	})
}

// TestReopenedCaseRevokesItsCertificate: what a contested decision certified
// does not hold beside what is certified after the appeal.
func TestReopenedCaseRevokesItsCertificate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "extract", "granted")
		first := w.file(id).Certificates[0].Code
		r, err := w.Appeal(ctx, alice, id, "My name is spelt otherwise.", "fr")
		w.must(err)
		w.must(w.Decide(ctx, fiona, r.Case, w.task(r.Case, "examineAppeal"), pack.Granted, "", because))
		w.run()
		c := w.file(id)
		if len(c.Certificates) != 2 {
			t.Fatalf("%d certificates, want the first and its successor", len(c.Certificates))
		}
		for _, x := range c.Certificates {
			if revoked := !x.RevokedAt.IsZero(); revoked != (x.Code == first) {
				t.Errorf("%s revoked: %v", x.Code, revoked)
			}
		}
		if seen, err := w.Verify(ctx, first); err != nil || seen.RevokedAt.IsZero() {
			t.Errorf("anybody who checks the first code learns nothing: %+v %v", seen, err)
		}
	})
}

// TestAppealAgainstEverybodysDecision: whoever judged, decided or approved had
// a part in it; a colleague is left to answer.
func TestAppealAgainstEverybodysDecision(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "permit", "granted")
	w.payFee(alice, id)
	judge := official("a-judge", "Jules", "permits", RoleCaseWorker)
	w.must(w.Judge(ctx, judge, id, w.task(id, "qualified"), false, because))
	w.must(w.Decide(ctx, pierre, id, w.task(id, "examine"), pack.Refused, "", because))
	w.must(w.Approve(ctx, helene, id, w.task(id, "approve"), true, ""))
	r, err := w.Appeal(ctx, alice, id, "I have a diploma.", "fr")
	w.must(err)
	task := w.task(r.Case, "examineAppeal")
	for _, who := range []Actor{judge, pierre, helene} {
		refused(t, w.Decide(ctx, who, r.Case, task, pack.Granted, "", because), errs.Forbidden, "cases.appeal.sameOfficer")
	}
	w.must(w.Decide(ctx, paula, r.Case, task, pack.Granted, "", because))
}

// TestWithdrawn: nothing waits any more, and nobody is asked about the person.
func TestWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := wish("granted", "5.00")
		delete(a, "name")
		r, err := w.Submit(ctx, w.submission(alice, "grant", "early", a))
		w.must(err)
		w.must(w.Withdraw(ctx, alice, r.Case)) // while its evidence is still to be fetched
		asked := w.apply(alice, "grant", "granted")
		w.must(w.Ask(ctx, fritz, asked, "Please send the lease of your flat."))
		fetched := w.reg.asked
		w.must(w.Withdraw(ctx, alice, asked))
		w.run()
		for _, id := range []string{r.Case, asked} {
			c := w.file(id)
			if c.Status != Withdrawn || len(c.File.Process.Waits()) != 0 || c.File.Clock.Running() || c.File.Clock.End != EndWithdrawn {
				t.Errorf("%s %+v %+v", c.Status, c.File.Process.Waits(), c.File.Clock)
			}
			for _, x := range c.Tasks {
				if x.Status != TaskCancelled {
					t.Errorf("task %+v", x)
				}
			}
			for _, x := range c.Requests {
				if x.Status != RequestEnded {
					t.Errorf("request %+v", x)
				}
			}
			refused(t, w.Withdraw(ctx, alice, id), errs.Conflict, "cases.decidedAlready")
			refused(t, w.Ask(ctx, fritz, id, "Why did you withdraw?"), errs.Conflict, "cases.decidedAlready")
			_, err := w.Appeal(ctx, alice, id, "I contest my own withdrawal.", "fr")
			refused(t, err, errs.Conflict, "cases.appeal.nothing")
		}
		if w.reg.asked != fetched {
			t.Errorf("the register was asked about a withdrawn application")
		}
		if n := w.count(`SELECT COUNT(*) FROM work_job WHERE kind <> 'cases.notice'`); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
		decided := w.apply(alice, "extract", "granted")
		refused(t, w.Withdraw(ctx, alice, decided), errs.Conflict, "cases.decidedAlready")
	})
}

// TestTimer: a month from 3 March, ten o'clock, is over when 3 April is, though
// summer time has begun meanwhile.
func TestTimer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.apply(alice, "extract", "refused")
		if c := w.file(id); c.Status != Decided || c.Outcome != pack.Refused || !c.File.Decision.ByRule {
			t.Fatalf("%s %+v", c.Status, c.File.Decision)
		}
		due := date(2025, 4, 4)
		w.at(due.Add(-time.Microsecond))
		w.run()
		if c := w.file(id); c.Status != Decided || len(c.File.Timers) != 1 || !c.File.Timers["keep~1"].Due.Equal(endOf(date(2025, 4, 3))) {
			t.Fatalf("a microsecond early: %s %+v", c.Status, c.File.Timers)
		}
		w.at(due)
		w.run()
		w.run()
		if c := w.file(id); c.Status != Closed || kinds(c) != "submitted fetched ruled decided closed" || len(c.File.Timers) != 0 {
			t.Errorf("%s %s %+v", c.Status, kinds(c), c.File.Timers)
		}
	})
}

// TestFilesOfTheApplication are documents of the case.
func TestFilesOfTheApplication(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	a := wish("granted", "12.00")
	delete(a, "name")
	hash := strings.Repeat("ab", 32)
	a["proof"] = []any{map[string]any{"name": "lease.pdf", "size": json.Number("1234"), "type": "application/pdf", "hash": hash}}
	r, err := w.Submit(context.Background(), w.submission(alice, "grant", "k", a))
	w.must(err)
	docs := w.file(r.Case).Documents
	if len(docs) != 1 || docs[0].Field != "proof" || docs[0].Name != "lease.pdf" || docs[0].Size != 1234 || docs[0].Hash != hash || docs[0].AddedBy != alice.Account {
		t.Errorf("%+v", docs)
	}
}

// TestCertificateOfTheRuleAlone can be verified by anybody who holds its code.
func TestCertificateOfTheRuleAlone(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "extract", "granted")
	c := w.file(id)
	s, err := w.Statement(context.Background(), c.Certificates[0].Code)
	if err != nil || s.Document["holder"] != "Alice" || s.Authority != "fund" || !s.ValidUntil.Equal(endOf(date(2025, 6, 1))) {
		t.Errorf("%+v %v", s.Certificate, err)
	}
	if d := c.File.Decision; d.DecidedBy != "" || !d.ByRule || c.File.Clock.End != EndDecided || c.File.Clock.Complete.IsZero() {
		t.Errorf("%+v %+v", d, c.File.Clock)
	}
}

// TestPaidAfterWithdrawal: the applicant withdrew in one window and paid in
// the other. The case stays withdrawn, but the money is on record.
func TestPaidAfterWithdrawal(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "permit", "granted")
	fee := w.task(id, "fee")
	w.must(w.Withdraw(ctx, alice, id))
	for range 2 {
		w.must(w.Paid(ctx, alice, id, fee, "receipt"))
	}
	if c := w.file(id); c.Status != Withdrawn || len(c.Payments) != 1 || c.Payments[0].Cents != 5000 {
		t.Errorf("%s %+v", c.Status, c.Payments)
	}
}

// TestFeeOfSomebodyWhoNeverCameBack: the bank is asked a quarter of an hour after
// somebody went there, and when the time for the fee is over. Who has not paid is
// reminded once, and can still pay.
func TestFeeOfSomebodyWhoNeverCameBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "permit", "granted")
		fee := w.task(id, "fee")
		for range 2 {
			_, err := w.PayURL(ctx, alice, id, fee, "/back", "permit")
			w.must(err)
		}
		w.pass(20 * time.Minute)
		if c := w.file(id); len(c.Payments) != 0 || c.Tasks[0].Status != TaskOpen {
			t.Fatalf("nothing was paid: %+v %+v", c.Payments, c.Tasks)
		}
		_, err := w.PayURL(ctx, alice, id, fee, "/back", "permit")
		w.must(err)
		w.bank.received = map[string]bool{fee: true}
		w.pass(20 * time.Minute)
		w.must(w.Paid(ctx, alice, id, fee, "receipt")) // and back after all
		c := w.file(id)
		if len(c.Payments) != 1 || c.Payments[0].Cents != 5000 || c.Payments[0].Reference != "REF" || c.Tasks[0].Status != TaskDone {
			t.Errorf("%+v %+v", c.Payments, c.Tasks)
		}

		w.bank.received = nil
		other := w.apply(bob, "permit", "granted")
		before := w.count(`SELECT COUNT(*) FROM cases_message WHERE case_id = $1`, other)
		w.pass(365 * day)
		if n := w.count(`SELECT COUNT(*) FROM cases_message WHERE case_id = $1`, other); n != before+1 {
			t.Errorf("%d messages before, %d a year later", before, n)
		}
		w.must(w.Paid(ctx, bob, other, w.task(other, "fee"), "receipt"))
		if c := w.file(other); len(c.Payments) != 1 || c.Tasks[0].Status != TaskDone {
			t.Errorf("paid late: %+v %+v", c.Payments, c.Tasks)
		}
	})
}

// TestAnOfficerSeesTheOtherApplications of the same person to the same service, and
// of nobody else; the applicant's own view has no such list.
func TestAnOfficerSeesTheOtherApplications(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.apply(alice, "grant", "granted")
		w.apply(bob, "grant", "granted")
		w.apply(alice, "permit", "granted")
		second := w.apply(alice, "grant", "granted")
		d, err := w.Open(context.Background(), fritz, second, "test", true)
		if err != nil || len(d.Same) != 1 || d.Same[0].ID != first {
			t.Errorf("%+v %v", d.Same, err)
		}
		if d, err = w.Open(context.Background(), alice, second, "test", false); err != nil || d.Same != nil {
			t.Errorf("the applicant: %+v %v", d.Same, err)
		}
	})
}

// TestSearchForgivesAccents in the name as in what is typed.
func TestSearchForgivesAccents(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		eve := Actor{Account: "a-eve", Person: alice.Person, Name: "Ève Müller-Çelik"}
		w.apply(eve, "grant", "granted")
		for search, want := range map[string]int{"eve": 1, "ÈVE": 1, "muller": 1, "Müller-ç": 1, "celik": 1, "evo": 0} {
			if rows, _, err := w.Tasks(context.Background(), fritz, QueueFilter{Authority: "fund", Search: search}); err != nil || len(rows) != want {
				t.Errorf("%q: %d rows, want %d %v", search, len(rows), want, err)
			}
		}
	})
}
