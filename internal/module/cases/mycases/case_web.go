package mycases

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// done are the news a page can open with after a form was accepted.
var done = []string{"answered", "paid", "withdrawn", "appealed", "readdressed"}

// show is the page of one case.
func (w *Web) show(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	news := r.URL.Query().Get("done")
	if !slices.Contains(done, news) {
		news = ""
	}
	p := casePage{view: v, news: news}
	if v.d.Case.Linked != "" {
		who, _ := web.IdentityFrom(r.Context())
		contested, err := w.Service.Find(r.Context(), who, v.d.Case.Linked, r.URL.Path)
		if err != nil {
			return err
		}
		p.contested = contested
	}
	return web.Render(rw, r, http.StatusOK, showPage(p))
}

// casePage is what the page of a case shows beside the case itself.
type casePage struct {
	*view
	news      string      // one of done, or ""
	contested *cases.Case // appeal: the case it contests
	answer    string      // what was typed, after a mistake
	wrong     []ui.ErrorItem

	task, email string    // the address of a party as it was typed, after a mistake
	lang        i18n.Lang // and the language
}

// answer takes the answer to a request for evidence.
func (w *Web) answer(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	v, err := w.open(r)
	if err != nil {
		return err
	}
	text, files, wrong, err := w.takeAnswer(r, v.Locale)
	if err != nil {
		return err
	}
	if len(wrong) == 0 && text == "" && len(files) == 0 {
		wrong = []ui.ErrorItem{{Text: v.T("mycases.answer.empty"), Href: "#text"}}
	}
	if len(wrong) > 0 {
		return web.Render(rw, r, http.StatusUnprocessableEntity, showPage(casePage{view: v, answer: text, wrong: wrong}))
	}
	request := r.PostFormValue("request")
	err = w.Service.Answer(r.Context(), who, v.d.ID, request, text, files)
	if errors.Is(err, errs.New(errs.Conflict, "cases.request.closed")) && v.answered(request, text) {
		err = nil // sent twice: the first one counts
	}
	if err != nil {
		return err
	}
	return web.SeeOther(rw, r, v.path()+"?done=answered")
}

// answered reports whether the request has this answer already.
func (v *view) answered(request, text string) bool {
	return slices.ContainsFunc(v.d.Requests, func(r cases.Request) bool {
		return r.ID == request && r.Status == cases.RequestAnswered && r.Answer == text
	})
}

func (w *Web) askWithdraw(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	if !v.canWithdraw() {
		return web.SeeOther(rw, r, v.path())
	}
	return web.Render(rw, r, http.StatusOK, withdrawPage(v))
}

func (w *Web) withdraw(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	if v.d.Status != cases.Withdrawn { // sent twice: the first one counts
		who, _ := web.IdentityFrom(r.Context())
		if err := w.Service.Withdraw(r.Context(), who, v.d.ID); err != nil {
			return err
		}
	}
	return web.SeeOther(rw, r, v.path()+"?done=withdrawn")
}

// pay leads to the provider's page; from there the person comes back to
// askPaid.
func (w *Web) pay(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	fee := v.fee()
	if fee == nil {
		return web.SeeOther(rw, r, v.path())
	}
	who, _ := web.IdentityFrom(r.Context())
	back := w.URL + ui.Href(r.Context(), v.path("paid"))
	to, err := w.Service.PayURL(r.Context(), who, v.d.ID, fee.ID, back, v.title()+", "+v.d.Number)
	if err != nil {
		return err
	}
	if strings.HasPrefix(to, "/") {
		to = ui.Href(r.Context(), to)
	}
	http.Redirect(rw, r, to, http.StatusSeeOther)
	return nil
}

// askPaid is where the provider leads back to: the receipt is shown to us with
// a POST, because paying changes the case.
func (w *Web) askPaid(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	receipt := r.URL.Query().Get("receipt")
	if v.fee() == nil {
		return web.SeeOther(rw, r, v.path())
	}
	return web.Render(rw, r, http.StatusOK, paidPage(v, receipt))
}

func (w *Web) paid(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	if fee := v.fee(); fee != nil {
		who, _ := web.IdentityFrom(r.Context())
		if err := w.Service.Paid(r.Context(), who, v.d.ID, fee.ID, r.PostFormValue("receipt")); err != nil {
			return err
		}
	}
	return web.SeeOther(rw, r, v.path()+"?done=paid")
}

func (w *Web) askAppeal(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	if !v.canAppeal() {
		return web.SeeOther(rw, r, v.path())
	}
	return web.Render(rw, r, http.StatusOK, appealPage(v, "", nil, nil))
}

// minAppeal is the shortest reason, in characters, that cases.Service.Appeal
// takes.
const minAppeal = 10

func (w *Web) appeal(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	text, chosen := strings.TrimSpace(r.PostFormValue("text")), r.PostForm["fact"]
	if v.canAppeal() && len([]rune(text)) < minAppeal {
		wrong := []ui.ErrorItem{{Text: v.T("mycases.appeal.short"), Href: "#text"}}
		return web.Render(rw, r, http.StatusUnprocessableEntity, appealPage(v, text, chosen, wrong))
	}
	var contested []string
	for _, row := range v.told.Rows {
		if slices.Contains(chosen, row.ID) {
			contested = append(contested, v.T("mycases.appeal.line", "label", row.Label, "value", row.Value))
		}
	}
	if len(contested) > 0 {
		text = strings.Join(contested, "\n") + "\n\n" + text
	}
	who, _ := web.IdentityFrom(r.Context())
	receipt, err := w.Service.Appeal(r.Context(), who, v.d.ID, text, i18n.FromContext(r.Context()).Lang())
	if err != nil {
		return err
	}
	return web.SeeOther(rw, r, "/cases/"+receipt.Case+"?done=appealed")
}
