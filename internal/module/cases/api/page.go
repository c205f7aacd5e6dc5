package api

import (
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/internal/platform/web"
)

// operation is one line of the page.
type operation struct{ method, path, summary string }

func (a *API) page(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, operationsPage(operations(a.doc)))
}

// operations lists a document's operations by address.
func operations(doc *huma.OpenAPI) []operation {
	var all []operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, operation{op.Method, path, op.Summary})
			}
		}
	}
	return all
}
