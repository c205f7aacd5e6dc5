package feel

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawInstant(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(-60_000_000_000, 200_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
}

// Days, weekdays and weeks agree with Go's calendar.
func TestCalendarAgreesWithGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawInstant(t).UTC()
		d := DateOf(at)
		y, m, day := dateAt(d.days())
		if !dateOf(y, int64(m), int64(day)).Equal(d) {
			t.Fatalf("%s is day %d, which is %d-%d-%d", d, d.days(), y, m, day)
		}
		if d.days() != floorDiv(at.Unix(), daySeconds) {
			t.Fatalf("%s is day %d", d, d.days())
		}
		_, week := at.ISOWeek()
		if d.weekOfYear() != week || d.dayOfYear() != at.YearDay() || d.weekday()%7 != int(at.Weekday()) {
			t.Fatalf("%s: week %d, day %d, weekday %d", d, d.weekOfYear(), d.dayOfYear(), d.weekday())
		}
	})
}

// In a zone with summer time: a duration added is the same in Go, the way back
// is its inverse, and the text reads as the same instant.
func TestZonedArithmeticAgreesWithGo(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Luxembourg")
	if err != nil {
		t.Skip("this machine knows no zones: ", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := drawInstant(t).In(loc)
		if at.Year() < 1905 { // local mean time has odd seconds, which a clock face may repeat
			return
		}
		d := time.Duration(rapid.Int64Range(-1e17, 1e17).Draw(t, "duration"))
		v := DateTime(at)
		got := v.addDuration(int64(d/time.Second), int64(d%time.Second))
		if want := DateTime(at.Add(d)); at.Add(d).Year() >= 1905 && !same(got, want) && !ambiguous(at, loc) {
			t.Fatalf("%s + %s = %s, want %s", v, d, got, want)
		}
		back, ok := ParseTemporal(v.Text())
		if !ok || !same(back, v) {
			t.Fatalf("%s is read as %s", v, back)
		}
		if instant, ok := v.AsTime(time.UTC); !ok || !instant.Equal(at) && !ambiguous(at, loc) {
			t.Fatalf("%s is %s, want %s", v, instant, at)
		}
	})
}

// ambiguous reports whether the clock shows this time twice, when summer ends.
func ambiguous(at time.Time, loc *time.Location) bool {
	for _, d := range []time.Duration{time.Hour, -time.Hour, 2 * time.Hour, -2 * time.Hour} {
		other := at.Add(d).In(loc)
		if other.Format("2006-01-02T15:04:05") == at.Format("2006-01-02T15:04:05") {
			return true
		}
	}
	return false
}

// Durations read as they are written, and have one sign.
func TestDurationsAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := daysDuration(rapid.Int64Range(-1e15, 1e15).Draw(t, "seconds"), rapid.Int64Range(-2e9, 2e9).Draw(t, "nanos"))
		if int64(d.a) > 0 && int64(d.b) < 0 || int64(d.a) < 0 && int64(d.b) > 0 {
			t.Fatalf("%d s and %d ns", int64(d.a), int64(d.b))
		}
		m := MonthsDuration(rapid.Int64Range(-1e10, 1e10).Draw(t, "months"))
		for _, v := range []Value{d, m} {
			back, ok := ParseTemporal(v.Text())
			if !ok || !back.Equal(v) {
				t.Fatalf("%s is read as %s", v, back)
			}
		}
	})
}

// The months between two dates, added to the first, do not pass the second, and
// one month more does.
func TestMonthsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := DateOf(drawInstant(t)), DateOf(drawInstant(t))
		if c, _ := compare(a, b); c > 0 {
			a, b = b, a
		}
		n := monthsBetween(a, b)
		if c, _ := compare(a.addMonths(n), b); c > 0 {
			t.Fatalf("%d months from %s pass %s", n, a, b)
		}
		// A cut day, such as 31 January + 1 month, may fall on b itself.
		if c, _ := compare(a.addMonths(n+1), b); c < 0 {
			t.Fatalf("%d months from %s do not reach %s", n+1, a, b)
		}
	})
}
