package workbench

import (
	"context"
	"embed"
	"net/http"

	"github.com/a-h/templ"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// Locales holds the workbench's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Official is somebody to whom a task can be handed.
type Official struct{ Account, Name string }

// Options are what the workbench stands on; all are needed.
type Options struct {
	Service *cases.Service
	Blobs   *blob.Store
	// Officials lists the people of an authority.
	Officials func(ctx context.Context, authority string) ([]Official, error)
	// Queue is the installation's queue of jobs, for the operator's page.
	Queue *work.Queue
}

// Bench is the pages of the workbench. It is safe for concurrent use.
type Bench struct{ Options }

// New returns the pages.
func New(o Options) *Bench { return &Bench{o} }

// roleOperator may mend what failed, in no authority's name.
const roleOperator = "operator"

// Routes registers the pages.
func (b *Bench) Routes(rt *web.Router) {
	official := web.RequireRole(cases.RoleCaseWorker, cases.RoleHeadOfUnit)
	rt.Page("GET /workbench", official(b.showQueue))
	rt.Page("POST /workbench", official(b.actOnQueue))
	rt.Page("GET /workbench/cases/{case}", official(b.showCase))
	rt.Page("POST /workbench/cases/{case}", official(b.act))
	rt.Page("GET /workbench/cases/{case}/documents/{document}", official(b.document))
	rt.Page("GET /workbench/cases/{case}/grounds", official(b.grounds))
	rt.Page("GET /workbench/cases/{case}/receipt.json", official(b.receipt))
	operator := web.RequireRole(roleOperator)
	rt.Page("GET /operations", operator(b.showOperations))
	rt.Page("POST /operations", operator(b.mend))
	rt.Page("GET /operations/cases/{case}", operator(b.showIncident))
	rt.Page("POST /operations/cases/{case}", operator(b.correct))
}

// NavLinks are the items of the main navigation that only some people have.
func NavLinks(l *i18n.Locale, who web.Identity) []ui.NavLink {
	if !who.Has(roleOperator) {
		return nil
	}
	return []ui.NavLink{{Key: "operations", Text: l.T("workbench.operations.title"), Path: "/operations"}}
}

// render answers with a page that stands below "Workbench" in the navigation.
func render(w http.ResponseWriter, r *http.Request, status int, nav string, c templ.Component) error {
	v := ui.ViewFrom(r.Context())
	v.Nav = nav
	return web.Render(w, r.WithContext(ui.WithView(r.Context(), v)), status, c)
}

func locale(r *http.Request) *i18n.Locale { return i18n.FromContext(r.Context()) }
