package services

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// catalogueRoutes registers the pages on which services are found.
func (w *Web) catalogueRoutes(rt *web.Router) {
	rt.Page("GET /", w.home)
	rt.Page("GET /services", w.catalogue)
	rt.Page("GET /services/{service}", w.servicePage)
	rt.Raw("GET /id/services/{service}", w.linkedData)
}

func (w *Web) home(rw http.ResponseWriter, r *http.Request) error {
	l := i18n.FromContext(r.Context())
	h := homeView{view: w.view(r), all: w.service.Packages.Services(w.service.Today())}
	for _, p := range h.all {
		m, err := w.service.Measure(r.Context(), p.ID)
		if err != nil {
			return err
		}
		h.measured = append(h.measured, m)
	}
	if who, ok := web.IdentityFrom(r.Context()); ok {
		h.signedIn = true
		drafts, err := w.Drafts(r.Context(), who, l)
		if err != nil {
			return err
		}
		h.waiting = drafts
		cards, err := w.Waiting(r.Context(), who, l)
		if err != nil {
			return err
		}
		h.waiting = append(h.waiting, cards...)
	}
	return web.Render(rw, r, http.StatusOK, homePage(h))
}

// Drafts shows what the person has begun and not sent, newest first.
func (w *Web) Drafts(ctx context.Context, who web.Identity, l *i18n.Locale) ([]ui.CardOptions, error) {
	drafts, err := w.service.Drafts(ctx, who)
	if err != nil {
		return nil, err
	}
	var cards []ui.CardOptions
	for _, d := range drafts {
		p, ok := w.service.Packages.Version(d.Service, d.Version)
		if !ok {
			continue
		}
		cards = append(cards, ui.CardOptions{
			Title: p.T(l.Lang(), "service.title"), Href: ui.HrefIn(l.Lang(), "/applications/"+d.ID),
			Status: ui.StatusOptions{Kind: ui.Neutral, Text: l.T("services.home.draft")},
			Text:   l.T("services.home.draftText", "date", l.DateTime(d.UpdatedAt)),
		})
	}
	taken, err := w.partsTaken(ctx, who, l)
	return append(cards, taken...), err
}

// homeView is the first page.
type homeView struct {
	view
	all      []*pack.Package
	measured []Measured // of each of all
	waiting  []ui.CardOptions
	signedIn bool
}

// figures are the measured medians over all services that have some.
func (h homeView) figures(l *i18n.Locale) []ui.Figure {
	var all []ui.Figure
	for i, p := range h.all {
		m := h.measured[i]
		if m.Decisions == 0 {
			continue
		}
		all = append(all, ui.Figure{Value: short(l, m.Deciding), Text: l.N("services.home.deciding", m.Decisions, "service", p.T(l.Lang(), "service.title"))})
	}
	return all
}

// short writes a time in its largest whole unit.
func short(l *i18n.Locale, d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return l.Count(int(d/(24*time.Hour)), i18n.Day)
	case d >= 2*time.Hour:
		return l.Count(int(d/time.Hour), i18n.Hour)
	case d >= 2*time.Minute:
		return l.Count(int(d/time.Minute), i18n.Minute)
	}
	return l.Count(max(1, int(d/time.Second)), i18n.Second)
}

func (h homeView) lifeEvents(l *i18n.Locale, s *pack.Set) []ui.CardOptions {
	var cards []ui.CardOptions
	for _, e := range s.LifeEvents {
		cards = append(cards, ui.CardOptions{Title: e.Name[l.Lang()], Text: e.Summary[l.Lang()], Href: ui.Href(h.r.Context(), "/services?event="+e.ID)})
	}
	return cards
}

// filter is what a catalogue page was asked for.
type filter struct {
	query, event, audience, authority string
}

// catalogueView is the list of services, filtered.
type catalogueView struct {
	view
	filter
	found []*pack.Package
	all   []*pack.Package
}

func (w *Web) catalogue(rw http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	c := catalogueView{view: w.view(r), filter: filter{
		query: strings.TrimSpace(q.Get("q")), event: q.Get("event"), audience: q.Get("audience"), authority: q.Get("authority"),
	}}
	today := w.service.Today()
	c.all = w.service.Packages.Services(today)
	c.found = c.all
	if c.query != "" {
		c.found = w.service.Find(c.query, i18n.FromContext(r.Context()).Lang(), today)
	}
	c.found = slices.DeleteFunc(slices.Clone(c.found), func(p *pack.Package) bool {
		s := p.Service
		return c.event != "" && !slices.Contains(s.LifeEvents, c.event) ||
			c.audience != "" && !slices.Contains(s.Audience, c.audience) ||
			c.authority != "" && s.Authority != c.authority
	})
	return web.Render(rw, r, http.StatusOK, cataloguePage(c))
}

func (c catalogueView) cards(l *i18n.Locale) []ui.CardOptions {
	cards := make([]ui.CardOptions, len(c.found))
	for i, p := range c.found {
		cards[i] = ui.CardOptions{
			Title: p.T(l.Lang(), "service.title"), Text: p.T(l.Lang(), "service.summary"),
			Href: ui.Href(c.r.Context(), "/services/"+p.ID), Meta: c.s.Packages.AuthorityName(l.Lang(), p.Service.Authority), HeadingLevel: 2,
		}
	}
	return cards
}

// options offers the values of a filter that occur.
func (c catalogueView) events(l *i18n.Locale) []ui.SelectItem {
	items := []ui.SelectItem{{Text: l.T("services.catalogue.any")}}
	for _, e := range c.s.Packages.LifeEvents {
		items = append(items, ui.SelectItem{Value: e.ID, Text: e.Name[l.Lang()]})
	}
	return items
}

