package workbench

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// The views of a queue; "" is everything that is open.
const (
	viewMine    = "mine"
	viewFree    = "free"
	viewSoon    = "soon"
	viewLate    = "late"
	viewWaiting = "waiting"
)

// pageSize is how many rows of a queue stand on one page.
const pageSize = 50

// lookupSize is how many cases a search shows below the queue, at most.
const lookupSize = 50

// soonDays is how near a deadline is "soon".
const soonDays = 7

// filter is a view of the queue as it stands in the address. On a case's page
// After is the case's own place in that view.
type filter struct {
	Authority, View, Service, Kind, Search string
	After                                  cases.Cursor
	At                                     string // task of the row to stand on
}

// readFilter reads the view from the address; without an authority it is the
// first one that the person works for.
func readFilter(r *http.Request, who web.Identity) filter {
	q := r.URL.Query()
	f := filter{
		Authority: q.Get("authority"), View: q.Get("view"), Service: q.Get("service"), Kind: q.Get("kind"),
		Search: strings.TrimSpace(q.Get("q")), After: parseCursor(q.Get("after")), At: q.Get("at"),
	}
	if all := cases.Authorities(who); f.Authority == "" && len(all) > 0 {
		f.Authority = all[0]
	}
	return f
}

func parseCursor(s string) cases.Cursor {
	due, id, ok := strings.Cut(s, "~")
	n, err := strconv.ParseInt(due, 10, 64)
	if !ok || err != nil {
		return cases.Cursor{}
	}
	return cases.Cursor{Due: n, ID: id}
}

// query is the filter as it stands behind "?" in an address.
func (f filter) query() string {
	q := url.Values{}
	for name, v := range map[string]string{"authority": f.Authority, "view": f.View, "service": f.Service, "kind": f.Kind, "q": f.Search, "at": f.At} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if f.After.ID != "" {
		q.Set("after", strconv.FormatInt(f.After.Due, 10)+"~"+f.After.ID)
	}
	return q.Encode()
}

// queuePath is the address of the view's first page.
func (f filter) queuePath() string {
	f.After, f.At = cases.Cursor{}, ""
	return "/workbench?" + f.query()
}

// pagePath is the address of exactly this page of the view.
func (f filter) pagePath() string { return "/workbench?" + f.query() }

// casePath is the address of a case in this view.
func (f filter) casePath(id string) string {
	f.At = ""
	return "/workbench/cases/" + id + "?" + f.query()
}

// rowPath is the address of a row's case: its place is kept for "next".
func (f filter) rowPath(r cases.QueueRow) string {
	f.After = r.Cursor()
	return f.casePath(r.ID)
}

// in returns the filter with another view.
func (f filter) in(view string) filter {
	f.View, f.After, f.At = view, cases.Cursor{}, ""
	return f
}

// core is the filter as package cases understands it.
func (f filter) core(who web.Identity, now time.Time) cases.QueueFilter {
	q := cases.QueueFilter{Authority: f.Authority, Service: f.Service, Kind: cases.TaskKind(f.Kind), Search: f.Search, After: f.After}
	switch f.View {
	case viewMine:
		q.Assignee = who.Account
	case viewFree:
		q.Assignee = "none"
	case viewSoon:
		q.DueFrom, q.DueBefore = now, now.AddDate(0, 0, soonDays)
	case viewLate:
		q.DueBefore = now
	case viewWaiting:
		q.Status = cases.TaskWaiting
	}
	return q
}

// queuePage is what the queue's page is drawn from.
type queuePage struct {
	bench   *Bench
	l       *i18n.Locale
	who     web.Identity
	now     time.Time
	filter  filter
	counts  cases.Counts
	rows    []cases.QueueRow
	next    string      // address of the next page, "" on the last
	others  []cases.Row // found outside the rows, when something is searched
	most    bool        // there may be more of them
	told    *told
	problem string // why an action on a row was refused
}

func (b *Bench) showQueue(w http.ResponseWriter, r *http.Request) error {
	return b.renderQueue(w, r, http.StatusOK, "")
}

