package services

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

const delegationColumns = `id, draft_id, page, version, code, name, email, owner, owner_name, owner_email, lang, account, answered_by, status, answers, rev, asked_at, ended_at, helper_lang, applicant`

func scanDelegation(row scanner) (*Delegation, error) {
	var d Delegation
	var asked, ended int64
	var lang, answers, applicant string
	err := row.Scan(&d.ID, &d.Draft, &d.Page, &d.Version, &d.Code, &d.Name, &d.Email, &d.Owner, &d.OwnerName, &d.OwnerEmail, &lang, &d.Account, &d.AnsweredBy,
		&d.Status, &answers, &d.Rev, &asked, &ended, &d.HelperLang, &applicant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "services.delegate.unknown")
	}
	if err != nil {
		return nil, err
	}
	d.Lang, d.AskedAt, d.EndedAt = i18n.Lang(lang), db.Time(asked), db.Time(ended)
	if err := json.Unmarshal([]byte(applicant), &d.Applicant); err != nil {
		return nil, err
	}
	numbers := json.NewDecoder(strings.NewReader(answers))
	numbers.UseNumber() // amounts keep their written form
	return &d, numbers.Decode(&d.Answers)
}

func (store) delegation(ctx context.Context, q db.Querier, code string) (*Delegation, error) {
	return scanDelegation(q.QueryRowContext(ctx, `SELECT `+delegationColumns+` FROM services_delegation WHERE code = $1`, code))
}

// delegations lists what is, or was, given to others of a draft, oldest first.
func (store) delegations(ctx context.Context, q db.Querier, draft string) ([]*Delegation, error) {
	return delegationRows(ctx, q, `SELECT `+delegationColumns+` FROM services_delegation WHERE draft_id = $1 ORDER BY asked_at, id`, draft)
}

// delegatedTo lists what an account has taken and not handed back, oldest first.
func (store) delegatedTo(ctx context.Context, q db.Querier, account string, limit int) ([]*Delegation, error) {
	return delegationRows(ctx, q, `SELECT `+delegationColumns+` FROM services_delegation
		WHERE account = $1 AND account <> '' AND status = 'taken' ORDER BY asked_at, id LIMIT $2`, account, limit)
}

func delegationRows(ctx context.Context, q db.Querier, query string, args ...any) ([]*Delegation, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Delegation
	for rows.Next() {
		d, err := scanDelegation(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// addDelegation stores a new one; false when the page is given away already.
func (store) addDelegation(ctx context.Context, tx db.Querier, d *Delegation) (bool, error) {
	answers, err := json.Marshal(d.Answers)
	if err != nil {
		return false, err
	}
	applicant, err := json.Marshal(d.Applicant)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO services_delegation (`+delegationColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20) ON CONFLICT DO NOTHING`,
		d.ID, d.Draft, d.Page, d.Version, d.Code, d.Name, d.Email, d.Owner, d.OwnerName, d.OwnerEmail, string(d.Lang), d.Account, d.AnsweredBy,
		string(d.Status), string(answers), d.Rev, db.Micros(d.AskedAt), db.Micros(d.EndedAt), string(d.HelperLang), string(applicant))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// saveDelegation writes one back if it still has the revision it was read at,
// and errs.Conflict otherwise. With the page goes what its conditions read of the
// author.
func (store) saveDelegation(ctx context.Context, tx db.Querier, d *Delegation) error {
	answers, err := json.Marshal(d.Answers)
	if err != nil {
		return err
	}
	away := 0
	if d.Open() {
		away = 1
	}
	res, err := tx.ExecContext(ctx, `UPDATE services_delegation SET account = $1, answered_by = $2, status = $3, version = $4, answers = $5, ended_at = $6, rev = rev + 1,
		applicant = CASE WHEN $9 = 1 THEN applicant ELSE '{}' END
		WHERE id = $7 AND rev = $8`, d.Account, d.AnsweredBy, string(d.Status), d.Version, string(answers), db.Micros(d.EndedAt), d.ID, d.Rev, away)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return errs.New(errs.Conflict, "services.draft.changed")
	}
	return err
}

// endDelegations takes back what is still given to others of a draft.
func (store) endDelegations(ctx context.Context, tx db.Querier, draft string, at int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE services_delegation SET status = 'ended', applicant = '{}', ended_at = $1, rev = rev + 1 WHERE draft_id = $2 AND status IN ('open', 'taken')`, at, draft)
	return err
}
