package cases

import (
	"strings"
	"testing"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
)

// TestADeadlineSaysWhereItComesFrom tells deadlines that were counted on a paper
// calendar, in sentences.
func TestADeadlineSaysWhereItComesFrom(t *testing.T) {
	p, _ := packages(t).Version("grant", "2025")
	en := i18ntest.Locale(t, i18n.EN, Locales, ui.Locales)
	invented := NewCalendar([]pack.CalendarDay{calendarDay(2025, 6, 3, pack.DayHoliday), calendarDay(2025, 4, 3, pack.DayClosing)})
	clock := func(from time.Time) LegalClock { return LegalClock{Limit: threeMonths, Silence: "refusal"}.Start(from) }
	days := func(n int, from time.Time) Deadline {
		return Deadline{Of: OfAnswer, From: from, Span: pack.Span{Days: n}}
	}
	const law, service = "Rule: law of 1 December 1978 and Grand-Ducal regulation of 8 June 1979 (general rule).", "Rule: the time limits of this service, which rests on: Loi sur les souhaits (inventée)."
	for _, c := range []struct {
		why  string
		got  Deadline
		want []string
	}{
		{"three months", (*Calendar)(nil).ofClock(p, Application, clock(lux(2025, 3, 3, 10, 0))),
			[]string{"3 months from 3 March 2025, when the file was complete. That day itself does not count.", law}},
		{"to the Saturday before Whitsun", (*Calendar)(nil).ofClock(p, Application, clock(lux(2025, 3, 7, 10, 0))),
			[]string{"3 months from 7 March 2025, when the file was complete. That day itself does not count.",
				"Moved to Tuesday 10 June 2025: 7 June 2025 is a Saturday, 8 June 2025 is a Sunday and 9 June 2025 is a holiday (Whit Monday).", law}},
		{"ten days of waiting, and a month more", (*Calendar)(nil).ofClock(p, Application, clock(lux(2025, 3, 3, 10, 0)).Pause(lux(2025, 3, 10, 9, 0)).Resume(lux(2025, 3, 20, 8, 0)).Extend(pack.Span{Months: 1})),
			[]string{"3 months from 3 March 2025, when the file was complete. That day itself does not count.", "Prolonged by 1 month.",
				"The time stood still for 10 days, which are added.", "Moved to Monday 14 July 2025: 13 July 2025 is a Sunday.", law}},
		{"it stands still", (*Calendar)(nil).ofClock(p, Application, clock(lux(2025, 3, 3, 10, 0)).Pause(lux(2025, 3, 10, 9, 0))),
			[]string{"3 months from 3 March 2025, when the file was complete. That day itself does not count.",
				"The time has stood still since 10 March 2025. These days will be added.", law}},
		{"a holiday of the installation", invented.ofClock(p, Application, clock(lux(2025, 3, 3, 10, 0)).By(invented)),
			[]string{"3 months from 3 March 2025, when the file was complete. That day itself does not count.",
				"Moved to Wednesday 4 June 2025: 3 June 2025 is a holiday (Invented day; invented act).", law}},
		{"named before the holiday was taken back", (*Calendar)(nil).ofClock(p, Application, clock(lux(2025, 3, 3, 10, 0)).By(invented)),
			[]string{"3 months from 3 March 2025, when the file was complete. That day itself does not count.",
				"Today’s calendar would give an earlier day. The day that was named stands.", law}},
		{"a closing day lengthens what a person has", invented.limit(days(31, lux(2025, 3, 3, 10, 0)), endOf(date(2025, 4, 4))),
			[]string{"31 days from 3 March 2025, when the question was asked. That day itself does not count.",
				"Moved to Friday 4 April 2025: offices are closed on 3 April 2025 (Invented day; invented act).", service}},
		{"working days over Easter", (*Calendar)(nil).limit(Deadline{Of: OfTimer, From: lux(2025, 4, 17, 10, 0), Span: pack.Span{Days: 3}, Counts: CountWorking}, endOf(date(2025, 4, 23))),
			[]string{"3 working days from 17 April 2025, when this step began. That day itself does not count.",
				"Not counted: 21 April 2025 is a holiday (Easter Monday).", "Rule: the process of this service."}},
		{"hours", (*Calendar)(nil).limit(Deadline{Of: OfTimer, From: lux(2025, 3, 7, 10, 0), Counts: CountHours}, lux(2025, 3, 8, 22, 0)),
			[]string{"1 day and 12 hours from 7 March 2025 at 10:00, to the minute.", "Rule: the process of this service."}},
	} {
		got := c.got.Tell(en, p)
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", c.why, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// TestARowNamesTheLawOfItsDeadline: the service's own with its article, the one
// on which a service with a limit of its own rests, and the general rule, also
// for the appeal against a decision of any service.
func TestARowNamesTheLawOfItsDeadline(t *testing.T) {
	en := i18ntest.Locale(t, i18n.EN, Locales)
	set := packages(t)
	general, _ := set.Version("grant", "2025")
	own := *general
	own.Service.Deadlines.Silence = "grant"
	cited := own
	cited.Service.Legal = []pack.LegalResource{{ID: "wishes", Title: map[string]string{"fr": "Loi sur les souhaits"}, Articles: map[string]string{"3": "art. 3"}}}
	cited.Service.Deadlines.Legal = "wishes/3"
	for _, c := range []struct {
		p    *pack.Package
		kind Kind
		want string
	}{
		{general, Application, "Law of 1 December 1978"},
		{&own, Application, "Loi sur les souhaits (inventée)"},
		{&cited, Application, "Loi sur les souhaits, art. 3"},
		{&cited, Appeal, "Law of 1 December 1978"},
	} {
		if got := RuleOfDecision(en, c.p, c.kind); got != c.want {
			t.Errorf("%s: %q, want %q", c.kind, got, c.want)
		}
	}
}

// TestEveryDeadlineOfACaseIsListed: the authority's, the applicant's, the
// process's, and the one to contest.
func TestEveryDeadlineOfACaseIsListed(t *testing.T) {
	p, _ := packages(t).Version("extract", "2025")
	decided := Decision{Outcome: pack.Refused, At: lux(2025, 3, 3, 10, 0), Appeal: AppealLimit{To: courtAppeal, Until: endOf(date(2025, 6, 3))}}
	d := &Dossier{Package: p, Case: &Case{Kind: Application, File: File{
		Clock: LegalClock{Limit: threeMonths}.Start(monday), Decision: &decided,
		Process: bpmn.State{Subs: []bpmn.Sub{{ID: "keep~1", El: "keep", Kind: bpmn.WaitTimer}}},
		Timers:  map[string]Timer{"keep~1": {From: monday, Span: pack.Span{Months: 1}, Counts: CountDays, Due: endOf(date(2025, 4, 3))}},
	}}, Requests: []Request{{Status: RequestOpen, AskedAt: monday, DueAt: endOf(date(2025, 3, 18))}, {Status: RequestAnswered, DueAt: monday}}}
	list := func(now time.Time) string {
		var all []string
		for _, x := range d.Deadlines(now) {
			all = append(all, string(x.Of)+" "+x.Until.In(luxembourg).Format("01-02"))
		}
		return strings.Join(all, ", ")
	}
	if got, want := list(monday), "decision 06-03, answer 03-18, timer 04-03, appeal 06-03"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := list(date(2025, 6, 4)), "decision 06-03, answer 03-18, timer 04-03"; got != want {
		t.Errorf("when the appeal is over: got %s, want %s", got, want)
	}
}
