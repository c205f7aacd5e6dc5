package workbench

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// casePage is what the page of a case is drawn from.
type casePage struct {
	*cases.Dossier
	bench     *Bench
	l         *i18n.Locale
	words     services.Words
	who       web.Identity
	now       time.Time
	filter    filter
	explained *pack.Explained // the rule's proposal; nil while there is none
	contested *cases.Dossier  // appeal: the case it contests
	officials []Official      // for a head of unit
	next      string          // address of the next case, "" for none
	told      *told
	refused   *refusal
	typed     url.Values // of a refused action, or a template's text
}

// refusal is an action that the core did not accept.
type refusal struct {
	action, field string // field: id of the input it is about, "" for none
	text          string
	moved         bool // somebody was quicker: what the page shows now is new
}

func (b *Bench) showCase(w http.ResponseWriter, r *http.Request) error {
	typed := url.Values{}
	l := locale(r)
	p, err := b.openCase(r)
	if isOwnCase(err) {
		return b.showOwnCase(w, r)
	}
	if err != nil {
		return err
	}
	// A template is written in the applicant's language: they read it.
	if name := r.URL.Query().Get("template"); slices.Contains(templates, name) {
		typed.Set("ask", l.Bundle().For(p.Lang).T("workbench.template."+name))
		typed.Set("action", "ask")
	}
	p.typed, p.told = typed, b.tell(r, p.who)
	return render(w, r, http.StatusOK, "workbench", p.page())
}

// isOwnCase reports whether the core refuses because the case is the person's
// own.
func isOwnCase(err error) bool { return keyOf(err) == "cases.ownCase" }

// showOwnCase says why a person cannot work on their own case.
func (b *Bench) showOwnCase(w http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	c, err := b.Service.Find(r.Context(), who, r.PathValue("case"), "workbench.own")
	if err != nil {
		return err
	}
	return render(w, r, http.StatusForbidden, "workbench", ownCasePage(locale(r), c))
}

// openCase reads everything that the page of the case shows.
func (b *Bench) openCase(r *http.Request) (*casePage, error) {
	ctx := r.Context()
	who, _ := web.IdentityFrom(ctx)
	d, err := b.Service.Open(ctx, who, r.PathValue("case"), "workbench.case", true)
	if err != nil {
		return nil, err
	}
	p := &casePage{
		Dossier: d, bench: b, l: locale(r), words: services.Words{Locale: locale(r), Pack: d.Package},
		who: who, now: b.Service.Clock.Now(), filter: readFilter(r, who),
	}
	p.filter.Authority = d.Authority
	if d.Kind == cases.Appeal {
		if p.contested, err = b.Service.Open(ctx, who, d.Case.Linked, "workbench.contested", true); err != nil {
			return nil, err
		}
	}
	about := d
	if p.contested != nil {
		about = p.contested
	}
	if proposal := about.File.Proposal; proposal != nil {
		x := about.Package.Explain(p.l, *proposal, about.Facts(), about.EvidenceMeta())
		p.explained = &x
	}
	if who.HasIn(d.Authority, cases.RoleHeadOfUnit) {
		if p.officials, err = b.Officials(ctx, d.Authority); err != nil {
			return nil, err
		}
	}
	row, err := b.next(ctx, who, p.filter, d.ID, false)
	if err != nil {
		return nil, err
	}
	if row != nil {
		p.next = p.filter.rowPath(*row)
	}
	return p, nil
}

// todo are the tasks of the authority that are not done.
func (p *casePage) todo() []cases.Task {
	var open []cases.Task
	for _, t := range p.Tasks {
		if t.Status != cases.TaskDone && t.Status != cases.TaskCancelled && !t.Outside() {
			open = append(open, t)
		}
	}
	return open
}

// obstacle names why the person cannot complete the task (a text key below
// workbench.obstacle), "" when they can. It repeats what package cases checks,
// so that the page offers only what will be accepted.
func obstacle(d *cases.Dossier, t cases.Task, who web.Identity) string {
	switch {
	case t.Status == cases.TaskWaiting:
		return "waiting"
	case t.Role == cases.RoleHeadOfUnit && !who.HasIn(d.Authority, cases.RoleHeadOfUnit):
		return "headOfUnit"
	case slices.Contains(d.File.Excluded, who.Account):
		return "sameOfficer"
	}
	if e, ok := d.Process().Element(t.Element); ok {
		if before, done := d.File.Results[e.Attrs["fourEyes"]]; done && before.By == who.Account {
			return "fourEyes"
		}
	}
	if t.Assignee != "" && t.Assignee != who.Account {
		return "taken"
	}
	return ""
}

// headOfUnit reports whether the person leads the unit: they hand tasks over.
func (p *casePage) headOfUnit() bool { return p.who.HasIn(p.Authority, cases.RoleHeadOfUnit) }

// running reports whether nothing is decided yet and the case has not ended.
func (p *casePage) running() bool {
	return p.File.Decision == nil && p.Status != cases.Closed && p.Status != cases.Withdrawn
}

