package services

import (
	"cmp"
	"context"
	"net/http"
	"net/mail"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// delegationRoutes registers the pages on which a page of a form is given away,
// answered and handed back.
func (w *Web) delegationRoutes(rt *web.Router) {
	rt.Page("GET /applications/{draft}/{page}/delegate", web.RequireIdentity(w.askDelegate))
	rt.Page("POST /applications/{draft}/{page}/delegate", web.RequireIdentity(w.delegate))
	rt.Page("POST /applications/{draft}/{page}/take-back", web.RequireIdentity(w.takeBack))
	rt.Page("GET /parts/{code}", web.RequireIdentity(w.part))
	rt.Page("POST /parts/{code}", web.RequireIdentity(w.takePart))
	rt.Page("GET /parts/{code}/{page}", web.RequireIdentity(w.showPage))
	rt.Page("POST /parts/{code}/{page}", w.signedInOrKept(w.savePage))
	rt.Page("GET /parts/{code}/check", web.RequireIdentity(w.checkPart))
	rt.Page("POST /parts/{code}/check", web.RequireIdentity(w.returnPart))
}

// openGiving reads the page that is to be given away, nil when it is not, or no
// longer, the author's to give.
func (w *Web) openGiving(r *http.Request) (*writing, *form.Page, error) {
	x, err := w.open(r)
	if err != nil {
		return nil, nil, err
	}
	p, _ := x.page(r.PathValue("page"))
	if p == nil || !x.mayGive(p) || x.Receipt != nil {
		return x, nil, nil
	}
	return x, p, nil
}

// askDelegate asks who is to answer a page.
func (w *Web) askDelegate(rw http.ResponseWriter, r *http.Request) error {
	x, p, err := w.openGiving(r)
	switch {
	case err != nil:
		return err
	case p == nil:
		return web.SeeOther(rw, r, x.start())
	}
	if d := x.givenAway(p.ID); d != nil && d.Open() {
		return web.SeeOther(rw, r, x.path(p.ID)+"#delegated")
	}
	return web.Render(rw, r, http.StatusOK, givePage(w.view(r), x, p, giveForm{lang: i18n.FromContext(r.Context()).Lang()}))
}

// delegate gives a page to somebody else.
func (w *Web) delegate(rw http.ResponseWriter, r *http.Request) error {
	x, p, err := w.openGiving(r)
	switch {
	case err != nil:
		return err
	case p == nil:
		return web.SeeOther(rw, r, x.start())
	}
	given := giveForm{name: strings.TrimSpace(r.PostFormValue("name")), email: strings.TrimSpace(r.PostFormValue("email"))}
	loc := i18n.FromContext(r.Context())
	given.lang, _ = i18n.Parse(r.PostFormValue("lang"))
	given.lang = cmp.Or(given.lang, loc.Lang())
	if given.name == "" || len([]rune(given.name)) > maxName {
		given.wrong = append(given.wrong, ui.ErrorItem{Text: loc.T("services.delegate.name"), Href: "#delegate-name"})
	}
	if a, err := mail.ParseAddress(given.email); given.email != "" && (err != nil || a.Address != given.email) {
		given.wrong = append(given.wrong, ui.ErrorItem{Text: loc.T("services.delegate.email"), Href: "#delegate-email"})
	}
	if len(given.wrong) > 0 {
		return web.Render(rw, r, http.StatusUnprocessableEntity, givePage(w.view(r), x, p, given))
	}
	err = w.service.Delegate(r.Context(), x.who, x.ID, p.ID, Helper{given.name, given.email, given.lang}, loc.Lang())
	if err != nil && errs.KindOf(err) == errs.TooMany {
		given.wrong = []ui.ErrorItem{{Text: loc.T("services.delegate.tooMany", "max", maxDelegations), Href: "#delegate-name"}}
		return web.Render(rw, r, http.StatusTooManyRequests, givePage(w.view(r), x, p, given))
	}
	if err != nil && errs.KindOf(err) != errs.Conflict { // a double click: the first one stands
		return err
	}
	return web.SeeOther(rw, r, x.path(p.ID)+"#delegated")
}

// giveForm is what was typed to give a page away.
type giveForm struct {
	name, email string
	lang        i18n.Lang
	wrong       []ui.ErrorItem
}

func (g giveForm) problem(field string) ui.ErrorMessageOptions {
	for _, w := range g.wrong {
		if w.Href == field {
			return ui.ErrorMessageOptions{Text: w.Text}
		}
	}
	return ui.ErrorMessageOptions{}
}

func (w *Web) takeBack(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	page := r.PathValue("page")
	if err := w.service.TakeBack(r.Context(), x.who, x.ID, page); err != nil {
		return err
	}
	return web.SeeOther(rw, r, x.path(page))
}

// openPart reads the page behind a link as a form of that page alone.
func (w *Web) openPart(r *http.Request) (*writing, error) {
	who, _ := web.IdentityFrom(r.Context())
	g, err := w.service.delegated(r.Context(), who, r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	x := &writing{Draft: &Draft{ID: g.draft.ID, Service: g.draft.Service, Version: g.draft.Version, Answers: g.answers(), Evidence: g.draft.Evidence, Rev: g.Rev},
		pack: g.pack, form: g.pack.Form, who: who, given: g}
	x.refresh(w.service)
	return x, nil
}

// part says who asks for what before anything is asked.
func (w *Web) part(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.openPart(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, partPage(w.view(r), x))
}

func (w *Web) takePart(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.openPart(r)
	if err != nil {
		return err
	}
	if !x.given.Open() {
		return web.SeeOther(rw, r, "/parts/"+x.given.Code)
	}
	if err := w.service.take(r.Context(), x.who, x.given); err != nil {
		return err
	}
	return web.SeeOther(rw, r, x.path(x.given.Page))
}

// checkPart shows the answers before they are handed back.
func (w *Web) checkPart(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.openPart(r)
	if err != nil {
		return err
	}
	if x.given.Status != DelegationTaken {
		return web.SeeOther(rw, r, "/parts/"+x.given.Code)
	}
	return web.Render(rw, r, http.StatusOK, partCheckPage(w.view(r), x, nil))
}

func (w *Web) returnPart(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.openPart(r)
	if err != nil {
		return err
	}
	if x.given.Status == DelegationTaken {
		wrong, err := w.service.handBack(r.Context(), x.given)
		if err != nil {
			return err
		}
		if len(wrong) > 0 {
			return web.Render(rw, r, http.StatusUnprocessableEntity, partCheckPage(w.view(r), x, wrong))
		}
	}
	return web.SeeOther(rw, r, "/parts/"+x.given.Code)
}

// mayGive reports whether the author may give a page of the service away.
func (x *writing) mayGive(p *form.Page) bool {
	return x.given == nil && x.Party == "" && delegable(x.pack, p.ID)
}

// givenAway is the newest delegation of a page, or nil.
func (x *writing) givenAway(page string) *Delegation {
	for i := len(x.delegations) - 1; i >= 0; i-- {
		if x.delegations[i].Page == page {
			return x.delegations[i]
		}
	}
	return nil
}

// awaited are the pages that others have not handed back.
func (x *writing) awaited() []*Delegation {
	var all []*Delegation
	for _, p := range x.pages {
		if d := x.givenAway(p.ID); d != nil && d.Open() {
			all = append(all, d)
		}
	}
	return all
}

// partsTaken lists what the person has taken to answer for others and not
// handed back, for the list of their cases.
func (w *Web) partsTaken(ctx context.Context, who web.Identity, l *i18n.Locale) ([]ui.CardOptions, error) {
	all, err := w.service.store.delegatedTo(ctx, w.service.DB.Read(), who.Account, 20)
	if err != nil {
		return nil, err
	}
	var cards []ui.CardOptions
	for _, d := range all {
		x, err := w.service.delegated(ctx, who, d.Code)
		if err != nil {
			continue // its draft is gone
		}
		cards = append(cards, ui.CardOptions{Title: x.pack.T(l.Lang(), "form."+d.Page+".title"), Href: ui.HrefIn(l.Lang(), "/parts/"+d.Code),
			Status: ui.StatusOptions{Kind: ui.Neutral, Text: l.T("services.home.draft")},
			Text:   l.T("services.delegate.card", "name", d.OwnerName, "service", x.pack.T(l.Lang(), "service.title"))})
	}
	return cards, nil
}

// save keeps what was answered, in the draft or in the page that was given.
func (w *Web) save(ctx context.Context, x *writing) error {
	if x.given != nil {
		return w.service.keep(ctx, x.given, x.Answers)
	}
	return w.service.Save(ctx, x.Draft)
}

// onlyPage is the one page of a form that somebody answers for another.
func onlyPage(f *form.Form, id string) []*form.Page { return []*form.Page{f.Page(id)} }
