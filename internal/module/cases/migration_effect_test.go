package cases

import (
	"context"
	"testing"

	"passerelle/internal/platform/db/dbtest"
)

// What a case takes over: timers, what was decided, a clock that stands still.

// A timer that begins again counts from the migration, with the new time; one that
// is kept fires when it would have.
func TestMigrationOfTimers(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	kept := w.asks("100.00")
	w.run()
	w.pass(7 * day)
	w.plan("kept", toAssess)
	w.start("kept")
	if due := w.file(kept).File.Timers["late~1"].Due; !due.Equal(endOf(date(2025, 3, 24))) { // 20 days are the 23rd, a Sunday
		t.Errorf("kept: due %v", due)
	}
	again := w.asks("100.00")
	w.run()
	w.pass(day)
	p := toAssess
	p.Mapping.Restart = []string{"late"}
	w.plan("again", p)
	e := w.row("again", again).Effect
	if want := endOf(date(2025, 4, 22)); len(e.Timers) != 1 || e.Timers[0].How != TimerRestarted || !e.Timers[0].NewDue.Equal(want) { // 40 days are the 20th, Easter Sunday
		t.Errorf("%+v, want due %v", e.Timers, want)
	}
	w.start("again")
	w.wentOver(again)
	w.pass(15 * day) // to 26 March
	if c := w.file(kept); len(c.File.Timers) != 0 {
		t.Errorf("kept: it has not fired: %+v", c.File.Timers)
	}
	if c := w.file(again); len(c.File.Timers) != 1 || len(c.File.Process.Waits()) != 2 {
		t.Errorf("again: it has fired: %+v", c.File.Timers)
	}
}

// A new deadline that is over already would decide by itself; a decision that
// stands, stands under its law.
func TestMigrationDecidesNothing(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	late := w.asks("100.00")
	w.run()
	w.pass(70 * day) // two months are over, three are not
	m := w.plan("late", toAssess)
	if r := w.row("late", late); r.State != CaseRefused || r.Effect.Problems[0].Kind != ProblemDeadline {
		t.Errorf("%+v", r)
	}
	if m.Sums.Refused != 1 {
		t.Errorf("%+v", m.Sums)
	}
	w.pass(40 * day) // silence has refused
	w.plan("silent", toAssess)
	if r := w.row("silent", late); r.State != CaseRefused || len(r.Effect.Problems) != 1 || r.Effect.Problems[0].Kind != ProblemDecided {
		t.Errorf("%+v", r)
	}
}

// While something is asked for no deadline can be named; the answer would let the
// clock run again, and silence decide at once.
func TestMigrationWhileTheClockStandsStill(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	late, early := w.asks("100.00"), ""
	w.run()
	w.pass(65 * day)
	early = w.asks("200.00")
	w.run()
	w.pass(5 * day)
	for _, id := range []string{late, early} {
		w.must(w.Ask(context.Background(), fritz, id, "Please send the invoice again."))
	}
	w.plan("m", toAssess)
	if r := w.row("m", late); r.State != CaseRefused || r.Effect.Problems[0].Kind != ProblemDeadline {
		t.Errorf("%+v", r)
	}
	if e := w.row("m", early).Effect; len(e.Problems) > 0 || e.Deadline.IsZero() || !e.NewDeadline.Before(e.Deadline) {
		t.Errorf("%+v", e)
	}
}
