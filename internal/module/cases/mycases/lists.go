package mycases

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// pageSize is how many cases or messages a page shows.
const pageSize = 20

// decimal writes tenths as a decimal text.
func decimal(tenths int64) string { return fmt.Sprintf("%d.%d", tenths/10, tenths%10) }

// card is a case in a list: state, name, what happens next and by when.
func (v *view) card() ui.CardOptions {
	return ui.CardOptions{
		Title: v.name(), Href: ui.HrefIn(v.Lang(), v.path()), Status: v.status(), Text: v.next(),
		Meta: v.T("mycases.list.meta", "number", v.d.Number, "date", v.d.SubmittedAt),
	}
}

// next says in a sentence or two what happens next and by when, for a list.
func (v *view) next() string {
	switch v.phase() {
	case answering, paying:
		return v.headline()
	case examining, checking:
		if s := clockSentence(v.Locale, v.d.File.Clock); s != "" {
			return s
		}
		return v.T("mycases.lead.examining", "authority", v.authority(v.d.Authority))
	case granted, tacit:
		return sentences(full(v.headline()), v.validity())
	case silent:
		return v.lead()
	}
	return v.headline()
}

// validity says until when the case's certificate can be verified.
func (v *view) validity() string {
	for _, c := range v.d.Certificates {
		if c.RevokedAt.IsZero() && !c.ValidUntil.IsZero() {
			return v.T("mycases.certificate.validUntil", "date", c.ValidUntil)
		}
	}
	return ""
}

// dossier is the case of a row as its card needs it: the whole file only where
// the card speaks of requests, tasks or payments.
func (w *Web) dossier(ctx context.Context, who web.Identity, row cases.Row, loc *i18n.Locale) (*view, error) {
	if row.Status == cases.Waiting || row.Status == cases.Asking || row.Outcome == pack.Granted {
		d, err := w.Service.Open(ctx, who, row.ID, "list", false)
		if err != nil {
			return nil, err
		}
		return w.viewOf(d, loc), nil
	}
	c, err := w.Service.Find(ctx, who, row.ID, "list")
	if err != nil {
		return nil, err
	}
	p, err := w.Service.Package(c)
	if err != nil {
		return nil, err
	}
	return w.viewOf(&cases.Dossier{Case: c, Package: p}, loc), nil
}

// cards makes the cards of rows. A case whose package is not loaded cannot be
// told, and the others still can.
func (w *Web) cards(ctx context.Context, who web.Identity, rows []cases.Row, loc *i18n.Locale) ([]ui.CardOptions, error) {
	var all []ui.CardOptions
	for _, row := range rows {
		v, err := w.dossier(ctx, who, row, loc)
		if errs.KindOf(err) == errs.Unavailable && err != nil {
			all = append(all, ui.CardOptions{Title: row.Number, Text: loc.T("mycases.list.unavailable")})
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, v.card())
	}
	return all, nil
}

// What the first page shows.
const (
	maxWaiting = 6
	newsDays   = 30 // so long a decision is news
)

// Waiting lists what awaits the signed-in person, for the first page: what is
// their turn, what is being examined and until when, what was decided lately.
// At most six.
func (w *Web) Waiting(ctx context.Context, who web.Identity, loc *i18n.Locale) ([]ui.CardOptions, error) {
	rows, err := w.Service.Mine(ctx, who, "", 50)
	if err != nil {
		return nil, err
	}
	now := w.Service.Clock.Now()
	rows = slices.DeleteFunc(rows, func(r cases.Row) bool { return rank(r, now) == 0 })
	slices.SortStableFunc(rows, func(a, b cases.Row) int { return rank(b, now) - rank(a, now) })
	asked, err := w.asked(ctx, who, loc, true)
	if err != nil {
		return nil, err
	}
	cards, err := w.cards(ctx, who, rows[:min(len(rows), maxWaiting)], loc)
	all := append(asked, cards...)
	return all[:min(len(all), maxWaiting)], err
}

// rank orders the cases of the first page; 0 leaves one out.
func rank(r cases.Row, now time.Time) int {
	fresh := !r.DecidedAt.IsZero() && i18n.Days(r.DecidedAt, now) <= newsDays
	switch {
	case r.Status == cases.Waiting:
		return 4
	case r.Outcome == "" && (r.Status == cases.Examined || r.Status == cases.Received || r.Status == cases.Asking):
		return 3
	case r.Outcome == pack.ImpliedRefusal && r.Status != cases.Closed && r.Status != cases.Withdrawn:
		return 2
	case fresh:
		return 1
	}
	return 0
}

// list is the page of the person's cases.
func (w *Web) list(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	loc := i18n.FromContext(r.Context())
	p := listPage{before: r.URL.Query().Get("before")}
	rows, err := w.Service.Mine(r.Context(), who, p.before, pageSize+1)
	if err != nil {
		return err
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		p.older = rows[pageSize-1].ID
	}
	if p.cards, err = w.cards(r.Context(), who, rows, loc); err != nil {
		return err
	}
	if w.Drafts != nil && p.before == "" {
		if p.drafts, err = w.Drafts(r.Context(), who, loc); err != nil {
			return err
		}
	}
	if p.before == "" {
		if p.asked, err = w.asked(r.Context(), who, loc, false); err != nil {
			return err
		}
	}
	if p.unread, err = w.Service.Unread(r.Context(), who); err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, listView(p))
}

type listPage struct {
	cards, drafts []ui.CardOptions
	asked         []ui.CardOptions // the parts in the applications of others
	before, older string           // keyset: ids of cases
	unread        int
}

// inbox lists the messages to the person.
func (w *Web) inbox(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	p := inboxPage{before: r.URL.Query().Get("before")}
	notices, err := w.Service.Inbox(r.Context(), who, p.before, pageSize+1)
	if err != nil {
		return err
	}
	if len(notices) > pageSize {
		notices = notices[:pageSize]
		p.older = notices[pageSize-1].ID
	}
	loc := i18n.FromContext(r.Context())
	for _, n := range notices {
		service := n.Number
		if pkg, ok := w.Service.Packages.Kept(n.Service, n.Version); ok {
			service = pkg.T(loc.Lang(), "service.title")
		}
		p.messages = append(p.messages, message{Notice: n, Service: service})
	}
	if p.unread, err = w.Service.Unread(r.Context(), who); err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, inboxView(p))
}

type message struct {
	cases.Notice
	Service string // title
}

type inboxPage struct {
	messages      []message
	before, older string
	unread        int
}

// unreadCases are the cases of the page's unread messages, each once.
func (p inboxPage) unreadCases() []string {
	var all []string
	for _, m := range p.messages {
		if m.ReadAt.IsZero() && !slices.Contains(all, m.Case) {
			all = append(all, m.Case)
		}
	}
	return all
}

// markRead marks the messages about the posted cases as read.
func (w *Web) markRead(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	posted := r.PostForm["case"]
	for _, id := range posted[:min(len(posted), pageSize)] {
		if err := w.Service.MarkRead(r.Context(), who, id); err != nil {
			return err
		}
	}
	return web.SeeOther(rw, r, "/inbox")
}

// openMessage marks the messages about a case as read and leads to it.
func (w *Web) openMessage(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	id := r.PathValue("case")
	if err := w.Service.MarkRead(r.Context(), who, id); err != nil {
		return err
	}
	return web.SeeOther(rw, r, "/cases/"+id)
}
