package pack

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"passerelle/engine/feel"
)

// CalendarDay is a day on which an installation's calendar differs from the
// weekends and legal holidays that the program computes.
type CalendarDay struct {
	Date   time.Time `yaml:"date"`
	Kind   DayKind   `yaml:"kind"`
	Name   Lingual   `yaml:"name"`  // as people call it
	Legal  string    `yaml:"legal"` // the act that makes it one, in its own language
	URL    string    `yaml:"url"`
	Status Status    `yaml:"status"` // of the source: verified, unverified
}

// DayKind says what a day of the calendar is.
type DayKind string

// The kinds of days.
const (
	DayHoliday DayKind = "holiday" // by law: no time limit ends on it
	DayClosing DayKind = "closing" // offices are closed: no time limit of a person ends on it
	DayWorking DayKind = "working" // a weekend or holiday on which people work: time limits end on it
)

// CalendarFact is a day of the calendar as a decision is given it.
type CalendarFact struct {
	Date string  `json:"date"` // such as 2031-03-14
	Kind DayKind `json:"kind"`
}

// calendarFacts are the days of a calendar as decisions are given them.
func calendarFacts(days []CalendarDay) []CalendarFact {
	out := make([]CalendarFact, len(days))
	for i, d := range days {
		out[i] = CalendarFact{d.Date.Format(time.DateOnly), d.Kind}
	}
	return out
}

// calendarContext is the FEEL context "calendar": the dates of each kind, in
// three lists. Only decision models read it: what a form asks, and the way a
// process goes, must not depend on it.
func calendarContext(days []CalendarFact) (feel.Value, error) {
	var holidays, closings, working []feel.Value
	for _, d := range days {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			return feel.Null(), fmt.Errorf("calendar: %q is no date like 2031-03-14", d.Date)
		}
		switch v := feel.DateOf(day); d.Kind {
		case DayHoliday:
			holidays = append(holidays, v)
		case DayClosing:
			closings = append(closings, v)
		case DayWorking:
			working = append(working, v)
		default:
			return feel.Null(), fmt.Errorf("calendar: %s: kind %q is not one of holiday, closing, working", d.Date, d.Kind)
		}
	}
	return feel.Context(
		feel.Entry{Name: "holidays", Value: feel.List(holidays...)},
		feel.Entry{Name: "closings", Value: feel.List(closings...)},
		feel.Entry{Name: "working", Value: feel.List(working...)}), nil
}

// loadCalendar reads calendar.yaml beside the services; an installation may do
// without.
func (l *loader) loadCalendar() []CalendarDay {
	const file = "calendar.yaml"
	var c struct {
		Days []CalendarDay `yaml:"days"`
	}
	if _, err := fs.Stat(l.fsys, file); err != nil {
		return nil
	}
	l.rootFile(file, &c)
	seen := map[time.Time]bool{}
	for i, d := range c.Days {
		bad := func(code string, args ...any) {
			l.fault(file, 0, code, append([]any{"n", i + 1, "day", dayText(d.Date)}, args...)...)
		}
		weekend := d.Date.Weekday() == time.Saturday || d.Date.Weekday() == time.Sunday
		switch {
		case d.Date.IsZero():
			bad("pack.finding.calendar.noDate")
		case seen[d.Date]:
			bad("pack.finding.calendar.twice")
		case weekend && d.Kind != DayWorking:
			bad("pack.finding.calendar.weekend")
		}
		seen[d.Date] = true
		if !slices.Contains([]DayKind{DayHoliday, DayClosing, DayWorking}, d.Kind) {
			bad("pack.finding.calendar.kind", "kind", d.Kind)
		}
		if !slices.Contains([]Status{Verified, Unverified}, d.Status) {
			bad("pack.finding.calendar.status", "status", d.Status)
		}
		if d.Legal == "" {
			bad("pack.finding.calendar.legal")
		}
		for _, lang := range d.Name.missing() {
			bad("pack.finding.calendar.noName", "lang", lang)
		}
	}
	return c.Days
}
