package cases

import (
	"fmt"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/internal/module/services/pack"
)

// Timer is a timer of the process that a case waits for, with what its date was
// counted from: a calendar that changes counts it again.
type Timer struct {
	From   time.Time `json:"from"`          // the event from which it counts
	Span   pack.Span `json:"span,omitzero"` // days or months; zero: an exact time
	Counts string    `json:"counts"`        // one of the Count… below
	Due    time.Time `json:"due"`           // the last moment of the time limit, or the exact time
}

// How a timer counts; the attribute pg:count of its event says so.
const (
	CountDays    = "days"         // a time limit: to the end of its last day, which is a working day
	CountWorking = "working-days" // a time limit in which only working days count
	CountHours   = "hours"        // to the second, whatever the day
	CountDate    = "date"         // a date or date and time of its own
)

// fires is the moment at which a timer fires: when a time limit is over, not in
// its last moment.
func (t Timer) fires() time.Time {
	if t.Span.IsZero() {
		return t.Due
	}
	return t.Due.Add(time.Microsecond)
}

// count computes when the timer of a time limit is due.
func (t Timer) count(k *Calendar) time.Time { return endOf(t.lastDay(k)) }

func (t Timer) lastDay(k *Calendar) time.Time {
	if t.Counts == CountWorking {
		return k.lastWorkingDay(t.Span.Days, t.From, ofPerson)
	}
	return k.lastDay(t.Span, t.From, ofPerson)
}

// timerOf reads the value of a timer: whole days and months are a time limit
// unless counts says otherwise, hours are exact, a date means its beginning in
// Luxembourg.
func timerOf(k *Calendar, v feel.Value, counts string, from time.Time) (Timer, error) {
	t := Timer{From: from, Counts: counts}
	if at, ok := v.AsTime(luxembourg); ok {
		if v.Kind() == feel.KindDate {
			y, m, d := at.Date()
			at = time.Date(y, m, d, 0, 0, 0, 0, luxembourg)
		}
		t.Counts, t.Due = CountDate, at
		return t, nil
	}
	d, isDuration := v.AsDuration()
	months, isMonths := v.AsMonths()
	whole := isMonths && months > 0 || isDuration && d > 0 && d%(24*time.Hour) == 0
	if counts == "" {
		if t.Counts = CountHours; whole {
			t.Counts = CountDays
		}
	}
	switch {
	case !isDuration && !isMonths:
		return t, fmt.Errorf("timer value %s is neither a date nor a duration", v)
	case t.Counts == CountHours && isMonths:
		t.Due = pack.Span{Months: int(months)}.AddTo(from.In(luxembourg))
		return t, nil
	case t.Counts == CountHours:
		t.Due = from.Add(d)
		return t, nil
	case !whole, t.Counts == CountWorking && isMonths:
		return t, fmt.Errorf("timer value %s cannot be counted in %s", v, t.Counts)
	}
	if t.Span.Days = int(d / (24 * time.Hour)); isMonths {
		t.Span = pack.Span{Months: int(months)}
	}
	t.Due = t.count(k)
	return t, nil
}

// startTimer keeps a timer and the job that fires it.
func (ch *change) startTimer(cmd bpmn.Command) error {
	t, err := timerOf(ch.s.calendar, cmd.Value, cmd.Attrs["count"], ch.now)
	if err != nil {
		return err
	}
	// A timer that repeats counts from when it was due, not from when it was
	// noticed, or a weekly reminder would wander through the week.
	if fired := ch.fired; !t.Span.IsZero() && fired.timer.Counts == t.Counts && strings.HasPrefix(cmd.ID, fired.element+"~") {
		again := t
		again.From = fired.timer.Due
		if t.Counts == CountDays {
			again.From = fired.timer.Span.AddTo(civil(fired.timer.From))
		}
		if again.Due = again.count(ch.s.calendar); again.Due.After(ch.now) {
			t = again
		}
	}
	if ch.c.File.Timers == nil {
		ch.c.File.Timers = map[string]Timer{}
	}
	ch.c.File.Timers[cmd.ID] = t
	if e, _ := ch.process().Element(cmd.Element); e.Attached != "" && !e.Stays {
		ch.ends[e.Attached] = t.Due
	}
	ch.job("cases.timer", "timer/"+cmd.ID, t.fires(), timerJob{Case: ch.c.ID, Timer: cmd.ID})
	return nil
}

func (ch *change) stopTimer(id string) {
	delete(ch.c.File.Timers, id)
	ch.cancelJob("timer/" + id)
}

// firedTimer is the timer whose firing a change is.
type firedTimer struct {
	element string
	timer   Timer
}

func (ch *change) fireTimer(id string) error {
	if !ch.waitsAt(id) {
		return nil // fired before, or no longer wanted
	}
	due := ch.c.File.Timers[id].Due
	ch.recount()
	if !ch.c.File.Timers[id].Due.Equal(due) {
		return nil // the calendar has given it more time, and it another job
	}
	ch.fired = firedTimer{element: ch.elementWaiting(id), timer: ch.c.File.Timers[id]}
	delete(ch.c.File.Timers, id)
	ch.silence(ch.fired.element)
	if err := ch.drive(bpmn.TimerFired(id)); err != nil {
		return err
	}
	ch.settle()
	return nil
}

// hostOf is the element whose name says what a timer is for: the task at whose
// boundary it stands, or itself.
func hostOf(p *bpmn.Process, timer string) string {
	if e, _ := p.Element(timer); e.Attached != "" {
		return e.Attached
	}
	return timer
}
