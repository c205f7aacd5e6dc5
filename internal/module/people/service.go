package people

import (
	"context"
	"slices"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Service is the module's use cases. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	clock clock.Clock
}

// New returns the service over a migrated database.
func New(d *db.DB, c clock.Clock) *Service { return &Service{db: d, clock: c} }

// SignIn finds or makes the account of whoever a provider has vouched for, and
// returns who they are in this session: the roles are those this provider
// gives, whatever another would. Page languages are not changed by it; lang is
// the language of a new account whose provider says none.
//
// It refuses (errs.Conflict) a sign-in whose identification number is not the
// one the provider vouched for before.
func (s *Service) SignIn(ctx context.Context, c Claims, lang i18n.Lang) (web.Identity, error) {
	if c.Issuer == "" || c.Subject == "" {
		return web.Identity{}, errs.New(errs.Invalid, "people.sign-in.failed").Because("claims without issuer or subject")
	}
	id, err := s.signIn(ctx, c, lang)
	if db.IsUnique(err) { // the same person at the same moment in another window
		id, err = s.signIn(ctx, c, lang)
	}
	return id, err
}

func (s *Service) signIn(ctx context.Context, c Claims, lang i18n.Lang) (web.Identity, error) {
	var account Account
	err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.clock.Now()
		known, err := findLogin(ctx, tx, c.Issuer, c.Subject)
		if err != nil {
			return err
		}
		id := known
		if id == "" {
			if id, err = findPerson(ctx, tx, c.Person); err != nil {
				return err
			}
		}
		if id == "" {
			account = Account{ID: db.NewID(s.clock), Person: c.Person, Name: c.Name, Email: c.Email, Lang: c.Lang, Created: now, LastSignIn: now}
			if account.Lang == "" {
				account.Lang = lang
			}
			if err := insertAccount(ctx, tx, account); err != nil {
				return err
			}
			return saveLogin(ctx, tx, c.Issuer, c.Subject, account.ID, c.Roles, now)
		}
		if account, _, err = findAccount(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case c.Person == "":
		case account.Person == "":
			account.Person = c.Person
		case account.Person != c.Person:
			return errs.New(errs.Conflict, "people.sign-in.changed").Because("account %s: the provider vouches for another number than before", id)
		}
		account.Name = c.Name
		if err := updateSignIn(ctx, tx, id, account.Person, c.Name, now); err != nil {
			return err
		}
		return saveLogin(ctx, tx, c.Issuer, c.Subject, id, c.Roles, now)
	})
	if err != nil {
		return web.Identity{}, err
	}
	account.Roles = c.Roles
	id := identity(account)
	id.GivenName, id.FamilyName, id.BirthDate = c.GivenName, c.FamilyName, c.BirthDate
	return id, nil
}

// identity is how the account appears in a session.
func identity(a Account) web.Identity {
	return web.Identity{Account: a.ID, Person: string(a.Person), Name: a.Name, Email: a.Email, Lang: a.Lang, Roles: a.Roles}
}

// Account returns an account by its identifier, with errs.NotFound when there
// is none.
func (s *Service) Account(ctx context.Context, id string) (Account, error) {
	a, ok, err := findAccount(ctx, s.db.Read(), id)
	if err != nil {
		return Account{}, err
	}
	if !ok {
		return Account{}, errs.New(errs.NotFound, "").Because("no account %s", id)
	}
	return a, nil
}

// ByPerson returns the account of an identification number, and false when the
// person has never signed in.
func (s *Service) ByPerson(ctx context.Context, person NationalID) (Account, bool, error) {
	id, err := findPerson(ctx, s.db.Read(), person)
	if err != nil || id == "" {
		return Account{}, false, err
	}
	return findAccount(ctx, s.db.Read(), id)
}

// Officials returns the accounts with the role in the authority, by name: to
// whom a task can be handed.
func (s *Service) Officials(ctx context.Context, authority, role string) ([]Account, error) {
	all, err := listOfficials(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a Account) bool { return !a.HasIn(authority, role) }), nil
}

// WithRole returns the accounts with the role in any authority or in none, by
// name.
func (s *Service) WithRole(ctx context.Context, role string) ([]Account, error) {
	all, err := listOfficials(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a Account) bool {
		return !slices.ContainsFunc(a.Roles, func(r web.Role) bool { return r.Name == role })
	}), nil
}

// Prefer stores what the person of the account chooses (errs.Invalid when it
// cannot be an address or a language).
func (s *Service) Prefer(ctx context.Context, account string, p Preferences) (Preferences, error) {
	p, err := p.check()
	if err != nil {
		return p, err
	}
	return p, s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := updatePreferences(ctx, tx, account, p.Email, p.Lang)
		if err == nil && !ok {
			err = errs.New(errs.NotFound, "").Because("no account %s", account)
		}
		return err
	})
}
