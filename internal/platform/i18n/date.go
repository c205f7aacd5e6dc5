package i18n

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zone must be there on a machine without zoneinfo
)

// Luxembourg is the zone in which all dates are shown and legal days begin.
var Luxembourg = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Luxembourg")
	if err != nil {
		panic(err) // compiled in
	}
	return zone
}()

// calendar caches the names of months and days; called once, by New.
func (l *Locale) calendar() {
	for m := time.January; m <= time.December; m++ {
		l.months[m] = l.T("i18n.month." + strconv.Itoa(int(m)))
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		l.weekdays[d] = l.T("i18n.weekday." + strconv.Itoa(int(d)))
	}
}

// Date returns the day, written out: 23 November 2026, 1er décembre 2026.
func (l *Locale) Date(t time.Time) string {
	t = t.In(Luxembourg)
	return l.T("i18n.date.long", "day", l.day(t), "month", l.months[t.Month()], "year", t.Year())
}

// DateLong returns the day with its weekday: Monday 23 November 2026.
func (l *Locale) DateLong(t time.Time) string {
	return l.T("i18n.date.full", "weekday", l.weekdays[t.In(Luxembourg).Weekday()], "date", l.Date(t))
}

// DateShort returns the day in figures, for tables: 23/11/2026, 23.11.2026.
func (l *Locale) DateShort(t time.Time) string {
	if l.lang == DE || l.lang == LB {
		return t.In(Luxembourg).Format("02.01.2006")
	}
	return t.In(Luxembourg).Format("02/01/2006")
}

// DayMonth returns the day without its year: 23 November.
func (l *Locale) DayMonth(t time.Time) string {
	t = t.In(Luxembourg)
	return l.T("i18n.date.day_month", "day", l.day(t), "month", l.months[t.Month()])
}

// Month returns the month of t with its year: November 2026.
func (l *Locale) Month(t time.Time) string {
	t = t.In(Luxembourg)
	return l.T("i18n.date.month", "month", l.months[t.Month()], "year", t.Year())
}

// Weekday returns the name of the day of the week.
func (l *Locale) Weekday(d time.Weekday) string { return l.weekdays[d] }

// Time returns the time of day to the minute, on 24 hours.
func (l *Locale) Time(t time.Time) string {
	t = t.In(Luxembourg)
	return l.T("i18n.date.time", "hour", t.Format("15"), "minute", t.Format("04"))
}

// DateTime returns the day and the time of day.
func (l *Locale) DateTime(t time.Time) string {
	return l.T("i18n.date.datetime", "date", l.Date(t), "time", l.Time(t))
}

// DateISO is Date for a calendar day in ISO 8601 ("2026-11-23"), and Month for
// a month ("2026-11"). Anything else comes back as it is.
func (l *Locale) DateISO(iso string) string {
	if t, err := time.ParseInLocation(time.DateOnly, iso, Luxembourg); err == nil {
		return l.Date(t)
	}
	if t, err := time.ParseInLocation("2006-01", iso, Luxembourg); err == nil {
		return l.Month(t)
	}
	return iso
}

func (l *Locale) day(t time.Time) string {
	if t.Day() == 1 {
		return l.T("i18n.date.first")
	}
	return strconv.Itoa(t.Day())
}

// Days counts the midnights of Luxembourg from one instant to another:
// 0 on the same day, negative when to lies before from.
func Days(from, to time.Time) int {
	return int(noon(to).Sub(noon(from)).Hours() / 24)
}

func noon(t time.Time) time.Time {
	y, m, d := t.In(Luxembourg).Date()
	return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
}

// Relative returns a number of days from today in words: today, tomorrow,
// in 9 days, yesterday, 9 days ago.
func (l *Locale) Relative(days int) string {
	switch {
	case days == 0:
		return l.T("i18n.relative.today")
	case days == 1:
		return l.T("i18n.relative.tomorrow")
	case days == -1:
		return l.T("i18n.relative.yesterday")
	case days > 0:
		return l.N("i18n.relative.in", days)
	}
	return l.N("i18n.relative.ago", -days)
}

// DaysLeft returns what remains until a deadline: 9 days left, due today,
// 2 days late.
func (l *Locale) DaysLeft(days int) string {
	if days < 0 {
		return l.N("i18n.relative.late", -days)
	}
	if days == 0 {
		return l.T("i18n.relative.due_today")
	}
	return l.N("i18n.relative.left", days)
}

// Unit is a unit in which durations are said.
type Unit string

// The units.
const (
	Second     Unit = "second"
	Minute     Unit = "minute"
	Hour       Unit = "hour"
	Day        Unit = "day"
	WorkingDay Unit = "working_day"
	Week       Unit = "week"
	Month      Unit = "month"
	Year       Unit = "year"
)

// Count returns n units: 3 days, 1 working day.
func (l *Locale) Count(n int, unit Unit) string { return l.N("i18n.unit."+string(unit), n) }

// Duration returns d in its largest unit and the next one below it:
// 3 days, 1 hour and 20 minutes, 40 seconds. Less than a second is 0 seconds.
func (l *Locale) Duration(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	steps := []struct {
		unit Unit
		size time.Duration
	}{{Day, 24 * time.Hour}, {Hour, time.Hour}, {Minute, time.Minute}, {Second, time.Second}}
	for i, s := range steps {
		if d < s.size && s.unit != Second {
			continue
		}
		parts := []string{l.Count(int(d/s.size), s.unit)}
		if i+1 < len(steps) {
			if rest := int(d % s.size / steps[i+1].size); rest > 0 {
				parts = append(parts, l.Count(rest, steps[i+1].unit))
			}
		}
		return l.List(parts)
	}
	return ""
}

// Period returns an ISO 8601 duration of calendar units ("P3M", "P1Y6M", "P40D",
// "P2W") in words. Anything else comes back as it is.
func (l *Locale) Period(iso string) string {
	rest, ok := strings.CutPrefix(iso, "P")
	if !ok || rest == "" {
		return iso
	}
	units := map[byte]Unit{'Y': Year, 'M': Month, 'W': Week, 'D': Day}
	var parts []string
	for rest != "" {
		end := strings.IndexAny(rest, "YMWD")
		if end < 1 || end > 6 || !isDigits(rest[:end]) {
			return iso
		}
		n, _ := strconv.Atoi(rest[:end])
		parts = append(parts, l.Count(n, units[rest[end]]))
		rest = rest[end+1:]
	}
	return l.List(parts)
}

// List joins items as a sentence does: a; a and b; a, b and c.
func (l *Locale) List(items []string) string { return l.join(items, "i18n.list.and") }

// ListOr joins alternatives: a, b or c.
func (l *Locale) ListOr(items []string) string { return l.join(items, "i18n.list.or") }

func (l *Locale) join(items []string, key string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := items[len(items)-1]
	if l.lang == LB && key == "i18n.list.and" && dropsN(last) {
		key = "i18n.list.and_before_consonant"
	}
	return l.T(key, "items", strings.Join(items[:len(items)-1], ", "), "last", last)
}

// dropsN tells whether a Luxembourgish word ending in n loses it before next
// (the n rule): it stays before vowels and n, d, t, z, h.
func dropsN(next string) bool {
	for _, r := range strings.ToLower(next) {
		return strings.ContainsRune("bcfgjklmpqrsvwxß", r)
	}
	return false
}
