package people

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"

	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Account is somebody who has signed in: a person with an identification
// number, or an official known by their office alone.
type Account struct {
	ID         string     // our own identifier
	Person     NationalID // "" when no provider vouched for a number
	Name       string     // as the provider said at the last sign-in
	Email      string     // where notices go; "" for none
	Lang       i18n.Lang  // of letters and notices
	Roles      []web.Role // from all providers, at the last sign-in with each
	Created    time.Time
	LastSignIn time.Time
}

// HasIn tells whether the account has the role in the authority.
func (a Account) HasIn(authority, role string) bool {
	return slices.Contains(a.Roles, web.Role{Authority: authority, Name: role})
}

// Claims are what a provider says about whoever signs in, after checking.
type Claims struct {
	Issuer  string
	Subject string
	Person  NationalID // "" when the provider does not say
	Name    string
	Email   string
	Lang    i18n.Lang // "" when the provider does not say one of the five
	Roles   []web.Role
	// The parts of the name and the birth date (ISO 8601), "" when not said.
	GivenName, FamilyName, BirthDate string
}

// Preferences are what a person chooses about their account.
type Preferences struct {
	Email string
	Lang  i18n.Lang
}

// check trims the address and refuses what is not one plain e-mail address
// ("" is: no notices), or a language that we do not write.
func (p Preferences) check() (Preferences, error) {
	p.Email = strings.TrimSpace(p.Email)
	if p.Email != "" {
		a, err := mail.ParseAddress(p.Email)
		if err != nil || a.Address != p.Email || len(p.Email) > 254 {
			return p, errs.New(errs.Invalid, "people.account.email.invalid")
		}
	}
	if !slices.Contains(i18n.Langs, p.Lang) {
		return p, errs.New(errs.Invalid, "people.account.language.invalid")
	}
	return p, nil
}

// keyOf returns the locale key of the sentence that err says.
func keyOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}
