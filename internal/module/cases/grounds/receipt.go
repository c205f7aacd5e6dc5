package grounds

import (
	"net/http"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// WriteReceipt answers with the receipt of a case's decision, as a file to keep:
// errs.NotFound when there is none.
func WriteReceipt(w http.ResponseWriter, d *cases.Dossier, r *pack.Receipt) error {
	if r == nil {
		return errs.New(errs.NotFound, "grounds.receipt.none")
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="receipt-`+d.Number+`.json"`)
	h.Set("Cache-Control", "private, no-store")
	_, err = w.Write(text)
	return err
}