func (c catalogueView) authorities(l *i18n.Locale) []ui.SelectItem {
	items := []ui.SelectItem{{Text: l.T("services.catalogue.any")}}
	for _, a := range c.s.Packages.Authorities {
		items = append(items, ui.SelectItem{Value: a.ID, Text: a.Name[l.Lang()]})
	}
	return items
}

func (c catalogueView) audiences(l *i18n.Locale) []ui.SelectItem {
	return []ui.SelectItem{{Text: l.T("services.catalogue.any")},
		{Value: "citizen", Text: l.T("services.audience.citizen")}, {Value: "business", Text: l.T("services.audience.business")}}
}

func (w *Web) servicePage(rw http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("service")
	p, ok := w.service.Packages.InForce(id, w.service.Today())
	if !ok {
		return w.closed(r, id)
	}
	m, err := w.service.Measure(r.Context(), id)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, servicePage(serviceView{view: w.view(r), p: p, m: m}))
}

// closed says since when, or until when, a service takes no applications.
func (w *Web) closed(r *http.Request, id string) error {
	p, ok := w.service.Packages.Nearest(id, w.service.Today())
	if !ok {
		return errs.New(errs.NotFound, "services.notFound")
	}
	l := i18n.FromContext(r.Context())
	title, in := p.T(l.Lang(), "service.title"), p.Service.InForce
	if in.From.After(w.service.Today()) {
		return errs.New(errs.Gone, "services.opens").With("service", title).With("date", l.Date(in.From))
	}
	return errs.New(errs.Gone, "services.closed").With("service", title).With("date", l.Date(in.To))
}

// serviceView is the page of one service.
type serviceView struct {
	view
	p *pack.Package
	m Measured
}

// related are the other services of the same moments of life that take
// applications.
func (v serviceView) related() []*pack.Package {
	var all []*pack.Package
	for _, p := range v.s.Packages.Services(v.s.Today()) {
		if p.ID != v.p.ID && slices.ContainsFunc(p.Service.LifeEvents, func(e string) bool { return slices.Contains(v.p.Service.LifeEvents, e) }) {
			all = append(all, p)
		}
	}
	return all
}

// cost is what the service costs, in words.
func (v serviceView) cost(w Words) string {
	f := v.p.Service.Fee
	if f == nil {
		return w.T("services.page.free")
	}
	return w.mark(w.MoneyDecimal(f.Amount), f.Status)
}

// mark adds to a figure how sure it is, unless it is verified.
func (w Words) mark(text string, s pack.Status) string {
	if s == pack.Verified || s == "" {
		return text
	}
	return w.T("services.status.marked", "value", text, "status", w.T("services.status."+string(s)))
}

// declared is how long the authority says it takes.
func (v serviceView) declared(w Words) string {
	t := v.p.Service.Time
	if t == nil || t.Status == pack.NotFound {
		return w.T("services.page.timeUnknown")
	}
	if t.Declared.IsZero() {
		return w.mark(w.T("services.page.atOnce"), t.Status)
	}
	return w.mark(span(w.Locale, t.Declared), t.Status)
}

// span writes a length of time as laws state it.
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

// measuredText is what it really took, or that there is no figure yet.
func (v serviceView) measuredText(w Words) string {
	if v.m.Decisions == 0 {
		return w.T("services.page.noMeasure")
	}
	return w.N("services.page.measured", v.m.Decisions, "time", short(w.Locale, v.m.Deciding))
}

func (v serviceView) facts(w Words) []ui.KeyFact {
	return []ui.KeyFact{
		{Term: w.T("services.page.cost"), Text: v.cost(w)},
		{Term: w.T("services.page.declared"), Text: v.declared(w)},
		{Term: w.T("services.page.really"), Text: v.measuredText(w)},
		{Term: w.T("services.page.checked"), Text: w.Date(v.p.Service.LastChecked)},
	}
}

// legal lists the legal basis with dates and how sure they are; where it is not
// verified, also why.
func (v serviceView) legal(w Words) []ui.SummaryListRow {
	var rows []ui.SummaryListRow
	for _, r := range v.p.Service.Legal {
		ref, _ := v.p.Legal(w.Lang(), r.ID)
		text, note := "", ""
		if !ref.Date.IsZero() {
			text = w.Date(ref.Date)
		}
		if ref.Status != pack.Verified {
			text = strings.TrimPrefix(text+" · "+w.T("services.status."+string(ref.Status)), " · ")
			if r.Note != "" {
				note = w.pack("legal." + r.ID)
			}
		}
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: ref.Title}, Value: ui.ContentOptions{HTML: legalValue(text, note)}})
	}
	return rows
}

// linkedData describes the service as CPSV-AP 3.2 in JSON-LD, at its stable
// address.
func (w *Web) linkedData(rw http.ResponseWriter, r *http.Request) error {
	p, ok := w.service.Packages.InForce(strings.TrimSuffix(r.PathValue("service"), ".jsonld"), w.service.Today())
	if !ok {
		return errs.New(errs.NotFound, "services.notFound")
	}
	rw.Header().Set("Content-Type", "application/ld+json; charset=utf-8")
	rw.Header().Set("Cache-Control", "public, max-age=300")
	e := json.NewEncoder(rw)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(Describe(w.service.Packages, p, w.URL))
}

// suggestions are the services most often decided, for the first page.
func (h homeView) suggestions(l *i18n.Locale) []ui.Link {
	order := make([]int, len(h.all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return h.measured[b].Decisions - h.measured[a].Decisions })
	var links []ui.Link
	for _, i := range order[:min(len(order), 4)] {
		links = append(links, ui.Link{Text: h.all[i].T(l.Lang(), "service.title"), Href: ui.Href(h.r.Context(), "/services/"+h.all[i].ID)})
	}
	return links
}
