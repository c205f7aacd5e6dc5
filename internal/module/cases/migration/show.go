package migration

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

type showPage struct {
	view
	m        *cases.Migration
	from, to *pack.Package // nil when it is not served any more
	filter   string
	after    string
	rows     []cases.MigrationCase
	today    time.Time
	next     string // where more cases are, "" when there are none
	own      bool   // who looks made the plan
	reasons  string // as given to a start that was refused
	sure     bool
	wrong    map[string]string // sentence by field
	problems []ui.ErrorItem
}

// cautions say what speaks for waiting with the run.
func (p showPage) cautions() []string {
	if p.to == nil {
		return nil
	}
	var all []string
	if from := p.to.Service.InForce.From; p.early() {
		all = append(all, p.T("migration.notInForce", "version", p.m.Plan.To, "date", from))
	}
	var unknown []string
	for _, x := range p.to.Parameters.List {
		if v, ok := x.At(p.today); ok && v.Status == pack.NotFound {
			unknown = append(unknown, p.to.T(p.Lang(), "parameters."+x.ID))
		}
	}
	if len(unknown) > 0 {
		all = append(all, p.T("migration.unknown", "values", p.List(unknown)))
	}
	return all
}

func (p showPage) early() bool {
	in := p.to.Service.InForce
	return !in.Contains(p.today) && p.today.Before(in.From)
}

// confirmation is what the person who starts the run says that they know.
func (p showPage) confirmation() string {
	plan := p.m.Plan
	all := []string{p.N("migration.confirm.cases", p.m.Cases[cases.CaseReady], "from", plan.From, "to", plan.To)}
	if p.to != nil {
		in := p.to.Service.InForce
		switch {
		case in.Contains(p.today):
			all = append(all, p.T("migration.confirm.since", "version", plan.To, "date", in.From))
		case p.early():
			all = append(all, p.T("migration.confirm.from", "version", plan.To, "date", in.From))
		default:
			all = append(all, p.T("migration.confirm.over", "version", plan.To, "date", in.To))
		}
	}
	return strings.Join(append(all, p.T("migration.confirm.noWayBack")), " ")
}

// step is an element as people call it.
func (v view) step(p *pack.Package, element string) string {
	if p == nil || element == "" {
		return element
	}
	if key := "process." + element; p.Has(key) {
		return p.T(v.Lang(), key)
	}
	if e, ok := p.Process.Element(element); ok && e.Name != "" {
		return e.Name
	}
	return element
}

func (v view) fromTo(m *cases.Migration) string {
	return v.T("migration.fromTo", "from", m.Plan.From, "to", m.Plan.To)
}

// lead says where the migration stands.
func (v view) lead(m *cases.Migration) string {
	switch m.State {
	case cases.MigrationFailed:
		return v.T("migration.state.failed")
	case cases.MigrationChecking:
		return v.T("migration.state.checking")
	case cases.MigrationChecked:
		return v.T("migration.state.checked", "date", v.DateTime(m.CheckedAt))
	case cases.MigrationRunning:
		return v.T("migration.state.running", "name", m.Starter, "date", v.DateTime(m.StartedAt))
	case cases.MigrationStopped:
		return v.T("migration.state.stopped", "name", m.Starter, "date", v.DateTime(m.StartedAt))
	}
	return v.T("migration.state.done", "name", m.Starter, "date", v.DateTime(m.FinishedAt))
}

func (v view) status(s cases.MigrationState) ui.StatusOptions {
	kind := map[cases.MigrationState]ui.StatusKind{cases.MigrationChecking: ui.Examined, cases.MigrationChecked: ui.Waiting, cases.MigrationRunning: ui.Examined,
		cases.MigrationStopped: ui.Waiting, cases.MigrationDone: ui.Decided, cases.MigrationFailed: ui.Refused}[s]
	return ui.StatusOptions{Kind: kind, Text: v.T("migration.short." + string(s))}
}

// processed is how many of the cases that fit are done with.
func (p showPage) processed() int { return p.m.Cases[cases.CaseMigrated] + p.m.Cases[cases.CaseLeft] }

