package cases

import (
	"testing"
	"time"

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
