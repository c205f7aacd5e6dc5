package cases

import (
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
)

func lux(y int, m time.Month, d, h, mi int) time.Time {
	return time.Date(y, m, d, h, mi, 0, 0, luxembourg)
}

func date(y int, m time.Month, d int) time.Time { return lux(y, m, d, 0, 0) }

// TestHolidays compares whole years with lists made by hand; the movable days
// follow from the known dates of Easter: 31.3.2024, 20.4.2025, 5.4.2026 and
// 28.3.2027.
func TestHolidays(t *testing.T) {
	for year, want := range map[int][]string{
		2018: {"01-01", "04-02", "05-01", "05-10", "05-21", "06-23", "08-15", "11-01", "12-25", "12-26"}, // 9 May was none yet
		2024: {"01-01", "04-01", "05-01", "05-09", "05-20", "06-23", "08-15", "11-01", "12-25", "12-26"}, // Ascension on 9 May
		2025: {"01-01", "04-21", "05-01", "05-09", "05-29", "06-09", "06-23", "08-15", "11-01", "12-25", "12-26"},
		2026: {"01-01", "04-06", "05-01", "05-09", "05-14", "05-25", "06-23", "08-15", "11-01", "12-25", "12-26"},
		2027: {"01-01", "03-29", "05-01", "05-06", "05-09", "05-17", "06-23", "08-15", "11-01", "12-25", "12-26"},
	} {
		var got []string
		for d := lux(year, 1, 1, 12, 0); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if IsHoliday(d) {
				got = append(got, d.Format("01-02"))
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d: got %v, want %v", year, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%d: got %s, want %s", year, got[i], want[i])
			}
		}
	}
}

func TestTheDayBeginsInLuxembourg(t *testing.T) {
	if !IsHoliday(time.Date(2025, 4, 30, 22, 30, 0, 0, time.UTC)) { // half past midnight of 1 May
		t.Error("the first of May begins at midnight in Luxembourg")
	}
	if _, off := (*Calendar)(nil).off(time.Date(2025, 3, 7, 23, 30, 0, 0, time.UTC), ofPerson); !off { // Saturday there
		t.Error("Saturday begins at midnight in Luxembourg")
	}
}

// TestAppealLimits has limits counted on a paper calendar.
func TestAppealLimits(t *testing.T) {
	days40, months3 := pack.Span{Days: 40}, pack.Span{Months: 3}
	for _, c := range []struct {
		limit      pack.Span
		from, last time.Time
		why        string
	}{
		{days40, date(2025, 3, 4), date(2025, 4, 14), "40 days to Sunday 13 April, so Monday"},
		{days40, date(2025, 3, 3), date(2025, 4, 14), "40 days to Saturday 12 April"},
		{days40, date(2025, 3, 6), date(2025, 4, 15), "40 days to an ordinary Tuesday"},
		{days40, date(2025, 3, 12), date(2025, 4, 22), "40 days to Easter Monday"},
		{days40, date(2025, 11, 15), date(2025, 12, 29), "40 days to Christmas; then its second day and a weekend"},
		{days40, date(2024, 1, 20), date(2024, 2, 29), "40 days to the leap day"},
		{months3, date(2025, 3, 3), date(2025, 6, 3), "three months to the day of the same number"},
		{months3, date(2025, 11, 30), date(2026, 3, 2), "February has no 30th; the 28th is a Saturday"},
		{months3, date(2023, 11, 30), date(2024, 2, 29), "February has no 30th, but a 29th"},
		{months3, date(2025, 2, 9), date(2025, 5, 12), "9 May is a holiday, a Friday"},
		{months3, date(2025, 3, 7), date(2025, 6, 10), "Saturday, Whit Sunday, Whit Monday"},
		{months3, lux(2025, 3, 3, 23, 59), date(2025, 6, 3), "the hour of the event does not count"},
	} {
		if got := (*Calendar)(nil).lastDay(c.limit, c.from, ofPerson); !got.Equal(c.last) {
			t.Errorf("%s: from %s got %s, want %s", c.why, c.from.Format(time.DateOnly), got.Format(time.DateOnly), c.last.Format(time.DateOnly))
		}
	}
	limit := AppealLimit{Until: endOf(date(2025, 4, 14))}
	if last := time.Date(2025, 4, 14, 21, 59, 59, 999999000, time.UTC); !limit.Open(last) || limit.Open(last.Add(time.Microsecond)) {
		t.Error("the limit is open to the last microsecond of its last day, and no longer")
	}
	if (AppealLimit{}).Open(monday) {
		t.Error("without a limit nothing is open")
	}
}
