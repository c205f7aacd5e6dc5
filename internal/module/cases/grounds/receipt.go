package grounds

import (
	"net/http"
	"slices"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// WriteReceipt answers with the receipt of a case's decision, as a file to keep,
// or with that of a decision that was lifted, named by its hash in the query:
// errs.NotFound when there is none.
func WriteReceipt(w http.ResponseWriter, req *http.Request, s *cases.Service, d *cases.Dossier) error {
	r, err := s.DecisionReceipt(req.Context(), d)
	if err != nil {
		return err
	}
	if hash := req.URL.Query().Get("hash"); hash != "" && (r == nil || r.Hash != hash) {
		lifted, err := s.LiftedReceipts(req.Context(), d)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(lifted, func(l *pack.Receipt) bool { return l.Hash == hash })
		if i < 0 {
			return errs.New(errs.NotFound, "grounds.receipt.none")
		}
		r = lifted[i]
	}
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
