package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"passerelle/internal/platform/errs"
)

// Directory routes each evidence type to the source that answers it. It is
// itself a Source. All routes are added before it is used; then it is safe for
// concurrent use.
type Directory struct {
	sources map[string]Source
}

// NewDirectory returns a directory without routes.
func NewDirectory() *Directory { return &Directory{sources: map[string]Source{}} }

// Route makes source answer the evidence types. A type that has a route
// already is a fault of the wiring: Route panics.
func (d *Directory) Route(source Source, types ...string) {
	for _, t := range types {
		if _, taken := d.sources[t]; taken {
			panic(fmt.Sprintf("exchange: evidence type %q has two sources", t))
		}
		d.sources[t] = source
	}
}

// Types returns the evidence types that have a route, sorted.
func (d *Directory) Types() []string { return slices.Sorted(maps.Keys(d.sources)) }

// Fetch refuses a request that does not say who asks, about whom, what for and
// on what legal basis (errs.Invalid), and hands any other to the source of its
// type. While no source is connected for the type it is errs.Unavailable: that
// nobody answers does not mean that nothing is known.
func (d *Directory) Fetch(ctx context.Context, r Request) (Evidence, error) {
	for _, need := range [...]struct{ name, value string }{
		{"subject", r.Subject}, {"purpose", r.Purpose}, {"legal basis", r.LegalBasis}, {"actor", r.Actor},
	} {
		if need.value == "" {
			return Evidence{}, errs.New(errs.Invalid, "").Because("request for %q without %s", r.Type, need.name)
		}
	}
	source, ok := d.sources[r.Type]
	if !ok {
		return Evidence{}, errs.New(errs.Unavailable, "exchange.unavailable").Because("no source for evidence type %q", r.Type)
	}
	return source.Fetch(ctx, r)
}