func (b *Bench) renderQueue(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	who, _ := web.IdentityFrom(r.Context())
	p := queuePage{bench: b, l: locale(r), who: who, now: b.Service.Clock.Now(), filter: readFilter(r, who), problem: problem}
	p.told = b.tell(r, who)
	q := p.filter.core(who, p.now)
	q.Limit = pageSize + 1
	var err error
	if p.rows, p.counts, err = b.Service.Tasks(r.Context(), who, q); err != nil {
		return err
	}
	if p.others, err = b.Service.Lookup(r.Context(), who, p.filter.Authority, p.filter.Search, lookupSize); err != nil {
		return err
	}
	p.most = len(p.others) == lookupSize
	if len(p.rows) > pageSize {
		p.rows = p.rows[:pageSize]
		more := p.filter
		more.After, more.At = p.rows[pageSize-1].Cursor(), ""
		p.next = more.pagePath()
	}
	p.others = slices.DeleteFunc(p.others, func(o cases.Row) bool {
		return slices.ContainsFunc(p.rows, func(row cases.QueueRow) bool { return row.ID == o.ID })
	})
	return render(w, r, status, "workbench", p.page())
}

// actOnQueue claims the task of a row, or claims the next free one and opens it.
func (b *Bench) actOnQueue(w http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	f := readFilter(r, who)
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	if r.PostForm.Get("action") == "next" {
		f.After = cases.Cursor{}
		return b.onward(w, r, who, f, "")
	}
	f.At = r.PostForm.Get("task")
	err := b.Service.Claim(r.Context(), who, r.PostForm.Get("case"), f.At)
	if shown(err) {
		return b.renderQueue(w, r, status(err), sentence(locale(r), err))
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, f.pagePath())
}

// onward leads to the next case of the view that the person can work on, and
// claims it so that no colleague starts on it too. done is the case just
// finished, "" for none. Without a next case it leads back to the queue.
func (b *Bench) onward(w http.ResponseWriter, r *http.Request, who web.Identity, f filter, done string) error {
	suffix := ""
	if done != "" {
		suffix = "&done=" + url.QueryEscape(done)
	}
	row, err := b.next(r.Context(), who, f, done, true)
	if err != nil {
		return err
	}
	if row == nil {
		return web.SeeOther(w, r, f.queuePath()+suffix)
	}
	return web.SeeOther(w, r, f.rowPath(*row)+suffix)
}

// next returns the first task behind the filter's place that the person can
// work on, from the top again at the end; nil when there is none. With claim it
// is theirs when next returns.
func (b *Bench) next(ctx context.Context, who web.Identity, f filter, except string, claim bool) (*cases.QueueRow, error) {
	if f.View == viewWaiting {
		f.View = ""
	}
	starts := []cases.Cursor{f.After}
	if f.After.ID != "" {
		starts = append(starts, cases.Cursor{})
	}
	for _, f.After = range starts {
		for range claimTries {
			row, err := b.Service.NextTask(ctx, who, f.core(who, b.Service.Clock.Now()), except)
			if err != nil {
				return nil, err
			}
			if row == nil {
				break
			}
			if !claim || row.Assignee != "" {
				return row, nil
			}
			if err = b.Service.Claim(ctx, who, row.ID, row.Task); err == nil {
				return row, nil
			}
			if !shown(err) {
				return nil, err
			}
			f.After = row.Cursor() // a colleague was quicker
		}
	}
	return nil, nil
}

// claimTries is how often next tries to be quicker than the colleagues.
const claimTries = 10

// own reports whether a case is the person's own.
func own(who web.Identity, account, person string) bool {
	return account == who.Account || who.Person != "" && person == who.Person
}

// mayTake reports whether the person's roles in the authority allow a task.
func mayTake(who web.Identity, authority, role string) bool {
	return role != cases.RoleHeadOfUnit || who.HasIn(authority, cases.RoleHeadOfUnit)
}

// heads are the headings of the columns; the service has one only where the
// authority has several.
func (p queuePage) heads() []string {
	heads := []string{p.l.T("workbench.queue.case"), p.l.T("workbench.queue.deadline"), p.l.T("workbench.queue.person"), p.l.T("workbench.queue.step")}
	if p.services() != nil {
		heads = append(heads, p.l.T("workbench.queue.service"))
	}
	return append(heads, p.l.T("workbench.queue.age"), p.l.T("workbench.queue.assignee"), "")
}

