package cases

import (
	"strings"
	"testing"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
)

// TestTimersCount has timers of processes counted on a paper calendar.
func TestTimersCount(t *testing.T) {
	for _, c := range []struct {
		why, value, counts string
		from, fires        time.Time
	}{
		{"ten days, to the end of the last", "P10D", "", lux(2025, 3, 3, 10, 0), date(2025, 3, 14)},
		{"ten days to a Saturday", "P10D", "", lux(2025, 3, 5, 10, 0), date(2025, 3, 18)},
		{"a month to Good Friday, which is none of the legal holidays", "P1M", "", lux(2025, 3, 18, 10, 0), date(2025, 4, 19)},
		{"a month to Easter Monday", "P1M", "", lux(2025, 3, 21, 10, 0), date(2025, 4, 23)},
		{"a year is twelve months", "P1Y", "", lux(2024, 2, 29, 10, 0), date(2025, 3, 1)},
		{"fourteen days over the night of summer time", "P14D", "", lux(2025, 3, 24, 23, 0), date(2025, 4, 8)},
		{"hours", "PT36H", "", lux(2025, 3, 7, 10, 0), lux(2025, 3, 8, 22, 0)},
		{"a day and an hour are hours", "P1DT1H", "", lux(2025, 3, 7, 10, 0), lux(2025, 3, 8, 11, 0)},
		{"two days that count as hours", "P2D", CountHours, lux(2025, 3, 7, 10, 0), lux(2025, 3, 9, 10, 0)},
		{"nothing to wait for", "PT0S", "", lux(2025, 3, 8, 10, 0), lux(2025, 3, 8, 10, 0)},
		{"five working days from Monday", "P5D", CountWorking, lux(2025, 3, 3, 10, 0), date(2025, 3, 11)},
		{"five working days from a Saturday", "P5D", CountWorking, lux(2025, 3, 8, 10, 0), date(2025, 3, 15)},
		{"three working days over Easter", "P3D", CountWorking, lux(2025, 4, 17, 10, 0), date(2025, 4, 24)},
		{"one working day before Christmas", "P1D", CountWorking, lux(2025, 12, 24, 10, 0), date(2025, 12, 30)},
		{"a date begins in Luxembourg", "2025-07-01", "", lux(2025, 3, 3, 10, 0), date(2025, 7, 1)},
		{"a date and time", "2025-07-01T12:00:00Z", "", lux(2025, 3, 3, 10, 0), lux(2025, 7, 1, 14, 0)},
	} {
		v, ok := feel.ParseTemporal(c.value)
		if !ok {
			t.Fatalf("%s: %q is no ISO 8601", c.why, c.value)
		}
		got, err := timerOf(nil, v, c.counts, c.from)
		if err != nil || !got.fires().Equal(c.fires) {
			t.Errorf("%s: %v %v, want %v", c.why, got.fires().In(luxembourg), err, c.fires)
		}
	}
	for _, c := range []struct{ value, counts string }{{"P1M", CountWorking}, {"PT5H", CountWorking}, {"PT5H", CountDays}, {"-P1D", CountDays}} {
		v, _ := feel.ParseTemporal(c.value)
		if got, err := timerOf(nil, v, c.counts, monday); err == nil {
			t.Errorf("%s counted in %s: %v", c.value, c.counts, got)
		}
	}
	if got, err := timerOf(nil, feel.String("soon"), "", monday); err == nil {
		t.Errorf("a text: %v", got)
	}
}

// TestARepeatedTimerKeepsItsDay: a weekly reminder that is noticed late, or that a
// weekend moves, does not wander through the week.
func TestARepeatedTimerKeepsItsDay(t *testing.T) {
	week, _ := feel.ParseTemporal("P7D")
	fire := func(ch *change, id string, at time.Time) time.Time {
		ch.now = at
		if err := ch.startTimer(bpmn.Command{ID: id, Value: week}); err != nil {
			t.Fatal(err)
		}
		element, _, _ := strings.Cut(id, "~")
		ch.fired = firedTimer{element: element, timer: ch.c.File.Timers[id]}
		return ch.c.File.Timers[id].Due
	}
	ch := &change{s: &Service{calendar: NewCalendar(nil)}, c: &Case{Kind: Appeal}, ends: map[string]time.Time{}}
	first := fire(ch, "remind~1", lux(2025, 4, 10, 9, 0))
	second := fire(ch, "remind~2", date(2025, 4, 18))       // noticed when Thursday the 17th was over
	third := fire(ch, "remind~3", lux(2025, 4, 26, 15, 0))  // noticed two days late
	other := fire(ch, "another~1", lux(2025, 4, 26, 15, 0)) // counts for itself, to a Saturday
	if !first.Equal(endOf(date(2025, 4, 17))) || !second.Equal(endOf(date(2025, 4, 24))) || !third.Equal(endOf(date(2025, 5, 2))) || !other.Equal(endOf(date(2025, 5, 5))) {
		t.Errorf("Thursdays, and the day after 1 May: %v, %v, %v; another: %v", first, second, third, other)
	}
}

// TestATimerThatFiresIsNeverLost: whoever fires it before the date that is kept
// with the case, it fires; only the calendar puts it off.
func TestATimerThatFiresIsNeverLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.apply(alice, "extract", "refused")
		w.exec(`UPDATE work_job SET due = 0, ready = 0 WHERE kind = 'cases.timer'`)
		w.run()
		if c := w.file(id); c.Status != Closed || w.count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.timer'`) != 0 {
			t.Errorf("%s %+v", c.Status, c.File.Timers)
		}
	})
}