// barred reports whether the person took part in what the appeal contests: they
// may read it, and act on nothing that moves it.
func (p *casePage) barred() bool { return slices.Contains(p.File.Excluded, p.who.Account) }

// askable reports whether the person can ask the applicant for evidence now.
func (p *casePage) askable() bool { return p.running() && p.openRequest() == nil && !p.barred() }

// openRequest is the request that the applicant has not answered yet, or nil.
func (p *casePage) openRequest() *cases.Request {
	for i := range p.Requests {
		if p.Requests[i].Status == cases.RequestOpen {
			return &p.Requests[i]
		}
	}
	return nil
}

// extension returns until when the time would be extended, and whether it can.
func (p *casePage) extension() (time.Time, bool) {
	by, clock := p.Package.Service.Deadlines.Extension, p.File.Clock
	if p.Kind == cases.Appeal || p.barred() || by.IsZero() || !clock.Extended.IsZero() || !clock.Running() || !p.running() {
		return time.Time{}, false
	}
	return clock.Extend(by).By(p.bench.Service.Calendar()).Deadline()
}

// due is the deadline of the case as its strongest sign.
func (p *casePage) due() (ui.DeadlineOptions, bool) {
	clock := p.File.Clock
	switch {
	case p.File.Decision != nil || p.Status == cases.Closed || p.Status == cases.Withdrawn:
		return ui.DeadlineOptions{}, false
	case !clock.Paused.IsZero():
		return deadline(p.l, p.now, time.Time{}, cases.TaskWaiting), true
	case clock.End == cases.EndImpliedRefusal:
		return deadline(p.l, p.now, clock.Stopped, cases.TaskOpen), true
	}
	until, ok := clock.Deadline()
	return deadline(p.l, p.now, until, cases.TaskOpen), ok
}

// clockRows say from which rule the deadline comes and what moved it.
func (p *casePage) clockRows() []ui.SummaryListRow {
	clock, l := p.File.Clock, p.l
	var rows []ui.SummaryListRow
	add := func(label, value string) {
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: label}, Value: ui.ContentOptions{Text: value}})
	}
	if until, ok := clock.Deadline(); ok {
		add(l.T("workbench.clock.deadline"), l.DateLong(until))
	}
	add(l.T("workbench.clock.received"), l.DateTime(p.SubmittedAt))
	if clock.Complete.IsZero() && !clock.Limit.IsZero() && clock.Stopped.IsZero() { // a fee is due, or others have their turn
		add(l.T("workbench.clock.limit"), l.T("workbench.clock.notBegun", "span", span(l, clock.Limit)))
		return rows
	}
	if clock.Limit.IsZero() || clock.Complete.IsZero() {
		add(l.T("workbench.clock.limit"), l.T("workbench.clock.noLimit"))
		return rows
	}
	add(l.T("workbench.clock.complete"), l.Date(clock.Complete))
	add(l.T("workbench.clock.limit"), span(l, clock.Limit))
	for _, pause := range clock.Pauses {
		add(l.T("workbench.clock.pause"), l.T("workbench.clock.span", "from", l.DateShort(pause.From), "to", l.DateShort(pause.To), "days", l.Count(i18n.Days(pause.From, pause.To), i18n.Day)))
	}
	if !clock.Paused.IsZero() {
		add(l.T("workbench.clock.pausedSince"), l.Date(clock.Paused))
	}
	if !clock.Extended.IsZero() {
		add(l.T("workbench.clock.extended"), span(l, clock.Extended))
	}
	if !clock.Stopped.IsZero() {
		add(l.T("workbench.clock.stopped"), l.T("workbench.clock.end."+string(clock.End), "date", l.Date(clock.Stopped)))
	} else if clock.Silence == "grant" || clock.Silence == "refusal" {
		add(l.T("workbench.clock.silence"), l.T("workbench.clock.silence_"+clock.Silence))
	}
	return rows
}

// drawing is the process with "you are here", as SVG.
func (p *casePage) drawing() (string, error) {
	var b bytes.Buffer
	err := p.Process().SVG(&b, bpmn.Drawing{
		ID: "process", Title: p.l.T("workbench.file.process"), Marks: p.Process().Marks(p.File.Process),
		Text: func(id string) string {
			if s := step(p.l, p.Package, p.Kind, id); s != id {
				return s
			}
			return ""
		},
		Word: func(m bpmn.Mark) string { return p.l.T("workbench.mark." + string(m)) },
	})
	return b.String(), err
}

// value returns what was typed into a field before an action was refused.
func (p *casePage) value(name string) string { return p.typed.Get(name) }

// isOpen reports whether the form of an action is unfolded.
func (p *casePage) isOpen(action string) bool { return p.typed.Get("action") == action }

// fault is the message at a field of a refused action, "" for none.
func (p *casePage) fault(field string) string {
	if p.refused != nil && p.refused.field == field {
		return p.refused.text
	}
	return ""
}
