package cases

import (
	"cmp"
	"slices"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Deadline is a time limit with what it was counted from: a reader can count it
// again. It is a value, and computed by pure functions.
type Deadline struct {
	Of       DeadlineOf
	Element  string // timers and fees: the element of the process
	From     time.Time
	Span     pack.Span // zero: a moment of its own, or not known any more
	Extended pack.Span
	Counts   string    // as Timer.Counts
	Pauses   []Pause   // in which it stood still
	Paused   time.Time // since when it stands still; zero: it runs
	Counted  time.Time // the day on which it would end, were it a working day
	Off      []DayOff  // days that moved it: after Counted, or between when only working days count
	Until    time.Time // zero while it stands still
	Kept     bool      // the calendar of today would give an earlier day; the one that was named stands
	Legal    string    // citation in the service, or ""
	General  bool      // the general rule on silence and appeals (law of 1.12.1978)
	Silent   bool      // of an appeal: against the refusal that silence counts as
}

// DeadlineOf says what a deadline is for.
type DeadlineOf string

// What deadlines are for.
const (
	OfDecision DeadlineOf = "decision"
	OfAnswer   DeadlineOf = "answer"
	OfFee      DeadlineOf = "fee"
	OfAppeal   DeadlineOf = "appeal"
	OfTimer    DeadlineOf = "timer"
)

// Deadlines are the time limits that run in the case, or stand still, with what
// each was counted from: the authority's, the applicant's, the process's, and
// the one to contest what was decided.
func (d *Dossier) Deadlines(now time.Time) []Deadline {
	var all []Deadline
	c := d.File.Clock
	if c.End == EndImpliedRefusal && d.File.Decision == nil {
		c.Stopped, c.End = time.Time{}, "" // the time that was missed: a decision is still owed
	}
	if !c.Complete.IsZero() && !c.Limit.IsZero() && c.Stopped.IsZero() {
		all = append(all, d.calendar.ofClock(d.Package, d.Kind, c))
	}
	for _, r := range d.Requests {
		if r.Status == RequestOpen {
			all = append(all, d.calendar.limit(Deadline{Of: OfAnswer, From: r.AskedAt, Span: d.spanOf(r.ID, answerSpan(d.Package))}, r.DueAt))
		}
	}
	for _, t := range d.Tasks {
		if t.Kind == TaskPay && t.Status == TaskOpen && !t.DueAt.IsZero() {
			all = append(all, d.calendar.limit(Deadline{Of: OfFee, Element: t.Element, From: t.CreatedAt, Span: d.spanOf(t.ID, d.Package.Service.Deadlines.Pay)}, t.DueAt))
		}
	}
	for _, w := range d.File.Process.Waits() {
		if t, ok := d.File.Timers[w.ID]; ok && w.Kind == bpmn.WaitTimer {
			all = append(all, d.calendar.limit(Deadline{Of: OfTimer, Element: hostOf(d.Process(), w.Element), From: t.From, Span: t.Span, Counts: t.Counts}, t.Due))
		}
	}
	if x, ok := d.AppealDeadline(); ok && !now.After(x.Until) && d.Issued().Outcome != pack.TacitGrant {
		all = append(all, x)
	}
	return all
}

// AppealDeadline is until when the issued decision can be contested.
func (d *Dossier) AppealDeadline() (Deadline, bool) {
	issued := d.Issued()
	if issued == nil || issued.Appeal.Until.IsZero() {
		return Deadline{}, false
	}
	return d.calendar.limit(Deadline{Of: OfAppeal, From: issued.At, Span: d.appealSpan(issued.Appeal, d.Package), Legal: issued.Appeal.Legal, Silent: issued.Outcome == pack.ImpliedRefusal,
		General: issued.Appeal.Legal == "" && issued.Appeal.To == courtAppeal}, issued.Appeal.Until), true
}

// keepSpan keeps what the time for a request or a fee is counted from: another
// version of the service may have another.
func (ch *change) keepSpan(id string, span pack.Span) {
	if ch.c.File.Spans == nil {
		ch.c.File.Spans = map[string]pack.Span{}
	}
	ch.c.File.Spans[id] = span
}

// spanOf is the time for a request or a fee; own is that of the case's version.
// After a migration it is zero unless it was kept: it is not known then.
func (c *Case) spanOf(id string, own pack.Span) pack.Span {
	if kept, ok := c.File.Spans[id]; ok || len(c.File.Migrations) > 0 {
		return kept
	}
	return own
}

// appealSpan is how long something can be contested, zero where it is not known.
func (c *Case) appealSpan(l AppealLimit, p *pack.Package) pack.Span {
	if !l.Span.IsZero() {
		return l.Span
	}
	return c.spanOf("", appealSpan(p, c.Kind))
}

// ofDecision is an authority's time with the rule from which it comes; silence
// is what follows when it is over.
func ofDecision(p *pack.Package, kind Kind, silence string) Deadline {
	if legal := p.Service.Deadlines.Legal; legal != "" && kind != Appeal {
		return Deadline{Of: OfDecision, Legal: legal}
	}
	return Deadline{Of: OfDecision, General: kind == Appeal || silence == "refusal"}
}

// ofClock explains the authority's time.
func (k *Calendar) ofClock(p *pack.Package, kind Kind, c LegalClock) Deadline {
	x := ofDecision(p, kind, c.Silence)
	x.From, x.Span, x.Extended, x.Pauses, x.Paused, x.Counts = c.Complete, c.Limit, c.Extended, c.Pauses, c.Paused, CountDays
	if until, ok := c.Deadline(); ok {
		x.Until, x.Counted = until, c.counted(k)
		x.Kept = until.After(endOf(c.lastDay(k)))
		x.Off = k.between(x.Counted, until, ofAuthority)
	}
	return x
}

// limit completes the explanation of a time limit of a person.
func (k *Calendar) limit(x Deadline, until time.Time) Deadline {
	x.Until = until
	if x.Span.IsZero() {
		return x
	}
	if x.Counts == "" {
		x.Counts = CountDays
	}
	if x.Counts == CountWorking {
		x.Counted = civil(until)
		x.Kept = until.After(endOf(k.lastWorkingDay(x.Span.Days, x.From, ofPerson)))
		x.Off = slices.DeleteFunc(k.between(civil(x.From).AddDate(0, 0, 1), until, ofPerson), func(d DayOff) bool { return d.Holiday == "" && d.Extra == nil })
		return x
	}
	x.Counted = x.Span.AddTo(civil(x.From))
	x.Kept = until.After(endOf(k.lastDay(x.Span, x.From, ofPerson)))
	x.Off = k.between(x.Counted, until, ofPerson)
	return x
}

// between lists the days from one on, before the day of until, on which no time
// limit ends.
func (k *Calendar) between(from, until time.Time, of side) []DayOff {
	var all []DayOff
	for day := civil(from); day.Before(civil(until)); day = day.AddDate(0, 0, 1) {
		if why, off := k.off(day, of); off {
			all = append(all, why)
		}
	}
	return all
}

// StoodStill is how many days were added because the time stood still.
func (x Deadline) StoodStill() int {
	days := 0
	for _, p := range x.Pauses {
		days += daysBetween(p.From, p.To)
	}
	return days
}

// Tell says in sentences from which rule the deadline comes, in the locale's
// language: what it was counted from, what moved it, and the law.
func (x Deadline) Tell(l *i18n.Locale, p *pack.Package) []string {
	var said []string
	say := func(key string, args ...any) { said = append(said, l.T(key, args...)) }
	from := string(x.Of)
	if x.Silent {
		from = "silence"
	}
	event := l.T("cases.deadline.from." + from)
	switch {
	case x.Span.IsZero() && x.Counts == CountDate:
		say("cases.deadline.date")
	case x.Span.IsZero() && x.Counts == "": // counted before it was kept from what
	case x.Span.IsZero():
		say("cases.deadline.hours", "span", l.Duration(x.Until.Sub(x.From)), "from", l.DateTime(x.From))
	default:
		length := span(l, x.Span)
		if x.Counts == CountWorking {
			length = l.Count(x.Span.Days, i18n.WorkingDay)
		}
		say("cases.deadline.days", "span", length, "from", l.Date(x.From), "event", event)
	}
	if !x.Extended.IsZero() {
		say("cases.deadline.extended", "span", span(l, x.Extended))
	}
	if n := x.StoodStill(); n > 0 {
		said = append(said, l.N("cases.deadline.still", n))
	}
	if !x.Paused.IsZero() {
		say("cases.deadline.paused", "date", l.Date(x.Paused))
	}
	if off := x.tellOff(l); len(off) > 0 {
		if x.Counts == CountWorking {
			say("cases.deadline.skipped", "days", l.List(off))
		} else {
			say("cases.deadline.moved", "date", l.DateLong(x.Until), "days", l.List(off))
		}
	}
	if x.Kept {
		say("cases.deadline.kept")
	}
	key, law := x.rule(l, p)
	say(key, "law", law)
	return said
}

// rule is the sentence that says from which rule the deadline comes, and the law
// that it names.
func (x Deadline) rule(l *i18n.Locale, p *pack.Package) (key, law string) {
	legal, cited := p.Legal(l.Lang(), x.Legal)
	switch {
	case cited && legal.Article != "":
		return "cases.deadline.law", legal.Title + ", " + legal.Article
	case cited:
		return "cases.deadline.law", legal.Title
	case x.General:
		return "cases.deadline.general", l.T("cases.deadline.generalShort")
	case x.Of == OfTimer:
		return "cases.deadline.process", ""
	}
	rests, _ := p.Legal(l.Lang(), p.Service.Legal[0].ID)
	return "cases.deadline.service", rests.Title
}

// RuleOfDecision names the law from which the authority's time in a case of a
// kind comes, for a row of a list.
func RuleOfDecision(l *i18n.Locale, p *pack.Package, kind Kind) string {
	_, law := ofDecision(p, kind, p.Service.Deadlines.Silence).rule(l, p)
	return law
}

// Title says what the deadline is for; step names an element of the process.
func (x Deadline) Title(l *i18n.Locale, step func(element string) string) string {
	return deadlineTitle(l, x.Of, x.Element, step)
}

func deadlineTitle(l *i18n.Locale, of DeadlineOf, element string, step func(string) string) string {
	what := l.T("cases.deadline.title." + string(of))
	if element == "" {
		return what
	}
	return l.T("cases.deadline.of", "what", what, "step", cmp.Or(step(element), element))
}

// mostOff is how many days that moved a deadline are named.
const mostOff = 6

// tellOff names the days that moved the deadline, each with why.
func (x Deadline) tellOff(l *i18n.Locale) []string {
	var all []string
	for _, d := range x.Off {
		switch {
		case d.Extra != nil:
			all = append(all, l.T("cases.deadline.extra."+string(d.Extra.Kind), "date", l.Date(d.Day), "name", d.Extra.Name.In(l.Lang()), "legal", d.Extra.Legal))
		case d.Holiday != "":
			all = append(all, l.T("cases.deadline.holiday", "date", l.Date(d.Day), "name", l.T("cases.holiday."+d.Holiday)))
		default:
			all = append(all, l.T("cases.deadline.weekend", "date", l.Date(d.Day), "day", l.Weekday(d.Day.Weekday())))
		}
	}
	if len(all) > mostOff {
		all = all[:mostOff]
	}
	return all
}

// span writes a legal period.
func span(l *i18n.Locale, s pack.Span) string {
	var parts []string
	if s.Months > 0 {
		parts = append(parts, l.Count(s.Months, i18n.Month))
	}
	if s.Days > 0 {
		parts = append(parts, l.Count(s.Days, i18n.Day))
	}
	return l.List(parts)
}

// TellMoved says in a sentence which time limit a changed calendar moved, and
// why: an entry of kind "recounted". step names an element of the process.
func TellMoved(l *i18n.Locale, e Entry, step func(element string) string) string {
	at := func(key string) string {
		t, _ := time.Parse(time.RFC3339, e.Data[key])
		return l.Date(t)
	}
	what := deadlineTitle(l, DeadlineOf(e.Data["deadline"]), e.Data["task"], step)
	said := l.T("cases.deadline.recounted", "what", what, "old", at("old"), "until", at("until"))
	if day, err := time.Parse(time.DateOnly, e.Data["day"]); err == nil {
		said += " " + l.T("cases.deadline.because."+e.Data["dayKind"], "date", l.Date(day), "legal", e.Data["legal"])
	}
	return said
}
