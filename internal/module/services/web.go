package services

import (
	"context"
	"embed"
	"net/http"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// Locales holds the module's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// WebOptions are what the pages need besides the service.
type WebOptions struct {
	// Waiting lists what awaits the signed-in person, for the first page: the
	// module of cases knows.
	Waiting func(context.Context, web.Identity, *i18n.Locale) ([]ui.CardOptions, error)
	URL     string // public address, for linked data
}

// Web is the pages of catalogue and forms.
type Web struct {
	service *Service
	WebOptions
}

// NewWeb returns the pages.
func NewWeb(s *Service, o WebOptions) *Web { return &Web{service: s, WebOptions: o} }

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	w.catalogueRoutes(rt)
	w.formRoutes(rt)
	w.delegationRoutes(rt)
}

// view is what every page of the module is drawn from.
type view struct {
	s *Service
	r *http.Request
}

func (w *Web) view(r *http.Request) view { return view{s: w.service, r: r} }

func (v view) words(p *pack.Package) Words {
	return Words{Locale: i18n.FromContext(v.r.Context()), Pack: p}
}

// back is the page before page n of a form.
func (v view) back(ctx context.Context, x *writing, n int) string {
	switch {
	case v.r.URL.Query().Get("return") == "check":
		return ui.Href(ctx, x.path("check"))
	case n > 1:
		return ui.Href(ctx, x.path(x.pages[n-2].ID))
	}
	if x.given != nil {
		return ui.Href(ctx, x.start())
	}
	if x.Party != "" {
		return ui.Href(ctx, "/cases")
	}
	return ui.Href(ctx, "/services/"+x.Service)
}

// evidenceRows lists the evidence of a service that the given party brings:
// what it is, what it is used for, by which right.
func (v view) evidenceRows(p *pack.Package, by string) []ui.SummaryListRow {
	w := v.words(p)
	var rows []ui.SummaryListRow
	for _, e := range p.Service.Evidence {
		if e.By != by {
			continue
		}
		text := w.pack("evidence." + e.ID + ".purpose")
		if ref, ok := p.Legal(w.Lang(), e.Legal); ok {
			cite := ref.Title
			if ref.Article != "" {
				cite = ref.Article + ", " + cite
			}
			text += " " + w.T("services.start.legal", "cite", cite)
		}
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: w.pack("evidence." + e.ID + ".label")}, Value: ui.ContentOptions{Text: text}})
	}
	return rows
}
