package mycases

import (
	"context"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// invitedPage is an invitation before the person who is asked.
type invitedPage struct {
	words
	*cases.Invited
	now     time.Time
	reasons string // what was typed, after a mistake
	wrong   []ui.ErrorItem
}

func (p invitedPage) party(key string) string { return p.pack("party." + p.Party + "." + key) }

func (p invitedPage) path() string { return "/invitations/" + p.Code }

// openInvitation reads the invitation of the address for the person who is
// asked.
func (w *Web) openInvitation(r *http.Request) (invitedPage, error) {
	who, _ := web.IdentityFrom(r.Context())
	x, err := w.Service.Invited(r.Context(), who, r.PathValue("code"), r.URL.Path)
	if err != nil {
		return invitedPage{}, err
	}
	return invitedPage{words: w.words(i18n.FromContext(r.Context()), x.Package), Invited: x, now: w.Service.Clock.Now()}, nil
}

func (w *Web) invitation(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.openInvitation(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, invitationPage(p))
}

// accept binds the invitation to the person and leads to the form.
func (w *Web) accept(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.openInvitation(r)
	if err != nil {
		return err
	}
	if !p.Open() {
		return web.SeeOther(rw, r, p.path())
	}
	who, _ := web.IdentityFrom(r.Context())
	if err := w.Service.Accept(r.Context(), who, p.Invitation); err != nil {
		return err
	}
	draft, err := w.BeginPart(r.Context(), who, services.PartOf{Service: p.Package.ID, Version: p.Package.Version, Task: p.Task, Party: p.Party})
	if err != nil {
		return err
	}
	return web.SeeOther(rw, r, "/applications/"+draft.ID)
}

// decline takes the answer that the invitation does not concern the person.
func (w *Web) decline(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.openInvitation(r)
	if err != nil {
		return err
	}
	if p.reasons = strings.TrimSpace(r.PostFormValue("reasons")); p.Open() {
		if len([]rune(p.reasons)) < minAppeal {
			p.wrong = []ui.ErrorItem{{Text: p.T("mycases.invitation.reasonsShort"), Href: "#reasons"}}
			return web.Render(rw, r, http.StatusUnprocessableEntity, invitationPage(p))
		}
		who, _ := web.IdentityFrom(r.Context())
		if err := w.Service.Decline(r.Context(), who, p.Invitation, p.reasons); err != nil {
			return err
		}
	}
	return web.SeeOther(rw, r, p.path())
}

// readdress sends the link of a party again.
func (w *Web) readdress(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	task, email := r.PostFormValue("task"), strings.TrimSpace(r.PostFormValue("email"))
	lang, _ := i18n.Parse(r.PostFormValue("lang")) // what is no language of ours changes nothing
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		p := casePage{view: v, task: task, email: email, lang: lang, wrong: []ui.ErrorItem{{Text: v.T("mycases.party.email"), Href: "#" + emailID(task)}}}
		return web.Render(rw, r, http.StatusUnprocessableEntity, showPage(p))
	}
	who, _ := web.IdentityFrom(r.Context())
	if err := w.Service.Readdress(r.Context(), who, v.d.ID, task, email, lang); err != nil {
		return err
	}
	return web.SeeOther(rw, r, v.path()+"?done=readdressed")
}

// emailID is the id of the box for a party's address.
func emailID(task string) string {
	return "email-" + strings.NewReplacer("/", "-", ":", "-").Replace(task)
}

// partyName names a party as the service calls it, and as the applicant did.
func (v *view) partyName(i cases.Invitation) string {
	name := v.pack("party." + i.Party + ".name")
	if i.Name != "" {
		return v.T("mycases.party.name", "party", name, "name", i.Name)
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// whoseLink says who can answer with the link.
func (v *view) whoseLink(i cases.Invitation) string {
	if i.Person != "" {
		return v.T("mycases.party.linkNamed")
	}
	return v.T("mycases.party.link")
}

// awaited are the parties that have not answered yet.
func (v *view) awaited() []cases.Invitation {
	var all []cases.Invitation
	for _, i := range v.d.Invitations {
		if i.Open() {
			all = append(all, i)
		}
	}
	return all
}

// awaitedNames lists them in running text.
func (v *view) awaitedNames() string {
	var names []string
	for _, i := range v.awaited() {
		names = append(names, v.pack("party."+i.Party+".name"))
	}
	return v.List(names)
}

// awaitedUntil is the first day on which one of them is silent.
func (v *view) awaitedUntil() time.Time {
	return slices.MinFunc(v.awaited(), func(a, b cases.Invitation) int { return a.DueAt.Compare(b.DueAt) }).DueAt
}

// partAnswers is what a party answered, page by page.
func partAnswers(w words, p *pack.Package, party string, f pack.Facts, answers form.Answers) []sent {
	x := p.Party(party)
	if x == nil || answers == nil {
		return nil
	}
	says := services.Words{Locale: w.Locale, Pack: p}
	env := p.PartyEnv(f, answers, feel.Null())
	var all []sent
	for _, page := range x.Form.Reachable(env) {
		var rows []ui.SummaryListRow
		for _, s := range x.Form.Show(page, env) {
			rows = append(rows, w.answerRows(says, s)...)
		}
		if len(rows) > 0 {
			all = append(all, sent{Title: says.PageTitle(page), Rows: rows})
		}
	}
	return all
}

// maxInvitations is how many invitations a list shows.
const maxInvitations = 20

// asked lists what the person is asked to contribute to the applications of
// others; only what is open when open is set.
func (w *Web) asked(ctx context.Context, who web.Identity, loc *i18n.Locale, open bool) ([]ui.CardOptions, error) {
	all, err := w.Service.Invitations(ctx, who, maxInvitations)
	if err != nil {
		return nil, err
	}
	var cards []ui.CardOptions
	for _, x := range all {
		p := invitedPage{words: w.words(loc, x.Package), Invited: x, now: w.Service.Clock.Now()}
		if x.Open() || !open {
			cards = append(cards, ui.CardOptions{Title: p.party("title"), Href: ui.HrefIn(loc.Lang(), p.path()), Status: p.status(),
				Text: loc.T("mycases.invitation.card", "name", x.Applicant, "service", p.title()), Meta: x.Number})
		}
	}
	return cards, nil
}

// status is the invitation's state as a pill.
func (p invitedPage) status() ui.StatusOptions {
	switch p.Status {
	case cases.InvitationAnswered:
		return ui.StatusOptions{Kind: ui.Decided, Text: p.T("mycases.party.answered", "date", p.EndedAt)}
	case cases.InvitationDeclined:
		return ui.StatusOptions{Kind: ui.Neutral, Text: p.T("mycases.party.declined", "date", p.EndedAt)}
	case cases.InvitationEnded:
		return ui.StatusOptions{Kind: ui.Neutral, Text: p.T("mycases.party.ended", "date", p.EndedAt)}
	}
	return ui.StatusOptions{Kind: ui.Waiting, Text: p.T("mycases.status.turnLeft", "left", p.DaysLeft(i18n.Days(p.now, p.DueAt)))}
}
