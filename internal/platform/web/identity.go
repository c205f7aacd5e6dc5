package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// Identity is who is signed in, as it stands in the session.
type Identity struct {
	Account string `json:"account"`          // our own identifier of the account
	Person  string `json:"person,omitempty"` // 13-digit identification number, or ""
	Name    string `json:"name"`             // as it is shown
	Email   string `json:"email,omitempty"`
	// The parts of the name and the birth date (ISO 8601), when the sign-in gave them.
	GivenName  string    `json:"givenName,omitempty"`
	FamilyName string    `json:"familyName,omitempty"`
	BirthDate  string    `json:"birthDate,omitempty"`
	Lang       i18n.Lang `json:"lang,omitempty"`
	Roles      []Role    `json:"roles,omitempty"`
}

// Role is what somebody may do for an authority.
type Role struct {
	Authority string `json:"authority,omitempty"` // "" for the operator of the installation and designers
	Name      string `json:"name"`                // "case-worker", "head-of-unit", "designer", "operator"
}

// Has tells whether the person has the role in any authority.
func (id Identity) Has(role string) bool {
	return slices.ContainsFunc(id.Roles, func(r Role) bool { return r.Name == role })
}

// HasIn tells whether the person has the role in the authority.
func (id Identity) HasIn(authority, role string) bool {
	return slices.Contains(id.Roles, Role{authority, role})
}

// Authorities returns the authorities in which the person has the role.
func (id Identity) Authorities(role string) []string {
	var as []string
	for _, r := range id.Roles {
		if r.Name == role {
			as = append(as, r.Authority)
		}
	}
	return as
}

type identityKey struct{}

// WithIdentity returns a context in which id is signed in: for tests of
// handlers, and for programs that act for somebody.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// IdentityFrom returns who is signed in, and whether anybody is.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	if id, ok := ctx.Value(identityKey{}).(Identity); ok {
		return id, true
	}
	if st := stateOf(ctx); st != nil {
		if who := st.session.who(); who != nil {
			return *who, true
		}
	}
	return Identity{}, false
}

// RequireIdentity lets only signed-in people through to h; others are led to
// the sign-in, and from there back.
func RequireIdentity(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, ok := IdentityFrom(r.Context()); !ok {
			return errs.New(errs.Unauthenticated, "")
		}
		return h(w, r)
	}
}

// RequireRole lets only people through who have one of the roles in any
// authority. Which authority's data they see is the module's to check.
func RequireRole(roles ...string) func(Handler) Handler {
	return func(h Handler) Handler {
		return RequireIdentity(func(w http.ResponseWriter, r *http.Request) error {
			id, _ := IdentityFrom(r.Context())
			if !slices.ContainsFunc(roles, id.Has) {
				return errs.New(errs.Forbidden, "").Because("needs role %s", strings.Join(roles, " or "))
			}
			return h(w, r)
		})
	}
}

// Local returns address if it is a path on this site, else "/": where to go
// after the sign-in must not be chosen by a stranger's link.
func Local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(address, "/") ||
		strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return "/"
	}
	return address
}
