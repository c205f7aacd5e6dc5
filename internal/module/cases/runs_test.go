package cases

import (
	"context"
	"testing"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// TestAnOldCalendarCountsNothing: in a rolling restart the process with the old
// calendar may get the job first. It ends nothing, and the new one counts.
func TestAnOldCalendarCountsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		old := w.Service
		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday))
		if _, err := old.Queue.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if runs, err := w.Runs(ctx, oscar, 1); err != nil || len(runs) != 1 || !runs[0].EndedAt.IsZero() || runs[0].Done != 0 {
			t.Fatalf("with the old calendar: %+v %v", runs, err)
		}
		w.pass(day) // the pause after the attempt
		if runs, err := w.Runs(ctx, oscar, 1); err != nil || runs[0].EndedAt.IsZero() || runs[0].Changed != 1 {
			t.Errorf("%+v %v", runs, err)
		}
		if until, _ := w.file(id).File.Clock.Deadline(); !until.Equal(endOf(date(2025, 6, 4))) {
			t.Errorf("the legal clock ends %v", until)
		}
	})
}

// TestAnOlderRunGivesWay: when the calendar changed once more before a run
// ended, nobody has its calendar any more; the newer run counts every case.
func TestAnOlderRunGivesWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.apply(alice, "grant", "granted")
		w.restart(calendarDay(2025, 6, 2, pack.DayHoliday))
		w.clock.Advance(day)
		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday))
		w.run()
		runs, err := w.Runs(ctx, oscar, 5)
		if err != nil || len(runs) != 2 || runs[0].Changed != 1 || runs[1].EndedAt.IsZero() || runs[1].Done != 0 {
			t.Errorf("%+v %v", runs, err)
		}
	})
}

// TestACaseWithoutItsPackageStopsNoRun: it counts as failed, and the run goes on.
func TestACaseWithoutItsPackageStopsNoRun(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.apply(alice, "grant", "granted")
		lost := w.apply(bob, "grant", "granted")
		w.apply(alice, "grant", "granted")
		w.exec(`UPDATE cases_case SET version = '1999' WHERE id = '` + lost + `'`)
		w.restart(calendarDay(2025, 6, 3, pack.DayHoliday))
		w.run()
		runs, err := w.Runs(ctx, oscar, 1)
		if err != nil || runs[0].EndedAt.IsZero() || runs[0].Done != 3 || runs[0].Changed != 2 || runs[0].Failed != 1 {
			t.Errorf("%+v %v", runs, err)
		}
	})
}

// TestNobodyRepeatsTheirOwnCase, neither alone nor among many.
func TestNobodyRepeatsTheirOwnCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.weighing()
		id := w.apply(alice, "extract", "granted")
		self := oscar
		self.Account, self.Person = "a-other", alice.Person
		refused(t, w.Resume(ctx, self, id), errs.Forbidden, "cases.ownCase")
		_, err := w.ResumeAll(ctx, self)
		w.must(err)
		w.run()
		if runs, err := w.Runs(ctx, oscar, 1); err != nil || runs[0].Done != 1 || runs[0].Failed != 1 || runs[0].EndedAt.IsZero() {
			t.Errorf("%+v %v", runs, err)
		}
		if n := w.count(`SELECT COUNT(*) FROM cases_entry WHERE kind = 'incident'`); n != 1 {
			t.Errorf("the step was repeated: %d lines", n)
		}
	})
}
