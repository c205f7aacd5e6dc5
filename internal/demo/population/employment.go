package population

import (
	"fmt"
	"time"

	"passerelle/internal/module/exchange"
)

// fullTime is the hours a week of somebody who works full-time here.
const fullTime = 40

// Employment returns what social security says about a person's work as of a
// day, the newest period first. It agrees with the months of Income.
func (p *Population) Employment(person int, today time.Time) exchange.Employment {
	r := &p.persons[person]
	out := exchange.Employment{Periods: []exchange.EmploymentPeriod{}}
	add := func(kind string, employer uint16, from, until time.Time) {
		if from.After(today) || !until.IsZero() && !from.Before(until) {
			return
		}
		period := exchange.EmploymentPeriod{Employer: p.businessName(employer), Kind: kind, From: from.Format(time.DateOnly)}
		if to := until.AddDate(0, 0, -1); !until.IsZero() && !to.After(today) {
			end := to.Format(time.DateOnly)
			period.To = &end
		}
		if kind == exchange.IncomeSalary {
			hours := r.weeklyHours()
			period.WeeklyHours = &hours
		}
		out.Periods = append(out.Periods, period)
	}
	from := r.firstDay()
	switch {
	case r.work == workSelfEmployed:
		add(exchange.IncomeSelfEmployed, r.employer, from, time.Time{})
	case r.work == workSalary && r.lost == 0:
		add(exchange.IncomeSalary, r.employer, from, time.Time{})
	case r.work == workSalary:
		if r.back != 0 {
			again := (FirstMonth + Month(r.back)).first()
			if from.After(again) { // moved here only then
				again = from
			}
			add(exchange.IncomeSalary, r.next, again, time.Time{})
		}
		add(exchange.IncomeSalary, r.employer, from, (FirstMonth + Month(r.lost)).first())
	}
	return out
}

// firstDay is when the first employment of somebody who works began: up to ten
// years before the first known month, but never before they were 16 or lived
// here.
func (r *record) firstDay() time.Time {
	from := (FirstMonth + Month(r.started)).first()
	if r.started == 0 {
		from = (FirstMonth - Month(mix(r.seed, 'e')%120)).first()
	}
	if grown := r.birth().AddDate(16, 0, 0); from.Before(grown) {
		from = grown
	}
	if came := time.Unix(int64(r.since)*day, 0).UTC(); r.flags&flagAbroad == 0 && from.Before(came) {
		from = came
	}
	return from
}

// weeklyHours tells the part of full time in hours, "32.0".
func (r *record) weeklyHours() string {
	tenths := int(r.hours) * fullTime / 10
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// first is the first day of the month.
func (m Month) first() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}
