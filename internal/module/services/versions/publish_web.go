package versions

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

const proposalsPath = Path + "/proposals"

// mostShown is how many findings or failures a page lists.
const mostShown = 50

func (p Proposal) path() string { return proposalsPath + "/" + p.ID }

// serviceTitle is the name of a service, its id when no version is served yet.
func (v view) serviceTitle(id string) string {
	if p, ok := v.w.Packages.Nearest(id, v.today); ok {
		return p.T(v.Lang(), "service.title")
	}
	return id
}

func (v view) drift(d Drift) string {
	args := []any{"service", v.serviceTitle(d.Service), "version", d.Version}
	switch d.Kind {
	case Loose:
		return v.T("versions.drift.loose", args...)
	case Unreadable:
		return v.T("versions.drift.unreadable", args...)
	}
	return v.T("versions.drift.changed", args...)
}

func (v view) row(key, value string) ui.SummaryListRow {
	return ui.SummaryListRow{Key: ui.ContentOptions{Text: v.T("versions." + key)}, Value: ui.ContentOptions{Text: value}}
}

// published tells how a version was published: by whom, when, and its hash.
func (v view) published(x version, record Published, p *Proposal) []ui.SummaryListRow {
	print := ui.SummaryListRow{Key: ui.ContentOptions{Text: v.T("versions.hash")}, Value: ui.ContentOptions{HTML: hash(x.Hash)}}
	switch {
	case p != nil:
		return append(v.history(*p), print)
	case record.Hash != "":
		return []ui.SummaryListRow{v.row("published", v.T("versions.byOperator", "date", v.DateTime(record.At))), print}
	}
	return []ui.SummaryListRow{v.row("published", v.T("versions.notRecorded")), print}
}

// about names what a proposal wants.
func (v view) about(p Proposal) string {
	args := []any{"service", v.serviceTitle(p.Service), "version", p.Version}
	if p.Kind == Withdrawal {
		return v.T("versions.withdrawal.of", args...)
	}
	return v.T("versions.of", args...)
}

// history tells who proposed and who reviewed, when and why.
func (v view) history(p Proposal) []ui.SummaryListRow {
	rows := []ui.SummaryListRow{
		v.row("proposal.proposed", v.T("versions.proposal.by", "name", p.Proposer.Name, "date", v.DateTime(p.ProposedAt))),
		{Key: ui.ContentOptions{Text: v.whyKey(p)}, Value: ui.ContentOptions{HTML: said(p.Remark)}},
	}
	switch p.State {
	case Open:
		return rows
	case Approved:
		rows = append(rows, v.row("proposal.approved", v.T("versions.proposal.by", "name", p.Reviewer.Name, "date", v.DateTime(p.ReviewedAt))))
	case Returned:
		rows = append(rows, v.row("proposal.returned", v.T("versions.proposal.by", "name", p.Reviewer.Name, "date", v.DateTime(p.ReviewedAt))))
	case Withdrawn:
		rows = append(rows, v.row("proposal.withdrawn", v.T("versions.proposal.by", "name", p.Reviewer.Name, "date", v.DateTime(p.ReviewedAt))))
	}
	if p.Reason != "" {
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: v.T("versions.proposal.reason")}, Value: ui.ContentOptions{HTML: said(p.Reason)}})
	}
	return rows
}

func (v view) whyKey(p Proposal) string {
	if p.Kind == Withdrawal {
		return v.T("versions.withdrawal.why")
	}
	return v.T("versions.proposal.why")
}

// reviewedPage is the proposals that were decided.
type reviewedPage struct {
	view
	list  []Proposal
	older string
}

