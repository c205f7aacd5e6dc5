package mycases

import (
	"context"
	"embed"
	"net/http"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/pdf"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// Locales holds the package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Options are what the pages stand on.
type Options struct {
	Service *cases.Service
	Blobs   *blob.Store
	// BeginPart begins, or finds, the form of a party's part.
	BeginPart func(context.Context, web.Identity, services.PartOf) (*services.Draft, error)
	// Drafts lists the person's applications that are not sent yet; nil: none.
	Drafts func(context.Context, web.Identity, *i18n.Locale) ([]ui.CardOptions, error)
	PDF    *pdf.Renderer // prints letters; nil: none is installed
	URL    string        // public address of the installation, without a slash at the end
}

// Web is the pages. It is safe for concurrent use.
type Web struct{ Options }

// New returns the pages.
func New(o Options) *Web { return &Web{Options: o} }

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	mine := func(pattern string, h web.Handler) { rt.Page(pattern, web.RequireIdentity(h)) }
	mine("GET /cases", w.list)
	mine("GET /cases/{case}", w.show)
	mine("POST /cases/{case}/answer", w.answer)
	mine("GET /cases/{case}/withdraw", w.askWithdraw)
	mine("POST /cases/{case}/withdraw", w.withdraw)
	mine("POST /cases/{case}/pay", w.pay)
	mine("GET /cases/{case}/paid", w.askPaid)
	mine("POST /cases/{case}/paid", w.paid)
	mine("GET /cases/{case}/appeal", w.askAppeal)
	mine("POST /cases/{case}/appeal", w.appeal)
	mine("GET /cases/{case}/letter", w.letter)
	mine("GET /cases/{case}/letter.pdf", w.letterPDF)
	mine("GET /cases/{case}/grounds", w.grounds)
	mine("GET /cases/{case}/grounds.pdf", w.groundsPDF)
	mine("GET /cases/{case}/receipt.json", w.receipt)
	mine("GET /cases/{case}/certificate/{code}", w.certificate)
	mine("GET /cases/{case}/certificate/{code}/pdf", w.certificatePDF)
	mine("GET /cases/{case}/documents/{doc}", w.document)
	mine("POST /cases/{case}/party", w.readdress)
	mine("GET /invitations/{code}", w.invitation)
	mine("POST /invitations/{code}/accept", w.accept)
	mine("POST /invitations/{code}/decline", w.decline)
	mine("GET /inbox", w.inbox)
	mine("POST /inbox/read", w.markRead)
	mine("POST /inbox/open/{case}", w.openMessage)
	rt.Page("GET /verify", w.askVerify)
	rt.Page("GET /verify/{code}", w.verify)
}

// MenuLinks are the items for the signed-in person's menu.
func MenuLinks(l *i18n.Locale) []ui.NavLink {
	return []ui.NavLink{{Key: "inbox", Text: l.T("mycases.inbox.nav"), Path: "/inbox"}}
}

// words speaks of a case in one language: the platform's words, and those of
// the case's service package.
type words struct {
	*i18n.Locale
	p   *pack.Package
	set *pack.Set
}

func (w *Web) words(loc *i18n.Locale, p *pack.Package) words {
	return words{Locale: loc, p: p, set: w.Service.Packages}
}

func (w words) pack(key string, args ...any) string { return w.p.T(w.Lang(), key, args...) }

func (w words) title() string { return w.pack("service.title") }

func (w words) authority(id string) string { return w.set.AuthorityName(w.Lang(), id) }

// view is one case before its applicant.
type view struct {
	words
	d    *cases.Dossier
	now  time.Time
	link func(cases.Invitation) string
	told pack.Explained // the decision in the reader's language; empty while there is none
}

func (w *Web) viewOf(d *cases.Dossier, loc *i18n.Locale) *view {
	v := &view{words: w.words(loc, d.Package), d: d, now: w.Service.Clock.Now()}
	v.link = w.Service.Link
	v.told, _ = d.Explain(loc)
	return v
}

// open reads the case of the address for its applicant.
func (w *Web) open(r *http.Request) (*view, error) {
	who, _ := web.IdentityFrom(r.Context())
	d, err := w.Service.Open(r.Context(), who, r.PathValue("case"), r.URL.Path, false)
	if err != nil {
		return nil, err
	}
	return w.viewOf(d, i18n.FromContext(r.Context())), nil
}

// path is the address of the case, or of a page below it, without the
// language.
func (v *view) path(below ...string) string {
	p := "/cases/" + v.d.ID
	for _, b := range below {
		p += "/" + b
	}
	return p
}
