package cases

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/work"
)

// calendarDay is a day of an installation's calendar, as calendar.yaml has it.
func calendarDay(y int, m time.Month, d int, kind pack.DayKind) pack.CalendarDay {
	name := pack.Lingual{"en": "Invented day", "fr": "Jour inventé"}
	return pack.CalendarDay{Date: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Kind: kind, Name: name, Legal: "invented act", Status: pack.Unverified}
}

// restart gives the world another calendar, as a new start with another
// calendar.yaml does.
func (w *world) restart(days ...pack.CalendarDay) {
	w.t.Helper()
	set, _ := pack.LoadSet(completed(w.t, os.DirFS("testdata"))) // packages checks them
	set.Calendar = days
	deps := w.Deps
	deps.Queue = work.New(w.DB, w.clock, slog.New(slog.DiscardHandler), work.Options{})
	deps.Events, deps.Packages = event.New(deps.Queue), set
	w.Service = New(deps)
	w.must(w.FollowCalendar(context.Background()))
}

// TestANewHolidayGivesMoreTime: the legal clock, a request, a timer and the limit
// for an appeal that would end on it move to the next working day, each with a
// line in the history, and what waits for them waits longer.
func TestANewHolidayGivesMoreTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.restart() // nothing is another: no run
		if runs, err := w.Runs(ctx, oscar, 10); err != nil || len(runs) != 0 {
			t.Fatalf("%+v %v", runs, err)
		}
		granting := w.apply(alice, "permit", "granted") // three months, silence grants
		w.payFee(alice, granting)
		asked := w.apply(alice, "grant", "granted")
		w.must(w.Ask(ctx, fritz, asked, "Please send the lease of your flat."))
		refusedCase := w.apply(bob, "extract", "refused") // a timer of one month, and an appeal of its own
		clock := func(id string) time.Time { d, _ := w.file(id).File.Clock.Deadline(); return d }
		if got := clock(granting); !got.Equal(endOf(date(2025, 6, 3))) {
			t.Fatalf("before: %v", got)
		}
		appeal := w.file(refusedCase).File.Decision.Appeal.Until

		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday), calendarDay(2025, 4, 2, pack.DayHoliday), calendarDay(2025, 4, 3, pack.DayHoliday),
			calendarDay(appeal.Year(), appeal.Month(), appeal.Day(), pack.DayHoliday))
		w.run()
		if got := clock(granting); !got.Equal(endOf(date(2025, 6, 4))) {
			t.Errorf("the legal clock ends %v", got)
		}
		if got := w.file(asked).Requests[0].DueAt; !got.Equal(endOf(date(2025, 4, 4))) {
			t.Errorf("the answer is due %v", got)
		}
		if got := w.file(refusedCase).File.Timers["keep~1"].Due; !got.Equal(endOf(date(2025, 4, 4))) {
			t.Errorf("the timer is due %v", got)
		}
		if got := w.file(refusedCase).File.Decision.Appeal.Until; !got.After(appeal) {
			t.Errorf("the appeal is open until %v, before %v", got, appeal)
		}
		runs, err := w.Runs(ctx, oscar, 10)
		if err != nil || len(runs) != 1 || runs[0].Done != 3 || runs[0].Changed != 3 || runs[0].EndedAt.IsZero() {
			t.Errorf("%+v %v", runs, err)
		}
		var told []Entry
		for _, e := range w.file(granting).Timeline {
			if e.Kind == "recounted" {
				told = append(told, e)
			}
		}
		if len(told) != 1 || !told[0].Public || told[0].Data["deadline"] != "decision" || told[0].Data["day"] != "2025-06-03" || told[0].Data["legal"] != "invented act" {
			t.Errorf("told %+v", told)
		}

		w.at(date(2025, 4, 4)) // the old ends are over
		w.run()
		if c := w.file(asked); c.Requests[0].Status != RequestOpen {
			t.Errorf("a day early: %s", c.Requests[0].Status)
		}
		w.at(date(2025, 4, 5))
		w.run()
		if c := w.file(asked); c.Requests[0].Status != RequestLapsed {
			t.Errorf("the request is %s", c.Requests[0].Status)
		}
		if c := w.file(refusedCase); c.Status != Closed {
			t.Errorf("the timer did not fire: %s", c.Status)
		}
		w.at(date(2025, 6, 4))
		w.run()
		if c := w.file(granting); c.Outcome != "" {
			t.Errorf("a day early: %s", c.Outcome)
		}
		w.at(date(2025, 6, 5))
		w.run()
		if c := w.file(granting); c.Outcome != pack.TacitGrant {
			t.Errorf("silence has no consequence: %q", c.Outcome)
		}
	})
}