func (p showPage) figures() []ui.Figure {
	s := p.m.Sums
	items := []ui.Figure{
		{Value: p.Int(s.Cases), Text: p.T("migration.figure.cases")},
		{Value: p.Int(s.Changing), Text: p.T("migration.figure.changing")},
		{Value: p.Int(s.Refused), Text: p.T("migration.figure.refused")},
	}
	if !p.m.StartedAt.IsZero() {
		items = append(items, ui.Figure{Value: p.Int(p.m.Cases[cases.CaseMigrated]), Text: p.T("migration.figure.migrated")})
		if n := p.m.Cases[cases.CaseLeft]; n > 0 {
			items = append(items, ui.Figure{Value: p.Int(n), Text: p.T("migration.figure.left")})
		}
	}
	return items
}

// sums lists what the dry run comes to.
func (p showPage) sums() []ui.SummaryListRow {
	s := p.m.Sums
	rows := []ui.SummaryListRow{row(p.T("migration.sum.deadlines"), p.N("migration.cases", s.Deadlines))}
	if len(s.Outcomes) == 0 {
		rows = append(rows, row(p.T("migration.sum.outcomes"), p.N("migration.cases", 0)))
	}
	for _, o := range s.Outcomes {
		rows = append(rows, row(p.T("migration.sum.outcome", "from", p.outcome(pack.Outcome(o.From), ""), "to", p.outcome(pack.Outcome(o.To), "")), p.N("migration.cases", o.Cases)))
	}
	if s.Amounts > 0 {
		rows = append(rows, row(p.T("migration.sum.amounts"), p.N("migration.cases", s.Amounts)))
	}
	for _, t := range s.Timers {
		rows = append(rows, row(p.T("migration.sum.timer."+string(t.How), "timer", p.step(p.to, t.Element)), p.N("migration.timers", t.Timers)))
	}
	return rows
}

func row(key, value string) ui.SummaryListRow {
	return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
}

// about tells the plan.
func (p showPage) about() []ui.SummaryListRow {
	rows := []ui.SummaryListRow{row(p.T("migration.plan.by"), p.T("migration.plan.who", "name", p.m.Name, "date", p.DateTime(p.m.CreatedAt)))}
	if m := p.m; !m.StartedAt.IsZero() {
		rows = append(rows, row(p.T("migration.plan.started"), p.T("migration.plan.who", "name", m.Starter, "date", p.DateTime(m.StartedAt))))
		if m.Reasons != "" {
			rows = append(rows, row(p.T("migration.plan.reasons"), m.Reasons))
		}
		if !m.ContinuedAt.IsZero() {
			rows = append(rows, row(p.T("migration.plan.continued"), p.T("migration.plan.who", "name", m.Continuer, "date", p.DateTime(m.ContinuedAt))))
		}
	}
	if p.from != nil && p.to != nil {
		rows = append(rows, row(p.T("migration.plan.time"), p.times(p.from, p.to)))
	}
	var names []string
	for id := range p.m.Plan.Mapping.Elements {
		names = append(names, id)
	}
	slices.Sort(names)
	for _, id := range names {
		to := p.step(p.to, p.m.Plan.Mapping.Elements[id])
		if to == "" {
			to = p.T("migration.form.none")
		}
		rows = append(rows, row(p.step(p.from, id), to))
	}
	for _, id := range p.m.Plan.Mapping.Restart {
		rows = append(rows, row(p.step(p.to, id), p.T("migration.plan.again")))
	}
	return rows
}

// times compares the authority's time of two versions.
func (v view) times(from, to *pack.Package) string {
	a, b := v.span(from.Service.Deadlines.Decide), v.span(to.Service.Deadlines.Decide)
	if a == b {
		return a
	}
	return v.T("migration.becomes", "from", a, "to", b)
}

func (v view) span(s pack.Span) string {
	var parts []string
	if s.Months > 0 {
		parts = append(parts, v.Count(s.Months, i18n.Month))
	}
	if s.Days > 0 {
		parts = append(parts, v.Count(s.Days, i18n.Day))
	}
	if len(parts) == 0 {
		return v.T("migration.noTime")
	}
	return v.List(parts)
}

func (v view) outcome(o pack.Outcome, amount string) string {
	if o == "" {
		return v.T("migration.outcome.open")
	}
	word := v.T("migration.outcome." + string(o))
	if amount == "" || o != pack.Granted {
		return word
	}
	return v.T("migration.outcome.with", "outcome", word, "amount", v.MoneyDecimal(amount))
}

