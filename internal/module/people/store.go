package people

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings this module's tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "people", sub)
}

const accountColumns = `a.id, a.person, a.name, a.email, a.language, a.created, a.last_sign_in`

func scanAccount(scan func(...any) error, more ...any) (Account, error) {
	var a Account
	var created, last int64
	err := scan(append([]any{&a.ID, &a.Person, &a.Name, &a.Email, &a.Lang, &created, &last}, more...)...)
	a.Created, a.LastSignIn = db.Time(created), db.Time(last)
	return a, err
}

// findAccount returns the account with its roles, or false.
func findAccount(ctx context.Context, q db.Querier, id string) (Account, bool, error) {
	a, err := scanAccount(q.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM people_account a WHERE a.id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	rows, err := q.QueryContext(ctx, `SELECT roles FROM people_login WHERE account = $1 AND roles <> '[]' ORDER BY issuer, subject`, id)
	if err != nil {
		return Account{}, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var roles string
		if err := rows.Scan(&roles); err != nil {
			return Account{}, false, err
		}
		if err := addRoles(&a, roles); err != nil {
			return Account{}, false, err
		}
	}
	return a, true, rows.Err()
}

func addRoles(a *Account, stored string) error {
	var roles []web.Role
	if err := json.Unmarshal([]byte(stored), &roles); err != nil {
		return fmt.Errorf("roles of account %s: %w", a.ID, err)
	}
	for _, r := range roles {
		if !slices.Contains(a.Roles, r) {
			a.Roles = append(a.Roles, r)
		}
	}
	return nil
}

// findLogin returns the account that the provider's subject leads to, or "".
func findLogin(ctx context.Context, q db.Querier, issuer, subject string) (account string, err error) {
	err = q.QueryRowContext(ctx, `SELECT account FROM people_login WHERE issuer = $1 AND subject = $2`, issuer, subject).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return account, err
}

// findPerson returns the account of an identification number, or "".
func findPerson(ctx context.Context, q db.Querier, person NationalID) (account string, err error) {
	if person == "" {
		return "", nil
	}
	err = q.QueryRowContext(ctx, `SELECT id FROM people_account WHERE person = $1 AND person <> ''`, string(person)).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return account, err
}

func insertAccount(ctx context.Context, tx db.Querier, a Account) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO people_account (id, person, name, email, language, created, last_sign_in)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.ID, string(a.Person), a.Name, a.Email, string(a.Lang), db.Micros(a.Created), db.Micros(a.LastSignIn))
	return err
}

// updateSignIn stores what a sign-in says anew; what the person chose stays.
func updateSignIn(ctx context.Context, tx db.Querier, id string, person NationalID, name string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE people_account SET person = $1, name = $2, last_sign_in = $3 WHERE id = $4`,
		string(person), name, db.Micros(at), id)
	return err
}

func saveLogin(ctx context.Context, tx db.Querier, issuer, subject, account string, roles []web.Role, at time.Time) error {
	stored, err := json.Marshal(append([]web.Role{}, roles...)) // [] instead of null
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO people_login (issuer, subject, account, roles, last_sign_in)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (issuer, subject) DO UPDATE SET roles = excluded.roles, last_sign_in = excluded.last_sign_in`,
		issuer, subject, account, string(stored), db.Micros(at))
	return err
}

func updatePreferences(ctx context.Context, tx db.Querier, id, email string, lang i18n.Lang) (bool, error) {
	res, err := tx.ExecContext(ctx, `UPDATE people_account SET email = $1, language = $2 WHERE id = $3`, email, string(lang), id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// listOfficials returns the accounts that have a role anywhere, by name.
func listOfficials(ctx context.Context, q db.Querier) ([]Account, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+accountColumns+`, l.roles
		FROM people_login l JOIN people_account a ON a.id = l.account
		WHERE l.roles <> '[]' ORDER BY a.name, a.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var roles string
		a, err := scanAccount(rows.Scan, &roles)
		if err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].ID != a.ID {
			out = append(out, a)
		}
		if err := addRoles(&out[len(out)-1], roles); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}