// TestNoCalendarTakesTimeAway: what was named stays when a holiday is taken back,
// and a closing day gives the authority no time; what begins later is counted
// with the calendar of its day.
func TestNoCalendarTakesTimeAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday))
		w.run()
		id := w.apply(alice, "grant", "granted")
		until := func(id string) time.Time { d, _ := w.file(id).File.Clock.Deadline(); return d }
		if got := until(id); !got.Equal(endOf(date(2025, 6, 4))) {
			t.Fatalf("with the holiday: %v", got)
		}
		w.restart(calendarDay(2025, 6, 3, pack.DayClosing), calendarDay(2025, 4, 2, pack.DayClosing), calendarDay(2025, 6, 7, pack.DayWorking))
		w.run()
		w.must(w.Ask(ctx, fritz, id, "Please send the lease of your flat."))
		w.must(w.Answer(ctx, alice, id, w.file(id).Requests[0].ID, "Here it is.", nil))
		if got := until(id); !got.Equal(endOf(date(2025, 6, 4))) {
			t.Errorf("what was named moved to %v", got)
		}
		if got := w.file(id).Requests[0].DueAt; !got.Equal(endOf(date(2025, 4, 3))) {
			t.Errorf("a closing day gives the person time: %v", got)
		}
		later := w.apply(bob, "grant", "granted")
		if got := until(later); !got.Equal(endOf(date(2025, 6, 3))) {
			t.Errorf("a closing day gave the authority time: %v", got)
		}
		w.pass(4 * day)
		if got := until(w.apply(bob, "grant", "granted")); !got.Equal(endOf(date(2025, 6, 7))) {
			t.Errorf("a Saturday on which people work: %v", got)
		}
	})
}

// TestTheCalendarChangesWhileADeadlinePasses: whoever is later, the run or the
// deadline's own job, the new end counts.
func TestTheCalendarChangesWhileADeadlinePasses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		w.must(w.Ask(ctx, fritz, id, "Please send the lease of your flat."))
		w.at(date(2025, 4, 3))
		w.calendar = NewCalendar([]pack.CalendarDay{calendarDay(2025, 4, 2, pack.DayHoliday)}) // without its run
		w.run()
		if r := w.file(id).Requests[0]; r.Status != RequestOpen || !r.DueAt.Equal(endOf(date(2025, 4, 3))) {
			t.Fatalf("%s %v", r.Status, r.DueAt)
		}
		w.at(date(2025, 4, 4))
		w.run()
		if r := w.file(id).Requests[0]; r.Status != RequestLapsed {
			t.Errorf("the moved end was forgotten: %s", r.Status)
		}
	})
}

