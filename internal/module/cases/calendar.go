package cases

import (
	"time"

	"passerelle/internal/module/services/pack"
)

// luxembourg is the zone in which legal days begin and end.
var luxembourg = mustLocation("Europe/Luxembourg")

func mustLocation(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zone database is compiled in (time/tzdata)
	}
	return l
}

// civil is a calendar day in Luxembourg at midnight.
func civil(t time.Time) time.Time {
	y, m, d := t.In(luxembourg).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, luxembourg)
}

// endOf returns the last microsecond of the day t in Luxembourg.
func endOf(t time.Time) time.Time {
	y, m, d := t.In(luxembourg).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, luxembourg).Add(-time.Microsecond)
}

// IsHoliday reports whether the day is one of the eleven legal holidays of
// Luxembourg (Code du travail, art. L.232-2; 9 May since 2019).
func IsHoliday(day time.Time) bool {
	y, m, d := day.In(luxembourg).Date()
	switch {
	case m == time.January && d == 1,
		m == time.May && d == 1,
		m == time.May && d == 9 && y >= 2019,
		m == time.June && d == 23,
		m == time.August && d == 15,
		m == time.November && d == 1,
		m == time.December && (d == 25 || d == 26):
		return true
	}
	easter := easterSunday(y)
	for _, after := range [...]int{1, 39, 50} { // Easter Monday, Ascension, Whit Monday
		if f := easter.AddDate(0, 0, after); f.Month() == m && f.Day() == d {
			return true
		}
	}
	return false
}

// IsWorkingDay reports whether the day is neither a Saturday, a Sunday nor a
// legal holiday.
func IsWorkingDay(day time.Time) bool {
	wd := day.In(luxembourg).Weekday()
	return wd != time.Saturday && wd != time.Sunday && !IsHoliday(day)
}

// nextWorkingDay returns the day itself if it is a working day, else the first
// one after it.
func nextWorkingDay(day time.Time) time.Time {
	day = civil(day)
	for !IsWorkingDay(day) {
		day = civil(day.AddDate(0, 0, 1).Add(2 * time.Hour)) // past any change of summer time
	}
	return day
}

// easterSunday is the Gregorian computus of Meeus, Jones and Butcher
// ("Astronomical Algorithms", ch. 8).
func easterSunday(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	month := (h + l - 7*m + 114) / 31
	day := (h+l-7*m+114)%31 + 1
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, luxembourg)
}

// lastDay returns the last day of a time limit that starts on the day of from.
// The day of the event does not count; a limit in months ends on the day of
// the same number, or on the last day of a shorter month; a limit that would
// end on a Saturday, Sunday or legal holiday ends on the next working day.
//
// Unverified: that the European Convention on the Calculation of Time-Limits
// (Basel, 16.5.1972, art. 3 to 5) says this, and that it holds here, is from
// memory; ADR 0009.
func lastDay(limit pack.Span, from time.Time) time.Time {
	return nextWorkingDay(limit.AddTo(civil(from)))
}

// lastWorkingDay returns the last of n working days after the day of from.
func lastWorkingDay(n int, from time.Time) time.Time {
	day := civil(from)
	for range n {
		day = nextWorkingDay(day.AddDate(0, 0, 1))
	}
	return day
}