// problem is a reason in words.
func (p showPage) problem(kind cases.MigrationProblemKind, element string) string {
	text := p.T("migration.problem." + string(kind))
	if element == "" {
		return text
	}
	label := p.step(p.from, element)
	if kind == cases.ProblemForm {
		label = element
		for _, x := range []*pack.Package{p.to, p.from} {
			if key := "form." + element + ".label"; x != nil && x.Has(key) {
				label = x.T(p.Lang(), key)
				break
			}
		}
	} else if label == element && p.to != nil {
		label = p.step(p.to, element)
	}
	return p.T("migration.about", "what", label, "text", text)
}

// moved writes what becomes of something.
func (v view) moved(from, to string) string {
	if from == to {
		return from
	}
	return v.T("migration.becomes", "from", from, "to", to)
}

func (p showPage) steps(e cases.MigrationEffect) string {
	var all []string
	for _, s := range e.Steps {
		to := p.step(p.to, s.To)
		if s.To == "" {
			to = p.T("migration.form.none")
		}
		all = append(all, p.moved(p.step(p.from, s.From), to))
	}
	return strings.Join(all, "; ")
}

func (p showPage) date(t time.Time) string {
	if t.IsZero() {
		return p.T("migration.noDate")
	}
	return p.Date(t)
}

func (p showPage) timers(e cases.MigrationEffect) []string {
	var all []string
	for _, t := range e.Timers {
		due := p.date(t.NewDue)
		if t.How == cases.TimerRestarted {
			due = p.moved(p.date(t.Due), due)
		}
		all = append(all, p.T("migration.timer."+string(t.How), "timer", p.step(p.to, t.Element), "date", due))
	}
	return all
}

// notes are the problems of a case and the answers that no longer count.
func (p showPage) notes(e cases.MigrationEffect) []string {
	var all []string
	for _, x := range e.Problems {
		all = append(all, p.problem(x.Kind, x.Element))
	}
	if e.Paused && e.DeadlineMoves() {
		all = append(all, p.T("migration.paused"))
	}
	for _, id := range e.Dropped {
		all = append(all, p.T("migration.dropped", "what", p.problemField(id)))
	}
	return all
}

func (p showPage) problemField(id string) string {
	if key := "form." + id + ".label"; p.from != nil && p.from.Has(key) {
		return p.from.T(p.Lang(), key)
	}
	return id
}

func (p showPage) caseStatus(s cases.CaseState) ui.StatusOptions {
	kind := map[cases.CaseState]ui.StatusKind{cases.CaseReady: ui.Waiting, cases.CaseRefused: ui.Refused, cases.CaseMigrated: ui.Decided, cases.CaseLeft: ui.Refused}[s]
	return ui.StatusOptions{Kind: kind, Text: p.T("migration.case." + string(s))}
}

// address is where the cases of a filter are.
func (p showPage) address(filter, after string) string {
	q := url.Values{}
	if filter != "" {
		q.Set("show", filter)
	}
	if after != "" {
		q.Set("after", after)
	}
	a := ui.HrefIn(p.Lang(), Path+"/plans/"+p.m.ID)
	if len(q) > 0 {
		a += "?" + q.Encode()
	}
	return a + "#cases"
}

func (p showPage) filterItems() []ui.FilterItem {
	count := map[string]int{"": 0, "changing": -1, "refused": p.m.Cases[cases.CaseRefused], "ready": p.m.Cases[cases.CaseReady],
		"migrated": p.m.Cases[cases.CaseMigrated], "left": p.m.Cases[cases.CaseLeft]}
	for _, n := range p.m.Cases {
		count[""] += n
	}
	var items []ui.FilterItem
	for _, f := range filters {
		item := ui.FilterItem{Text: p.T("migration.show." + cmp.Or(f, "all")), Href: p.address(f, ""), Current: p.filter == f}
		if n := count[f]; n >= 0 {
			item.Count = p.Int(n)
		}
		items = append(items, item)
	}
	return items
}

// timerHint says how long a timer runs when it begins again.
func (p formPage) timerHint(e bpmn.Element) string {
	return p.T("migration.form.timer", "rule", p.Period(e.Timer))
}
