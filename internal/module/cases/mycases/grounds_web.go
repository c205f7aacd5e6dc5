package mycases

import (
	"net/http"

	"passerelle/internal/module/cases/grounds"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// grounds shows everything that the decision rests on.
func (w *Web) grounds(rw http.ResponseWriter, r *http.Request) error {
	v, doc, err := w.openGrounds(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, groundsPage(v, doc, w.pdfPath(v.path("grounds.pdf"))))
}

func (w *Web) groundsPDF(rw http.ResponseWriter, r *http.Request) error {
	v, doc, err := w.openGrounds(r)
	if err != nil {
		return err
	}
	return w.print(rw, r, doc.Title(), v.d.Number+".pdf", groundsSheet(doc))
}

func (w *Web) openGrounds(r *http.Request) (*view, *grounds.Document, error) {
	v, err := w.open(r)
	if err != nil {
		return nil, nil, err
	}
	doc, ok, err := grounds.New(r.Context(), w.Service, v.d, v.Locale, v.path("receipt.json"))
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, errs.New(errs.NotFound, "grounds.undecided")
	}
	return v, doc, nil
}

// receipt hands out the receipt by which the decision can be run again.
func (w *Web) receipt(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	return grounds.WriteReceipt(rw, r, w.Service, v.d)
}
