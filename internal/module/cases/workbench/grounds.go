package workbench

import (
	"net/http"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/grounds"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// grounds shows the officer what the applicant can see too: everything that the
// decision rests on.
func (b *Bench) grounds(w http.ResponseWriter, r *http.Request) error {
	d, err := b.dossier(r, "workbench.grounds")
	if err != nil {
		return err
	}
	doc, ok, err := grounds.New(r.Context(), b.Service, d, locale(r), "/workbench/cases/"+d.ID+"/receipt.json")
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.NotFound, "grounds.undecided")
	}
	return render(w, r, http.StatusOK, "workbench", groundsPage(d, doc))
}

func (b *Bench) receipt(w http.ResponseWriter, r *http.Request) error {
	d, err := b.dossier(r, "workbench.receipt")
	if err != nil {
		return err
	}
	return grounds.WriteReceipt(w, r, b.Service, d)
}

func (b *Bench) dossier(r *http.Request, route string) (*cases.Dossier, error) {
	who, _ := web.IdentityFrom(r.Context())
	return b.Service.Open(r.Context(), who, r.PathValue("case"), route, true)
}