// TestARunGoesOnWhereItWasCut: many cases, in batches, each once.
func TestARunGoesOnWhereItWasCut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for range runBatch + 5 {
			w.apply(alice, "grant", "granted")
		}
		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday))
		runs, err := w.Runs(ctx, oscar, 1)
		w.must(err)
		w.must(w.goOn(ctx, runJobOf(runs[0].ID, "", w.now()), runJob{Run: runs[0].ID})) // as if by hand: the job of the queue comes too
		if runs, _ = w.Runs(ctx, oscar, 1); runs[0].Done != runBatch || !runs[0].EndedAt.IsZero() {
			t.Fatalf("the first batch: %+v", runs[0])
		}
		w.run()
		if runs, _ = w.Runs(ctx, oscar, 1); runs[0].Done != runBatch+5 || runs[0].Changed != runBatch+5 || runs[0].EndedAt.IsZero() {
			t.Errorf("%+v", runs[0])
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_entry WHERE kind = 'recounted'`); n != runBatch+5 {
			t.Errorf("%d lines", n)
		}
	})
}

// TestANewHolidayGivesAPartyMoreTime: task, invitation and timer stay one date.
func TestANewHolidayGivesAPartyMoreTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.apply(alice, "leave", "granted")
		due := w.part(id, "partner").DueAt
		w.restart(calendarDay(due.In(luxembourg).Year(), due.In(luxembourg).Month(), due.In(luxembourg).Day(), pack.DayHoliday))
		w.run()
		inv, later := w.part(id, "partner"), time.Time{}
		for _, t := range w.file(id).Tasks {
			if t.ID == inv.Task {
				later = t.DueAt
			}
		}
		if !inv.DueAt.After(due) || !inv.DueAt.Equal(later) {
			t.Fatalf("the invitation runs until %v, the task until %v, before it was %v", inv.DueAt, later, due)
		}
		w.at(due.Add(time.Second))
		w.run()
		if d := w.file(id); d.File.Parties["partner"].Status == pack.Silent {
			t.Error("silent too early")
		}
		w.at(inv.DueAt.Add(time.Second))
		w.run()
		if d := w.file(id); d.File.Parties["partner"].Status != pack.Silent {
			t.Errorf("%+v", d.File.Parties)
		}
	})
}

// TestAnotherVersionCountsNothingAnew: what the person was told stays, when the
// case has come to a version with other time limits, and is explained from its own.
func TestAnotherVersionCountsNothingAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		ids := map[DeadlineOf]string{OfFee: w.apply(alice, "permit", "granted"), OfAnswer: w.apply(alice, "grant", "granted"), OfAppeal: w.apply(bob, "extract", "refused")}
		w.must(w.Ask(ctx, fritz, ids[OfAnswer], "Please send the lease of your flat."))
		other := func(p *pack.Package) *pack.Package {
			q := *p
			q.Service.Deadlines.Complete, q.Service.Deadlines.Pay = pack.Span{Days: 90}, pack.Span{Days: 90}
			q.Service.Deadlines.Appeal = &pack.Appeal{Months: 9, To: "tribunal"}
			return &q
		}
		find := func(of DeadlineOf, d *Dossier) Deadline {
			for _, x := range d.Deadlines(w.now()) {
				if x.Of == of {
					return x
				}
			}
			t.Fatalf("no %s in %+v", of, d.Deadlines(w.now()))
			return Deadline{}
		}
		for of, id := range ids {
			d := w.file(id)
			before := find(of, d)
			d.Package, d.File.Migrations = other(d.Package), []Migrated{{From: "2024"}}
			if after := find(of, d); after.Span != before.Span || after.Kept != before.Kept || before.Span.IsZero() {
				t.Errorf("%s: %+v, before %+v", of, after, before)
			}
			for _, kept := range []bool{true, false} { // and where nothing was kept
				w.must(w.bySystem(ctx, id, func(ch *change) error {
					ch.p, ch.c.File.Migrations = other(ch.p), []Migrated{{From: "2024"}}
					if !kept {
						ch.c.File.Spans = nil
						if ch.c.File.Decision != nil {
							ch.c.File.Decision.Appeal.Span = pack.Span{}
						}
					}
					ch.recount()
					return nil
				}))
				x := find(of, w.file(id))
				if !x.Until.Equal(before.Until) {
					t.Errorf("%s, kept %v: moved to %v from %v", of, kept, x.Until, before.Until)
				}
				if kept == x.Span.IsZero() || x.Kept {
					t.Errorf("%s, kept %v: %+v", of, kept, x)
				}
			}
		}
	})
}
