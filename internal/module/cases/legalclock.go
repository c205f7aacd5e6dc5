package cases

import (
	"time"

	"passerelle/internal/module/services/pack"
)

// LegalClock is the time an authority has for a decision. It starts when the
// file is complete, stands still while evidence is asked for, and ends with a
// decision or with the consequence that the service attaches to silence
// (in general three months' silence is refusal: law of 1.12.1978, règlement grand-ducal of 8.6.1979;
// a special law may say that silence grants).
//
// The zero LegalClock has not started. It is a value: every method returns a
// changed copy or answers a question, none asks for the time.
type LegalClock struct {
	Limit    pack.Span `json:"limit"`             // the authority's time; zero: no legal clock runs
	Extended pack.Span `json:"extended,omitzero"` // prolongation by the authority, once
	Complete time.Time `json:"complete,omitzero"` // when the file became complete
	Paused   time.Time `json:"paused,omitzero"`   // since when it stands still; zero: it runs
	Pauses   []Pause   `json:"pauses,omitempty"`  // past pauses
	Stopped  time.Time `json:"stopped,omitzero"`  // when it ended
	End      ClockEnd  `json:"end,omitempty"`     // how it ended
	Silence  string    `json:"silence,omitempty"` // "refusal", "grant" or "none"
	Told     time.Time `json:"told,omitzero"`     // the deadline that was last named: no calendar makes it earlier
}

// Pause is a span in which the clock stood still.
type Pause struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// ClockEnd says how a legal clock ended.
type ClockEnd string

// The ends of a legal clock.
const (
	EndDecided        ClockEnd = "decided"
	EndTacitGrant     ClockEnd = "tacit-grant"
	EndImpliedRefusal ClockEnd = "implied-refusal"
	EndWithdrawn      ClockEnd = "withdrawn"
)

// Start begins the clock: the file is complete at t. A clock that has started
// keeps its start.
func (c LegalClock) Start(t time.Time) LegalClock {
	if c.Complete.IsZero() {
		c.Complete = t
	}
	return c
}

// Pause makes the clock stand still from t on. It changes nothing when it
// stands still already or has ended.
func (c LegalClock) Pause(t time.Time) LegalClock {
	if c.Running() {
		c.Paused = t
	}
	return c
}

// Resume lets the clock run again from t on.
func (c LegalClock) Resume(t time.Time) LegalClock {
	if c.Paused.IsZero() {
		return c
	}
	c.Pauses = append(c.Pauses[:len(c.Pauses):len(c.Pauses)], Pause{From: c.Paused, To: t})
	c.Paused = time.Time{}
	return c
}

// Extend prolongs the time by p. Only the first extension counts.
func (c LegalClock) Extend(p pack.Span) LegalClock {
	if c.Extended.IsZero() {
		c.Extended = p
	}
	return c
}

// Stop ends the clock at t.
func (c LegalClock) Stop(t time.Time, end ClockEnd) LegalClock {
	if c.Stopped.IsZero() {
		c = c.Resume(t)
		c.Stopped, c.End = t, end
	}
	return c
}

// Running reports whether time passes on the clock.
func (c LegalClock) Running() bool {
	return !c.Complete.IsZero() && c.Paused.IsZero() && c.Stopped.IsZero() && !c.Limit.IsZero()
}

// Deadline returns the last instant at which the authority can decide, and
// false when none can be named: the clock has not started, stands still, has
// ended, or the service has no limit. The days on which the clock stood still
// are added whole. A clock that was never told a calendar knows the legal
// holidays only.
func (c LegalClock) Deadline() (time.Time, bool) {
	switch {
	case !c.Running():
		return time.Time{}, false
	case !c.Told.IsZero():
		return c.Told, true
	}
	return endOf(c.lastDay(nil)), true
}

// By counts the deadline with a calendar. One that was named before does not
// become earlier.
func (c LegalClock) By(k *Calendar) LegalClock {
	if c.Running() {
		if until := endOf(c.lastDay(k)); until.After(c.Told) {
			c.Told = until
		}
	}
	return c
}

func (c LegalClock) lastDay(k *Calendar) time.Time {
	return k.nextWorkingDay(c.counted(k), ofAuthority)
}

// counted is the day on which the time ends before weekends and holidays are
// looked at.
func (c LegalClock) counted(k *Calendar) time.Time {
	day := c.total().AddTo(civil(c.Complete))
	for _, pause := range c.Pauses {
		if civil(pause.From).After(day) {
			day = k.nextWorkingDay(day, ofAuthority) // it stood still in the days won by a weekend
		}
		day = day.AddDate(0, 0, daysBetween(pause.From, pause.To))
	}
	return day
}

// total is the authority's time with its prolongation.
func (c LegalClock) total() pack.Span {
	return pack.Span{Months: c.Limit.Months + c.Extended.Months, Days: c.Limit.Days + c.Extended.Days}
}

// daysBetween counts the midnights from a to b.
func daysBetween(a, b time.Time) int {
	hours := civil(b).Sub(civil(a)).Hours()
	return int((hours + 12) / 24) // a change of summer time makes a day of 23 or 25 hours
}

// Expire returns what silence means at the deadline: the ended clock and true
// if t is past the deadline and the service attaches a consequence to silence.
func (c LegalClock) Expire(t time.Time) (LegalClock, bool) {
	deadline, ok := c.Deadline()
	if !ok || !t.After(deadline) {
		return c, false
	}
	switch c.Silence {
	case "grant":
		return c.Stop(deadline, EndTacitGrant), true
	case "refusal":
		return c.Stop(deadline, EndImpliedRefusal), true
	}
	return c, false
}
