package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
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

// Calendar says on which days time limits can end: the legal holidays that the
// code computes, and the days that this installation adds (calendar.yaml). The
// nil Calendar has the legal holidays only. It never changes.
type Calendar struct {
	extra map[string]pack.CalendarDay // by date
	hash  string
}

// NewCalendar returns the calendar with extra days.
func NewCalendar(days []pack.CalendarDay) *Calendar {
	k := &Calendar{extra: make(map[string]pack.CalendarDay, len(days))}
	sum := sha256.New()
	fmt.Fprintln(sum, legalHolidays)
	dates := make([]string, 0, len(days))
	for _, d := range days {
		date := d.Date.Format(time.DateOnly)
		if _, twice := k.extra[date]; !twice {
			dates = append(dates, date)
		}
		k.extra[date] = d
	}
	slices.Sort(dates)
	for _, date := range dates {
		fmt.Fprintln(sum, date, k.extra[date].Kind)
	}
	k.hash = hex.EncodeToString(sum.Sum(nil))
	return k
}

// Hash tells one calendar from another by what moves time limits: the dates and
// their kinds, and the law that the code computes.
func (k *Calendar) Hash() string { return k.hash }

// legalHolidays names the state of the law that holidayOn computes: to be
// changed with it, so that running time limits are counted again.
const legalHolidays = "L.232-2, 9 May since 2019"

// side says whose time limit is counted. A closing day lengthens what a person
// has, because they can hand nothing in; it gives the authority that declared it
// no time against the person (ADR 0022).
type side bool

const (
	ofPerson    side = false
	ofAuthority side = true
)

// DayOff is a day on which a time limit does not end, and why.
type DayOff struct {
	Day     time.Time
	Holiday string            // key of a legal holiday, or ""
	Extra   *pack.CalendarDay // day of the installation's calendar, or nil
} // neither: a Saturday or Sunday

// off reports whether the day is none on which a time limit of the side ends.
func (k *Calendar) off(day time.Time, of side) (DayOff, bool) {
	why := DayOff{Day: civil(day)}
	if k != nil {
		if d, ok := k.extra[why.Day.Format(time.DateOnly)]; ok {
			switch {
			case d.Kind == pack.DayWorking:
				return DayOff{}, false
			case d.Kind == pack.DayHoliday || of == ofPerson:
				why.Extra = &d
				return why, true
			}
		}
	}
	why.Holiday = holidayOn(why.Day)
	weekday := why.Day.Weekday()
	return why, why.Holiday != "" || weekday == time.Saturday || weekday == time.Sunday
}

// nextWorkingDay returns the day itself if it is a working day, else the first
// one after it.
func (k *Calendar) nextWorkingDay(day time.Time, of side) time.Time {
	day = civil(day)
	for {
		if _, off := k.off(day, of); !off {
			return day
		}
		day = day.AddDate(0, 0, 1)
	}
}

// lastDay returns the last day of a time limit that starts on the day of from.
// The day of the event does not count; a limit in months ends on the day of
// the same number, or on the last day of a shorter month; a limit that would
// end on a Saturday, Sunday or holiday ends on the next working day.
//
// Unverified: that the European Convention on the Calculation of Time-Limits
// (Basel, 16.5.1972, art. 3 to 5) says this, and that it holds here, is from
// memory; ADR 0009.
func (k *Calendar) lastDay(limit pack.Span, from time.Time, of side) time.Time {
	return k.nextWorkingDay(limit.AddTo(civil(from)), of)
}

// lastWorkingDay returns the last of n working days after the day of from.
func (k *Calendar) lastWorkingDay(n int, from time.Time, of side) time.Time {
	day := civil(from)
	for range n {
		day = k.nextWorkingDay(day.AddDate(0, 0, 1), of)
	}
	return day
}

// IsHoliday reports whether the day is one of the eleven legal holidays of
// Luxembourg (Code du travail, art. L.232-2; 9 May since 2019).
func IsHoliday(day time.Time) bool { return holidayOn(day) != "" }

// holidayOn names the legal holiday on a day as texts do (cases.holiday.<name>), ""
// for none.
func holidayOn(day time.Time) string {
	y, m, d := day.In(luxembourg).Date()
	switch {
	case m == time.January && d == 1:
		return "newYear"
	case m == time.May && d == 1:
		return "labour"
	case m == time.May && d == 9 && y >= 2019:
		return "europe"
	case m == time.June && d == 23:
		return "national"
	case m == time.August && d == 15:
		return "assumption"
	case m == time.November && d == 1:
		return "allSaints"
	case m == time.December && d == 25:
		return "christmas"
	case m == time.December && d == 26:
		return "stStephen"
	}
	easter := easterSunday(y)
	for _, movable := range [...]struct {
		name  string
		after int
	}{{"easterMonday", 1}, {"ascension", 39}, {"whitMonday", 50}} {
		if f := easter.AddDate(0, 0, movable.after); f.Month() == m && f.Day() == d {
			return movable.name
		}
	}
	return ""
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