func (w *Web) reviewed(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	p := reviewedPage{view: w.view(r)}
	var before *Proposal
	if id := r.URL.Query().Get("before"); id != "" {
		x, err := w.Find(r.Context(), who, id)
		if err != nil {
			return err
		}
		before = &x
	}
	list, more, err := w.Proposals(r.Context(), who, false, before)
	if err != nil {
		return err
	}
	if p.list = list; more {
		p.older = proposalsPath + "?before=" + url.QueryEscape(list[len(list)-1].ID)
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

// problems are what is wrong with a form, by field.
type problems []ui.ErrorItem

func (p *problems) add(field, text string) {
	*p = append(*p, ui.ErrorItem{Text: text, Href: "#" + field})
}

func (p problems) message(field string) ui.ErrorMessageOptions {
	for _, x := range p {
		if x.Href == "#"+field {
			return ui.ErrorMessageOptions{Text: x.Text}
		}
	}
	return ui.ErrorMessageOptions{}
}

// sentence is what a person reads of an error of theirs; ok is false for others.
func (v view) sentence(err error) (text, field string, ok bool) {
	var e *errs.Error
	if !errors.As(err, &e) || e.Key == "" {
		return "", "", false
	}
	switch e.Kind {
	case errs.Invalid, errs.TooLarge, errs.Conflict, errs.Unavailable:
	default:
		return "", "", false
	}
	var args []any
	for k, x := range e.Args {
		args = append(args, k, x)
	}
	field = "package"
	if e.Key == "versions.publish.noWords" || e.Key == "versions.publish.tooManyWords" {
		field = "remark"
	}
	return v.T(e.Key, args...), field, true
}

// proposePage is where a version is handed in.
type proposePage struct {
	view
	problems
	remark  string
	verdict Verdict
}

func (w *Web) propose(rw http.ResponseWriter, r *http.Request) error {
	return web.Render(rw, r, http.StatusOK, proposePage{view: w.view(r)}.page())
}

func (w *Web) handIn(rw http.ResponseWriter, r *http.Request) error {
	p := proposePage{view: w.view(r)}
	err := r.ParseMultipartForm(pack.MaxZip)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errs.Wrap(errs.TooLarge, "", err)
	case err != nil:
		return errs.Wrap(errs.Invalid, "", err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // the system tidies its own folder
	p.remark = r.PostFormValue("remark")
	if _, err := words(p.remark, true); err != nil {
		text, _, _ := p.sentence(err)
		p.problems.add("remark", text)
	}
	f, err := handedIn(r.MultipartForm)
	if err != nil {
		text, field, ok := p.sentence(err)
		if !ok {
			return err
		}
		p.problems.add(field, text)
	}
	if len(p.problems) == 0 {
		who, _ := web.IdentityFrom(r.Context())
		var id string
		id, p.verdict, err = w.Propose(r.Context(), who, f, p.remark)
		if err == nil && id != "" {
			return web.SeeOther(rw, r, proposalsPath+"/"+id)
		}
		if err != nil {
			text, field, ok := p.sentence(err)
			if !ok {
				return err
			}
			p.problems.add(field, text)
		} else {
			p.problems.add("package", p.unsound())
		}
	}
	return web.Render(rw, r, http.StatusUnprocessableEntity, p.page())
}

// unsound says why a version cannot be proposed.
func (p proposePage) unsound() string {
	switch {
	case p.verdict.Tests.Failed > 0:
		return p.N("versions.publish.fails", p.verdict.Tests.Failed)
	case p.verdict.Package != nil && p.verdict.Tests.Passed == 0:
		return p.T("versions.publish.untested")
	}
	return p.T("versions.publish.errors")
}

// handedIn reads the zip of a form.
func handedIn(form *multipart.Form) (pack.Folder, error) {
	sent := form.File["package"]
	if len(sent) == 0 || sent[0].Size == 0 {
		return pack.Folder{}, errs.New(errs.Invalid, "versions.publish.noPackage")
	}
	in, err := sent[0].Open()
	if err != nil {
		return pack.Folder{}, err
	}
	defer in.Close()
	src, err := io.ReadAll(io.LimitReader(in, pack.MaxZip+1))
	if err != nil {
		return pack.Folder{}, err
	}
	return pack.ReadZip(src)
}

// proposalPage is one proposal, as whoever decides needs it.
type proposalPage struct {
	view
	problems
	it               Proposal
	own              bool
	verdict          Verdict // of an open one
	changes          changesPage
	decision, reason string
}

func (w *Web) proposalPage(r *http.Request) (proposalPage, error) {
	who, _ := web.IdentityFrom(r.Context())
	p := proposalPage{view: w.view(r)}
	var err error
	if p.it, err = w.Find(r.Context(), who, r.PathValue("id")); err != nil {
		return p, err
	}
	p.own = p.it.Proposer.Account == who.Account
	if p.it.State != Open || p.it.Kind == Withdrawal {
		return p, nil
	}
	if p.verdict, err = w.Verdict(r.Context(), p.it); err != nil || p.verdict.Package == nil {
		return p, err
	}
	p.changes = changesPage{view: p.view, after: version{Package: p.verdict.Package}}
	for _, x := range p.versions() { // the last one that begins before it
		if x.ID == p.it.Service && !x.Service.InForce.From.After(p.verdict.Package.Service.InForce.From) {
			p.changes.before = x
		}
	}
	if p.changes.before.Package != nil {
		p.changes.list = pack.Compare(p.Locale, p.changes.before.Package, p.verdict.Package)
	}
	return p, nil
}

func (p proposalPage) title() string {
	if p.verdict.Package != nil {
		return p.verdict.Package.T(p.Lang(), "service.title")
	}
	return p.serviceTitle(p.it.Service)
}

func (p proposalPage) rows() []ui.SummaryListRow {
	rows := []ui.SummaryListRow{{Key: ui.ContentOptions{Text: p.T("versions.proposal.stateKey")}, Value: ui.ContentOptions{HTML: p.status(p.it)}}}
	rows = append(rows, p.history(p.it)...)
	if x := p.verdict.Package; x != nil {
		rows = append(rows, p.row("inForce", p.inForce(x)),
			ui.SummaryListRow{Key: ui.ContentOptions{Text: p.T("versions.scenarios")}, Value: ui.ContentOptions{HTML: p.result(p.verdict.Tests)}},
			p.row("coverage", p.coverage(p.verdict.Coverage)))
	}
	switch x, served := p.w.Packages.Version(p.it.Service, p.it.Version); {
	case p.it.Kind == Withdrawal && served:
		rows = append(rows, p.row("inForce", p.inForce(x)),
			ui.SummaryListRow{Key: ui.ContentOptions{Text: p.T("versions.version")}, Value: ui.ContentOptions{HTML: p.publishedAs(p.it)}})
	case p.it.TakenBack != "":
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: p.T("versions.published")}, Value: ui.ContentOptions{HTML: p.takenBack(p.it.TakenBack)}})
	case p.it.State == Approved && p.it.Kind == Publish:
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: p.T("versions.published")}, Value: ui.ContentOptions{HTML: p.publishedAs(p.it)}})
	}
	return append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: p.T("versions.hash")}, Value: ui.ContentOptions{HTML: hash(p.it.Hash)}})
}

