package cases

import (
	"context"
	"strings"
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// TestLookup: a citizen phones with a number, and the official finds the case
// in whatever state it is.
func TestLookup(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		closed := w.apply(alice, "grant", "granted")
		w.must(w.Decide(ctx, fritz, closed, w.task(closed, "examine"), pack.Granted, "", ""))
		w.run()
		w.pass(day)
		withdrawn := w.apply(alice, "grant", "granted")
		w.must(w.Withdraw(ctx, alice, withdrawn))
		w.pass(day)
		open := w.apply(alice, "grant", "granted")
		unpaid := w.apply(alice, "permit", "granted")
		if rows, _, err := w.Tasks(ctx, fritz, QueueFilter{Authority: "fund"}); err != nil || len(rows) != 1 || rows[0].ID != open {
			t.Fatalf("the queue knows only what is open: %+v %v", rows, err)
		}

		found := func(who Actor, authority, text string, limit int) string {
			rows, err := w.Lookup(ctx, who, authority, text, limit)
			w.must(err)
			var ids []string
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			return strings.Join(ids, " ")
		}
		number := w.file(closed).Number
		spoken := strings.ToLower(strings.ReplaceAll(number, "-", " "))
		for _, text := range []string{number, strings.ToLower(number), spoken, " " + number[4:] + " ", "alice " + number} {
			if got := found(fritz, "fund", text, 10); got != closed {
				t.Errorf("%q: %s, want %s", text, got, closed)
			}
		}
		if got, want := found(fritz, "fund", "EXÉMPLE alice", 10), strings.Join([]string{open, withdrawn, closed}, " "); got != want {
			t.Errorf("newest first, got %s want %s", got, want)
		}
		if got, want := found(fritz, "fund", "alice", 2), open+" "+withdrawn; got != want {
			t.Errorf("two at most, got %s want %s", got, want)
		}
		if got := found(pierre, "permits", "alice", 10); got != unpaid { // its fee is not paid: no task of the authority
			t.Errorf("permits: %s, want %s", got, unpaid)
		}
		for _, text := range []string{"", " ", "bob", "%", "_", "alice bob"} {
			if got := found(fritz, "fund", text, 10); got != "" {
				t.Errorf("%q: %s, want nothing", text, got)
			}
		}
		_, err := w.Lookup(ctx, fritz, "permits", "alice", 10)
		refused(t, err, errs.Forbidden, "cases.notYourAuthority")
		_, err = w.Lookup(ctx, alice, "fund", "alice", 10)
		refused(t, err, errs.Forbidden, "cases.notYourAuthority")
	})
}

// next is the case of the next task of a queue that somebody could complete.
func (w *world) next(who Actor, f QueueFilter, except string) string {
	w.t.Helper()
	row, err := w.NextTask(context.Background(), who, f, except)
	w.must(err)
	if row == nil {
		return ""
	}
	return row.ID
}

// TestNextTask leaves out what the core would refuse.
func TestNextTask(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		fund := QueueFilter{Authority: "fund"}
		contested := w.apply(alice, "grant", "granted")
		w.must(w.Decide(ctx, fritz, contested, w.task(contested, "examine"), pack.Refused, "", because))
		r, err := w.Appeal(ctx, alice, contested, "My rent was not looked at.", "fr")
		w.must(err)
		if got := w.next(fritz, fund, ""); got != "" {
			t.Errorf("an appeal against his own decision: %s", got)
		}
		if got := w.next(fiona, fund, ""); got != r.Case {
			t.Errorf("fiona: %q, want the appeal %s", got, r.Case)
		}
		if got := w.next(fiona, fund, r.Case); got != "" {
			t.Errorf("except the appeal: %q", got)
		}
		w.pass(day)
		first := w.apply(alice, "grant", "granted") // due before the appeal
		w.pass(day)
		second := w.apply(alice, "grant", "granted")
		self := fritz
		self.Person = alice.Person
		w.must(w.Claim(ctx, fiona, first, w.task(first, "examine")))
		for _, x := range []struct {
			who  Actor
			want string
		}{{fritz, second}, {self, ""}, {fiona, first}} {
			if got := w.next(x.who, fund, r.Case); got != x.want {
				t.Errorf("%s: %q, want %q", x.who.Name, got, x.want)
			}
		}
		_, err = w.NextTask(ctx, pierre, fund, "")
		refused(t, err, errs.Forbidden, "cases.notYourAuthority")
	})
}

// TestNextTaskOfTheSecondPairOfEyes: who decided is not led to the approval,
// however many such rows come first.
func TestNextTaskOfTheSecondPairOfEyes(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	permits := QueueFilter{Authority: "permits"}
	other := official("a-other", "Other", "permits", RoleHeadOfUnit)
	var first string
	for range nextRows + 1 {
		id := w.apply(alice, "permit", "granted")
		w.pass(time.Second) // so that the cases have an order
		w.payFee(alice, id)
		w.must(w.Judge(ctx, pierre, id, w.task(id, "qualified"), true, because))
		w.must(w.Decide(ctx, helene, id, w.task(id, "examine"), pack.Granted, "", because))
		if first == "" {
			first = id
		}
	}
	if got := w.next(helene, permits, ""); got != "" {
		t.Errorf("she would approve what she decided: %s", got)
	}
	if got := w.next(pierre, permits, ""); got != "" {
		t.Errorf("a head of unit's step for a case worker: %s", got)
	}
	if got := w.next(other, permits, ""); got != first {
		t.Errorf("the other head of unit: %q, want %s", got, first)
	}
	w.pass(day)
	last := w.apply(alice, "permit", "granted") // behind more than a page of her own
	w.payFee(alice, last)
	if got := w.next(helene, permits, ""); got != last {
		t.Errorf("the next of hers: %q, want %s", got, last)
	}
}

// TestTheClockOfAnAppeal is the law's: nobody extends it, and who decided what
// is contested does not stop it either.
func TestTheClockOfAnAppeal(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "permit", "granted")
	w.payFee(alice, id)
	w.must(w.Judge(ctx, paula, id, w.task(id, "qualified"), false, because))
	w.must(w.Decide(ctx, pierre, id, w.task(id, "examine"), pack.Refused, "", because))
	w.must(w.Approve(ctx, helene, id, w.task(id, "approve"), true, ""))
	r, err := w.Appeal(ctx, alice, id, "I have a diploma.", "fr")
	w.must(err)
	for _, who := range []Actor{paula, pierre, helene} {
		refused(t, w.Ask(ctx, who, r.Case, "Send the diploma, please."), errs.Forbidden, "cases.appeal.sameOfficer")
		refused(t, w.Extend(ctx, who, r.Case, because), errs.Forbidden, "cases.appeal.sameOfficer")
	}
	other := official("a-other", "Other", "permits", RoleCaseWorker)
	refused(t, w.Extend(ctx, other, r.Case, because), errs.Conflict, "cases.extend.no")
	if c := w.file(r.Case); !c.File.Clock.Extended.IsZero() || !c.File.Clock.Paused.IsZero() {
		t.Errorf("clock %+v", c.File.Clock)
	}
	w.must(w.Ask(ctx, other, r.Case, "Send the diploma, please."))
}
