package cases

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"passerelle/internal/module/services/pack"
)

var threeMonths = pack.Span{Months: 3}

// TestDeadlines has deadlines counted on a paper calendar.
func TestDeadlines(t *testing.T) {
	from := func(t time.Time) LegalClock { return LegalClock{Limit: threeMonths, Silence: "grant"}.Start(t) }
	stop := func(c LegalClock, a, b time.Time) LegalClock { return c.Pause(a).Resume(b) }
	for _, c := range []struct {
		why   string
		clock LegalClock
		last  time.Time
	}{
		{"three months", from(lux(2025, 3, 3, 10, 0)), date(2025, 6, 3)},
		{"complete half an hour after midnight", from(time.Date(2025, 3, 2, 23, 30, 0, 0, time.UTC)), date(2025, 6, 3)},
		{"the second start changes nothing", from(lux(2025, 3, 3, 10, 0)).Start(lux(2025, 4, 3, 10, 0)), date(2025, 6, 3)},
		{"into winter time", from(lux(2025, 9, 2, 10, 0)), date(2025, 12, 2)},
		{"from 30 November to the leap day", from(lux(2023, 11, 30, 10, 0)), date(2024, 2, 29)},
		{"from 30 November to 28 February", from(lux(2024, 11, 30, 10, 0)), date(2025, 2, 28)},
		{"from 31 January to 30 April", from(lux(2025, 1, 31, 10, 0)), date(2025, 4, 30)},
		{"to the Day of Europe, a Friday", from(lux(2025, 2, 9, 10, 0)), date(2025, 5, 12)},
		{"to the Saturday before Whitsun", from(lux(2025, 3, 7, 10, 0)), date(2025, 6, 10)},
		{"one month more", from(lux(2025, 3, 3, 10, 0)).Extend(pack.Span{Months: 1}), date(2025, 7, 3)},
		{"only one extension counts", from(lux(2025, 3, 3, 10, 0)).Extend(pack.Span{Months: 1}).Extend(pack.Span{Months: 2}), date(2025, 7, 3)},
		{"ten days of waiting", stop(from(lux(2025, 3, 3, 10, 0)), lux(2025, 3, 10, 9, 0), lux(2025, 3, 20, 8, 0)), date(2025, 6, 13)},
		{"waiting over the night of summer time", stop(from(lux(2025, 3, 3, 10, 0)), lux(2025, 3, 29, 23, 30), lux(2025, 3, 31, 0, 30)), date(2025, 6, 5)},
		{"waiting over the night of winter time", stop(from(lux(2025, 9, 2, 10, 0)), lux(2025, 10, 25, 23, 30), lux(2025, 10, 27, 0, 30)), date(2025, 12, 4)},
		{"answered on the same day", stop(from(lux(2025, 3, 3, 10, 0)), lux(2025, 3, 10, 9, 0), lux(2025, 3, 10, 18, 0)), date(2025, 6, 3)},
		{"two questions", stop(stop(from(lux(2025, 3, 3, 10, 0)), lux(2025, 3, 10, 9, 0), lux(2025, 3, 12, 9, 0)), lux(2025, 4, 1, 9, 0), lux(2025, 4, 2, 9, 0)), date(2025, 6, 6)},
		{"asked in the days won by Whitsun", stop(from(lux(2025, 3, 7, 10, 0)), lux(2025, 6, 8, 9, 0), lux(2025, 6, 12, 9, 0)), date(2025, 6, 16)},
		{"asked on the last day", stop(from(lux(2025, 3, 3, 10, 0)), lux(2025, 6, 3, 23, 59), lux(2025, 6, 4, 0, 1)), date(2025, 6, 4)},
	} {
		got, ok := c.clock.Deadline()
		if !ok || !got.Equal(endOf(c.last)) {
			t.Errorf("%s: got %v %v, want the end of %s", c.why, got, ok, c.last.Format(time.DateOnly))
		}
	}
}

// TestTheDeadlineIsTheLastMicrosecondOfTheDay names it in UTC: 23:59:59 in
// Luxembourg is 21:59:59 in summer and 22:59:59 in winter.
func TestTheDeadlineIsTheLastMicrosecondOfTheDay(t *testing.T) {
	for start, want := range map[time.Time]time.Time{
		lux(2025, 3, 3, 10, 0): time.Date(2025, 6, 3, 21, 59, 59, 999999000, time.UTC),
		lux(2025, 9, 2, 10, 0): time.Date(2025, 12, 2, 22, 59, 59, 999999000, time.UTC),
	} {
		if got, _ := (LegalClock{Limit: threeMonths}).Start(start).Deadline(); !got.Equal(want) {
			t.Errorf("got %v, want %v", got.UTC(), want)
		}
	}
}