// heading says what is proposed.
func (p proposalPage) heading() string {
	if p.it.Kind == Withdrawal {
		return p.T("versions.withdrawal.title", "version", p.it.Version)
	}
	return p.T("versions.proposal.title", "version", p.it.Version)
}

// question is what the second person decides, and its two answers.
func (p proposalPage) question() (asks, yes, no, noHint string) {
	if p.it.Kind == Withdrawal {
		return p.T("versions.withdrawal.decision"), p.T("versions.withdrawal.approve"), p.T("versions.withdrawal.return"), p.T("versions.withdrawal.returnHint")
	}
	return p.T("versions.proposal.decision"), p.T("versions.proposal.approve"), p.T("versions.proposal.return"), p.T("versions.proposal.returnHint")
}

// reasonHint says with which answer a reason is needed.
func (p proposalPage) reasonHint() string {
	if p.it.Kind == Withdrawal {
		return p.T("versions.withdrawal.reasonHint")
	}
	return p.T("versions.proposal.reasonHint")
}

// approveHint says what follows, and from when.
func (p proposalPage) approveHint() string {
	if p.it.Kind == Withdrawal {
		return p.T("versions.withdrawal.approveHint")
	}
	x := p.verdict.Package
	if x == nil || x.Service.InForce.From.After(p.today) {
		if x == nil {
			return p.T("versions.proposal.approveNever")
		}
		return p.T("versions.proposal.approveLater", "from", p.Date(x.Service.InForce.From))
	}
	return p.T("versions.proposal.approveNow", "from", p.Date(x.Service.InForce.From))
}

func (w *Web) proposal(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.proposalPage(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

// downloadProposal gives the files of a proposal to whoever decides on it.
func (w *Web) downloadProposal(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	p, files, err := w.Zip(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return sendZip(rw, p.Service+"-"+p.Version, files)
}

func (w *Web) review(rw http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	who, _ := web.IdentityFrom(r.Context())
	id, decision, reason := r.PathValue("id"), r.PostForm.Get("decision"), r.PostForm.Get("reason")
	wrong, field := errs.New(errs.Invalid, "versions.proposal.noDecision"), "decision"
	var err error = wrong
	switch decision {
	case "approve":
		err, field = w.Approve(r.Context(), who, id, reason), "reason"
	case "return":
		err, field = w.Return(r.Context(), who, id, reason), "reason"
	}
	if err == nil {
		return web.SeeOther(rw, r, proposalsPath+"/"+id)
	}
	var said *errs.Error
	if k := errs.KindOf(err); k != errs.Invalid && !(k == errs.Conflict && errors.As(err, &said) && strings.HasPrefix(said.Key, "versions.withdrawal.")) {
		return err
	}
	p, faulty := w.proposalPage(r)
	if faulty != nil {
		return faulty
	}
	text, _, ok := p.sentence(err)
	if !ok {
		return err
	}
	p.problems.add(field, text)
	p.decision, p.reason = decision, reason
	return web.Render(rw, r, http.StatusUnprocessableEntity, p.page())
}

func (w *Web) withdraw(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	if err := w.Withdraw(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	return web.SeeOther(rw, r, proposalsPath+"/"+r.PathValue("id"))
}
