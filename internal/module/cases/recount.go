package cases

import (
	"context"
	"fmt"
	"time"

	"passerelle/internal/module/services/pack"
)

// FollowCalendar compares the calendar with the one that time limits were last
// counted with, and begins to count the running ones again when it is another.
// It is called once at the start.
func (s *Service) FollowCalendar(ctx context.Context) error {
	before, err := s.store.runs(ctx, s.DB.Read(), RunCalendar, 1)
	if err != nil {
		return err
	}
	was, n := NewCalendar(nil).Hash(), 0
	if len(before) > 0 {
		was = before[0].Detail.Calendar
		if _, err := fmt.Sscanf(before[0].ID, "calendar-%d-", &n); err != nil {
			return err
		}
	}
	hash := s.calendar.Hash()
	if hash == was && len(before) > 0 {
		return nil
	}
	r := Run{ID: fmt.Sprintf("calendar-%d-%.16s", n+1, hash), Kind: RunCalendar, At: s.now(), Actor: "system",
		Detail: RunDetail{Calendar: hash, Since: s.now().AddDate(0, 0, -s.longestAppeal())}}
	if hash == was { // the first start: only what was counted with is on record
		r.Detail.First, r.EndedAt = true, r.At
		_, err = s.start(ctx, r)
		return err
	}
	if r.Total, err = s.store.countCountable(ctx, s.DB.Read(), r.Detail.Since); err != nil {
		return err
	}
	started, err := s.start(ctx, r)
	if started {
		s.Log.Info("the calendar is another: time limits are counted again", "calendar", hash, "cases", r.Total)
	}
	return err
}

// longestAppeal is after how many days no decision of the services that are
// loaded can be contested any more, with room for holidays.
func (s *Service) longestAppeal() int {
	longest := 0
	for _, p := range s.Packages.All() {
		for _, kind := range []Kind{Application, Appeal} {
			limit := appealSpan(p, kind)
			longest = max(longest, 31*limit.Months+limit.Days)
		}
	}
	return longest + 60
}

// recount counts the running time limits of a case again, and says whether one
// moved. A case that stays as it is is only read.
func (s *Service) recount(ctx context.Context, id string) (moved bool, err error) {
	ch, err := s.read(ctx, s.DB.Read(), Actor{}, id, func(*Case) error { return nil })
	if err != nil {
		return false, err
	}
	if ch.recount(); len(ch.entries) == 0 {
		return false, nil
	}
	return true, s.bySystem(ctx, id, func(ch *change) error { ch.recount(); return nil })
}

// recount counts every time limit that still runs with the calendar of today. A
// date that was named does not become earlier (ADR 0022).
func (ch *change) recount() {
	k, f := ch.s.calendar, &ch.c.File
	ch.setClock(f.Clock) // tells by itself what the calendar moves
	for i := range ch.requests {
		r := &ch.requests[i]
		limit := ch.c.spanOf(r.ID, answerSpan(ch.p))
		if r.Status != RequestOpen || limit.IsZero() {
			continue
		}
		if until, later := ch.later(r.DueAt, k.lastDay(limit, r.AskedAt, ofPerson)); later {
			ch.moved(OfAnswer, "", r.DueAt, until)
			r.DueAt = until
			ch.touch(r.ID)
			ch.cancelJob("request/" + r.ID)
			ch.job("cases.request", "request/"+r.ID, until.Add(time.Microsecond), requestJob{Case: ch.c.ID, Request: r.ID})
		}
	}
	for i := range ch.tasks {
		t := &ch.tasks[i]
		limit := ch.c.spanOf(t.ID, ch.p.Service.Deadlines.Pay)
		if t.Kind != TaskPay || t.Status != TaskOpen || limit.IsZero() {
			continue
		}
		if until, later := ch.later(t.DueAt, k.lastDay(limit, t.CreatedAt, ofPerson)); later {
			ch.moved(OfFee, t.Element, t.DueAt, until)
			t.DueAt = until
			ch.touch(t.ID)
			cause := "fee/" + ch.tokenOf(t.ID)
			ch.cancelJob(cause)
			ch.job("cases.fee", cause, until.Add(time.Microsecond), feeJob{Case: ch.c.ID, Task: t.ID, Remind: true})
		}
	}
	for id, t := range f.Timers {
		if t.Span.IsZero() {
			continue
		}
		if until, later := ch.later(t.Due, t.lastDay(k)); later {
			ch.moved(OfTimer, hostOf(ch.process(), ch.elementWaiting(id)), t.Due, until)
			ch.putOff(ch.elementWaiting(id), t.Due, until)
			t.Due = until
			f.Timers[id] = t
			ch.cancelJob("timer/" + id)
			ch.job("cases.timer", "timer/"+id, t.fires(), timerJob{Case: ch.c.ID, Timer: id})
		}
	}
	for _, d := range []*Decision{f.Decision, f.Silence} {
		if d == nil {
			continue
		}
		limit := ch.c.appealSpan(d.Appeal, ch.p)
		if limit.IsZero() {
			continue
		}
		if until, later := ch.later(d.Appeal.Until, k.lastDay(limit, d.At, ofPerson)); later {
			ch.moved(OfAppeal, "", d.Appeal.Until, until)
			d.Appeal.Until = until
		}
	}
}

// putOff moves what ends with a timer at a task's boundary: the task, and the
// invitation of the party that is asked.
func (ch *change) putOff(timer string, was, until time.Time) {
	host := hostOf(ch.process(), timer)
	for i := range ch.tasks {
		t := &ch.tasks[i]
		if t.Element != host || t.Status != TaskOpen || !t.DueAt.Equal(was) || !t.Outside() {
			continue
		}
		t.DueAt = until
		ch.touch(t.ID)
		if inv := ch.invitation(t.ID); inv != nil {
			inv.DueAt = until
			ch.touch(invitationKey(t.ID))
		}
	}
}

// later reports whether a time limit that ran until was ends later now, with the
// day, and that end is still to come.
func (ch *change) later(was, day time.Time) (until time.Time, later bool) {
	until = endOf(day)
	return until, !was.IsZero() && until.After(was) && !until.Before(ch.now)
}

// moved tells in the timeline that the calendar gave a time limit another end,
// and which day did it.
func (ch *change) moved(of DeadlineOf, element string, was, until time.Time) {
	data := map[string]string{"deadline": string(of), "old": was.Format(time.RFC3339), "until": until.Format(time.RFC3339)}
	if element != "" {
		data["task"] = element
	}
	whose := ofPerson
	if of == OfDecision {
		whose = ofAuthority
	}
	d, ok := ch.s.calendar.extraIn(was, until, whose)
	if !ok { // further back, where only working days count or the clock stood still
		d, ok = ch.s.calendar.extraIn(ch.c.SubmittedAt, until, whose)
	}
	if ok {
		data["day"], data["dayKind"], data["legal"] = d.Date.Format(time.DateOnly), string(d.Kind), d.Legal
	}
	ch.enter("recounted", true, data)
}

// extraIn returns the last day of the installation's own from a day to another
// on which no time limit ends.
func (k *Calendar) extraIn(from, to time.Time, of side) (pack.CalendarDay, bool) {
	for day := civil(to); !day.Before(civil(from)); day = day.AddDate(0, 0, -1) {
		if why, off := k.off(day, of); off && why.Extra != nil {
			return *why.Extra, true
		}
	}
	return pack.CalendarDay{}, false
}