func TestWhenThereIsNoDeadline(t *testing.T) {
	running := LegalClock{Limit: threeMonths}.Start(monday)
	for why, c := range map[string]LegalClock{
		"not started": {Limit: threeMonths},
		"no limit":    LegalClock{}.Start(monday),
		"paused":      running.Pause(monday),
		"ended":       running.Stop(monday, EndDecided),
	} {
		if d, ok := c.Deadline(); ok {
			t.Errorf("%s: %v", why, d)
		}
		if _, ended := c.Expire(monday.AddDate(10, 0, 0)); ended {
			t.Errorf("%s: it expired", why)
		}
	}
}

func TestSilenceAtTheRightInstant(t *testing.T) {
	for silence, end := range map[string]ClockEnd{"grant": EndTacitGrant, "refusal": EndImpliedRefusal, "none": ""} {
		c := LegalClock{Limit: threeMonths, Silence: silence}.Start(monday)
		deadline, _ := c.Deadline()
		if _, ended := c.Expire(deadline); ended {
			t.Errorf("%s: it ended within the time", silence)
		}
		after, ended := c.Expire(deadline.Add(time.Microsecond))
		if ended != (end != "") || after.End != end || ended && !after.Stopped.Equal(deadline) {
			t.Errorf("%s: a microsecond later: %v %+v", silence, ended, after)
		}
		if again, ended := after.Expire(deadline.AddDate(1, 0, 0)); end != "" && (ended || again.End != end) {
			t.Errorf("%s: it ended twice", silence)
		}
	}
}

func TestTheClockKeepsWhatItWas(t *testing.T) {
	c := LegalClock{Limit: threeMonths}.Start(monday).Pause(monday.Add(day)).Resume(monday.Add(2 * day))
	a, b := c.Pause(monday.Add(3*day)).Resume(monday.Add(4*day)), c.Pause(monday.Add(3*day)).Resume(monday.Add(9*day))
	if len(c.Pauses) != 1 || a.Pauses[1].To.Equal(b.Pauses[1].To) {
		t.Errorf("two futures of one clock share their pauses: %v %v", a.Pauses, b.Pauses)
	}
	ended := c.Pause(monday.Add(3*day)).Stop(monday.Add(5*day), EndWithdrawn)
	if ended.Running() || !ended.Paused.IsZero() || ended.End != EndWithdrawn || len(ended.Pauses) != 2 {
		t.Errorf("stopped while it stood still: %+v", ended)
	}
	if after := ended.Stop(monday.Add(6*day), EndDecided); after.End != EndWithdrawn {
		t.Error("the first end counts")
	}
}

// TestClockProperties: whatever is asked and answered, the deadline is the end
// of a working day, no earlier than without the question, and an answer never
// leaves the authority without a day.
func TestClockProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := lux(2024, 1, 1, 0, 0).Add(time.Duration(rapid.Int64Range(0, 4*366*24*3600).Draw(t, "start")) * time.Second)
		limit := pack.Span{Months: rapid.IntRange(0, 6).Draw(t, "months"), Days: rapid.IntRange(1, 40).Draw(t, "days")}
		c := LegalClock{Limit: limit, Silence: "refusal"}.Start(at)
		for range rapid.IntRange(0, 6).Draw(t, "questions") {
			before, _ := c.Deadline()
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(before.Sub(at)/time.Microsecond)).Draw(t, "until asked")) * time.Microsecond)
			if _, ended := c.Expire(at); ended {
				t.Fatalf("it ended at %v, before %v", at, before)
			}
			paused := c.Pause(at)
			at = at.Add(time.Duration(rapid.Int64Range(0, 60*24*3600).Draw(t, "until answered")) * time.Second)
			c = paused.Resume(at)
			after, ok := c.Deadline()
			if !ok || after.Before(before) || after.Before(at) {
				t.Fatalf("answered at %v: deadline %v, before it was %v", at, after, before)
			}
			if _, off := (*Calendar)(nil).off(after, ofAuthority); off || !after.Equal(endOf(after)) {
				t.Fatalf("%v is not the end of a working day", after)
			}
			if rapid.Bool().Draw(t, "extend") {
				c = c.Extend(pack.Span{Months: 1})
			}
		}
	})
}
