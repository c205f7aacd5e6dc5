package services

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the module's tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "services", files)
}

// HasDrafts reports whether an unsent draft is written for a version.
func HasDrafts(ctx context.Context, q db.Querier, service, version string) (has bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM services_draft WHERE service = $1 AND version = $2 AND case_id = '')`, service, version).Scan(&has)
	return has, err
}

// store holds the module's SQL.
type store struct{}

const draftColumns = `id, account, service, version, task, party, answers, evidence, missing, page, rev, created_at, updated_at, receipt`

type scanner interface{ Scan(dest ...any) error }

func scanDraft(row scanner) (*Draft, error) {
	var d Draft
	var answers, evidence, missing, receipt string
	var created, updated int64
	err := row.Scan(&d.ID, &d.Account, &d.Service, &d.Version, &d.Task, &d.Party, &answers, &evidence, &missing, &d.Page, &d.Rev, &created, &updated, &receipt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "services.draft.notFound")
	}
	if err != nil {
		return nil, err
	}
	d.CreatedAt, d.UpdatedAt = db.Time(created), db.Time(updated)
	numbers := json.NewDecoder(strings.NewReader(answers))
	numbers.UseNumber() // amounts keep their written form
	err = errors.Join(numbers.Decode(&d.Answers), json.Unmarshal([]byte(evidence), &d.Evidence), json.Unmarshal([]byte(missing), &d.Missing))
	if err == nil && receipt != "" {
		d.Receipt = new(Receipt)
		err = json.Unmarshal([]byte(receipt), d.Receipt)
	}
	if err != nil {
		return nil, errs.New(errs.Internal, "").Because("draft %s: %w", d.ID, err)
	}
	return &d, nil
}

// draft returns the account's draft; another's does not exist for it.
func (store) draft(ctx context.Context, q db.Querier, account, id string) (*Draft, error) {
	return scanDraft(q.QueryRowContext(ctx, `SELECT `+draftColumns+` FROM services_draft WHERE id = $1 AND account = $2`, id, account))
}

// open returns the account's unsent draft of a service.
func (store) open(ctx context.Context, q db.Querier, account, service string) (*Draft, error) {
	return scanDraft(q.QueryRowContext(ctx, `SELECT `+draftColumns+` FROM services_draft
		WHERE account = $1 AND service = $2 AND task = '' AND case_id = ''`, account, service))
}

// openPart returns the account's draft of a part, sent or not.
func (store) openPart(ctx context.Context, q db.Querier, account, task string) (*Draft, error) {
	return scanDraft(q.QueryRowContext(ctx, `SELECT `+draftColumns+` FROM services_draft
		WHERE account = $1 AND task = $2 AND task <> '' ORDER BY id DESC LIMIT 1`, account, task))
}

// drafts lists the account's unsent applications, newest first. A person has few:
// one per service.
func (store) drafts(ctx context.Context, q db.Querier, account string) ([]*Draft, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+draftColumns+` FROM services_draft WHERE account = $1 AND task = '' AND case_id = '' ORDER BY updated_at DESC LIMIT 50`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Draft
	for rows.Next() {
		d, err := scanDraft(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// insert stores a new draft. It returns false when the account has an unsent
// one of the service already.
func (store) insert(ctx context.Context, tx db.Querier, d *Draft) (bool, error) {
	answers, evidence, missing, err := d.documents()
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO services_draft (id, account, service, version, task, party, answers, evidence, missing, page, rev, created_at, updated_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) ON CONFLICT DO NOTHING`,
		d.ID, d.Account, d.Service, d.Version, d.Task, d.Party, answers, evidence, missing, d.Page, d.Rev, db.Micros(d.CreatedAt), db.Micros(d.UpdatedAt))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// update writes the draft if it still has the revision it was read at, and
// errs.Conflict otherwise.
func (store) update(ctx context.Context, tx db.Querier, d *Draft) error {
	answers, evidence, missing, err := d.documents()
	if err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, `UPDATE services_draft SET version = $1, answers = $2, evidence = $3, missing = $4, page = $5, rev = rev + 1, updated_at = $6
		WHERE id = $7 AND rev = $8 AND case_id = ''`,
		d.Version, answers, evidence, missing, d.Page, db.Micros(d.UpdatedAt), d.ID, d.Rev)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return errs.New(errs.Conflict, "services.draft.changed")
	}
	d.Rev++
	return err
}

func (store) sent(ctx context.Context, tx db.Querier, id string, r Receipt) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE services_draft SET case_id = $1, receipt = $2 WHERE id = $3`, r.Case, string(text), id)
	return err
}

// remove deletes an unsent draft, and with it what others were asked of it.
func (store) remove(ctx context.Context, tx db.Querier, account, id string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM services_draft WHERE id = $1 AND account = $2 AND case_id = ''`, id, account)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM services_delegation WHERE draft_id = $1`, id)
	return err
}

func (d *Draft) documents() (answers, evidence, missing string, err error) {
	a, err1 := json.Marshal(d.Answers)
	e, err2 := json.Marshal(d.Evidence)
	m, err3 := json.Marshal(d.Missing)
	return string(a), string(e), string(m), errors.Join(err1, err2, err3)
}

// measure is one decided case, as the catalogue measures services.
type measure struct {
	Case, Service, Version string
	Submitted, Decided     time.Time
	Filling                time.Duration // zero: unknown
}

func (store) addMeasure(ctx context.Context, tx db.Querier, m measure) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO services_measure (case_id, service, version, submitted_at, decided_at, filling, deciding)
		VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (case_id) DO NOTHING`,
		m.Case, m.Service, m.Version, db.Micros(m.Submitted), db.Micros(m.Decided), int64(m.Filling/time.Second), int64(m.Decided.Sub(m.Submitted)/time.Second))
	return err
}

// measured returns the sorted filling and deciding times, in seconds, of the
// service's most recent decisions, at most n.
func (store) measured(ctx context.Context, q db.Querier, service string, n int) (filling, deciding []int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT filling, deciding FROM services_measure WHERE service = $1 ORDER BY decided_at DESC LIMIT $2`, service, n)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f, d int64
		if err := rows.Scan(&f, &d); err != nil {
			return nil, nil, err
		}
		if f > 0 {
			filling = append(filling, f)
		}
		deciding = append(deciding, d)
	}
	return filling, deciding, rows.Err()
}
