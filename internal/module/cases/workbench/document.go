package workbench

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// viewable are the types that a browser shows without running anything.
var viewable = []string{"application/pdf", "image/jpeg", "image/png"}

// document hands a file of the case out. What the browser can show safely opens
// beside the case; anything else is only saved.
func (b *Bench) document(w http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	d, err := b.Service.Open(r.Context(), who, r.PathValue("case"), "workbench.document", true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.Documents, func(x cases.Document) bool { return x.ID == r.PathValue("document") })
	if i < 0 {
		return errs.New(errs.NotFound, "workbench.error.document")
	}
	doc := d.Documents[i]
	content, err := b.Blobs.Get(r.Context(), doc.Hash)
	if err != nil {
		return err
	}
	defer content.Close()
	media, disposition := "application/octet-stream", "attachment"
	if slices.Contains(viewable, doc.MediaType) {
		media, disposition = doc.MediaType, "inline"
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": doc.Name}))
	h.Set("Cache-Control", "private, no-store")
	_, err = io.Copy(w, content)
	return err
}