// queueRows are the rows as they are shown.
func (p queuePage) queueRows(ctx context.Context) []ui.QueueRow {
	several := p.services() != nil
	out := make([]ui.QueueRow, len(p.rows))
	for i, r := range p.rows {
		cells := []ui.QueueCell{
			{HTML: ui.Deadline(p.deadline(r))},
			{Text: r.Name},
			{Text: todo(p.l, r)},
		}
		if several {
			cells = append(cells, ui.QueueCell{Text: p.bench.serviceTitle(p.l, r.Service, r.Version), Muted: true})
		}
		cells = append(cells, ui.QueueCell{Text: age(p.l, p.now, r.SubmittedAt), Muted: true}, ui.QueueCell{HTML: holder(p, r)})
		out[i] = ui.QueueRow{
			Title: r.Number, Href: ui.Href(ctx, p.filter.rowPath(r)), Current: r.Task == p.filter.At,
			Cells: cells, Action: rowAction(p, r),
		}
	}
	return out
}

// deadline is the row's deadline with the law from which it comes, if the row's
// package is loaded.
func (p queuePage) deadline(r cases.QueueRow) ui.DeadlineOptions {
	o := deadline(p.l, p.now, r.TaskDueAt, r.TaskStatus)
	if pk, ok := p.bench.Service.Packages.Kept(r.Service, r.Version); ok && o.Date != "" {
		o.Rule = cases.RuleOfDecision(p.l, pk, r.Kind)
	}
	return o
}

// claimable reports whether the row offers its task to the person.
func (p queuePage) claimable(r cases.QueueRow) bool {
	return r.Assignee == "" && r.TaskStatus == cases.TaskOpen && mayTake(p.who, p.filter.Authority, r.Role) && !own(p.who, r.Account, r.Person)
}

// views are the figures above the queue, each a link to its rows.
func (p queuePage) views(ctx context.Context) []ui.FilterItem {
	item := func(view, text string, n int64) ui.FilterItem {
		return ui.FilterItem{Text: text, Count: p.l.Int(int(n)), Current: p.filter.View == view, Href: ui.Href(ctx, p.filter.in(view).pagePath())}
	}
	return []ui.FilterItem{
		item("", p.l.T("workbench.view.open"), p.counts.Open),
		item(viewMine, p.l.T("workbench.view.mine"), p.counts.Mine),
		item(viewFree, p.l.T("workbench.view.free"), p.counts.Unassigned),
		item(viewLate, p.l.T("workbench.view.late"), p.counts.Overdue),
		item(viewSoon, p.l.N("workbench.view.soon", soonDays), p.counts.DueSoon),
		item(viewWaiting, p.l.T("workbench.view.waiting"), p.counts.Waiting),
	}
}

// authorities are the queues a person of several authorities can switch
// between; nil for one.
func (p queuePage) authorities(ctx context.Context) []ui.FilterItem {
	all := cases.Authorities(p.who)
	if len(all) < 2 {
		return nil
	}
	var items []ui.FilterItem
	for _, a := range all {
		items = append(items, ui.FilterItem{Text: p.bench.Service.Packages.AuthorityName(p.l.Lang(), a), Current: a == p.filter.Authority,
			Href: ui.Href(ctx, filter{Authority: a, View: p.filter.View}.pagePath())})
	}
	return items
}

// services are the services of the authority, to narrow the queue; nil when
// there is only one.
func (p queuePage) services() []ui.SelectItem {
	items := []ui.SelectItem{{Text: p.l.T("workbench.queue.anyService")}}
	for _, s := range p.bench.Service.Packages.All() {
		known := slices.ContainsFunc(items, func(i ui.SelectItem) bool { return i.Value == s.ID })
		if s.Service.Authority == p.filter.Authority && !known {
			items = append(items, ui.SelectItem{Value: s.ID, Text: s.T(p.l.Lang(), "service.title")})
		}
	}
	if len(items) < 3 {
		return nil
	}
	return items
}

// kinds are the kinds of tasks, to narrow the queue.
func (p queuePage) kinds() []ui.SelectItem {
	items := []ui.SelectItem{{Text: p.l.T("workbench.queue.anyKind")}}
	for _, k := range []cases.TaskKind{cases.TaskDecide, cases.TaskJudge, cases.TaskApprove} {
		items = append(items, ui.SelectItem{Value: string(k), Text: p.l.T("workbench.kind." + string(k))})
	}
	return items
}
