package workbench

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// templates are the ready texts of a request for evidence, by their key below
// workbench.template.
var templates = []string{"income", "identity", "household", "legible", "qualification"}

// onwards are the actions after which the person goes to the next case; after
// the others they stay.
var onwards = []string{"confirm", "decide", "judge", "approve", "ask", "release", "reassign"}

// act carries one action out. What the core refuses is shown on the same page
// with what was typed.
func (b *Bench) act(w http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	id, post := r.PathValue("case"), r.PostForm
	err := b.carryOut(r.Context(), who, id, post)
	if shown(err) {
		return b.refuse(w, r, err)
	}
	if err != nil {
		return err
	}
	f := readFilter(r, who)
	if slices.Contains(onwards, post.Get("action")) {
		return b.onward(w, r, who, f, id)
	}
	return web.SeeOther(w, r, f.casePath(id)+"&done="+url.QueryEscape(id))
}

// carryOut calls the use case that the posted form asks for.
func (b *Bench) carryOut(ctx context.Context, who web.Identity, id string, post url.Values) error {
	task, s := post.Get("task"), b.Service
	switch post.Get("action") {
	case "claim":
		return s.Claim(ctx, who, id, task)
	case "release":
		return s.Release(ctx, who, id, task)
	case "reassign":
		return b.reassign(ctx, who, id, task, post.Get("to"))
	case "confirm":
		return s.Decide(ctx, who, id, task, pack.Outcome(post.Get("outcome")), post.Get("amount"), "")
	case "decide":
		amount := post.Get("amount")
		if n, ok := form.ParseNumber(amount, 2); ok {
			amount = n
		}
		return s.Decide(ctx, who, id, task, pack.Outcome(post.Get("outcome")), amount, post.Get("reasons"))
	case "judge":
		if post.Get("met") == "" {
			return errs.New(errs.Invalid, "workbench.error.judge")
		}
		return s.Judge(ctx, who, id, task, post.Get("met") == "yes", post.Get("reasons"))
	case "approve":
		if post.Get("approved") == "" {
			return errs.New(errs.Invalid, "workbench.error.approve")
		}
		return s.Approve(ctx, who, id, task, post.Get("approved") == "yes", post.Get("reasons"))
	case "ask":
		return s.Ask(ctx, who, id, post.Get("ask"))
	case "extend":
		return s.Extend(ctx, who, id, post.Get("extend"))
	case "note":
		return s.Note(ctx, who, id, post.Get("note"))
	}
	return errs.New(errs.Invalid, "workbench.error.action")
}

// reassign hands a task to somebody who works for the case's authority.
func (b *Bench) reassign(ctx context.Context, who web.Identity, id, task, to string) error {
	c, err := b.Service.Find(ctx, who, id, "workbench.reassign")
	if err != nil {
		return err
	}
	all, err := b.Officials(ctx, c.Authority)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(o Official) bool { return o.Account == to })
	if i < 0 {
		return errs.New(errs.Invalid, "cases.task.assignee")
	}
	return b.Service.Reassign(ctx, who, id, task, all[i].Account, all[i].Name)
}

// refuse shows the case as it is now, why the action was not accepted, and what
// was typed.
func (b *Bench) refuse(w http.ResponseWriter, r *http.Request, cause error) error {
	p, err := b.openCase(r)
	if isOwnCase(err) {
		return b.showOwnCase(w, r)
	}
	if err != nil {
		return err
	}
	p.typed = r.PostForm
	p.refused = &refusal{
		action: p.typed.Get("action"), field: fieldOf(p.typed, keyOf(cause)),
		text: sentence(p.l, cause), moved: errs.KindOf(cause) == errs.Conflict,
	}
	if p.refused.action == "confirm" && keyOf(cause) == "cases.reasons.needed" {
		p.refused.text, p.refused.field, p.refused.moved = p.l.T("workbench.error.proposal"), "", true
	}
	return render(w, r, status(cause), "workbench", p.page())
}

// fieldOf is the id of the input that an error is about, "" for none.
func fieldOf(post url.Values, key string) string {
	switch action := post.Get("action"); action {
	case "ask", "extend", "note":
		return action
	case "reassign":
		return "to"
	case "decide", "judge", "approve":
		switch key {
		case "cases.decide.outcome":
			return "outcome"
		case "cases.decide.amount":
			return "amount"
		case "cases.reasons.needed", "cases.reasons.long":
			return "reasons"
		case "workbench.error.judge":
			return "met"
		case "workbench.error.approve":
			return "approved"
		}
	}
	return ""
}

// stateNow says where a case stands after somebody else moved it on.
func (p *casePage) stateNow() string {
	for i := len(p.Timeline) - 1; i >= 0; i-- {
		if e := p.Timeline[i]; !automatic[e.Kind] {
			return p.l.T("workbench.error.now", "date", p.l.DateTime(e.At), "who", entryActor(p.l, e), "what", entryText(p.l, p.Dossier, e))
		}
	}
	return ""
}

// answerBy is until when the applicant may answer if they were asked now.
func (p *casePage) answerBy() string { return p.l.Date(p.bench.Service.AnswerLimit(p.Package, p.now)) }

// theirLanguage names the language the applicant reads.
func (p *casePage) theirLanguage() string {
	if _, ok := i18n.Parse(string(p.Lang)); ok {
		return p.Lang.Name()
	}
	return i18n.FR.Name()
}
