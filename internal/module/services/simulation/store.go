package simulation

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "simulation", files)
}

// store holds the SQL.
type store struct{}

const columns = `id, account, name, service, state, total, done, plan, result, created_at, finished_at`

type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (*Run, error) {
	var r Run
	var plan, result string
	var created, finished int64
	err := row.Scan(&r.ID, &r.Account, &r.Name, &r.Service, &r.State, &r.Total, &r.Done, &plan, &result, &created, &finished)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "simulation.notFound")
	}
	if err != nil {
		return nil, err
	}
	r.CreatedAt, r.FinishedAt = db.Time(created), db.Time(finished)
	if err := json.Unmarshal([]byte(plan), &r.Plan); err != nil {
		return nil, err
	}
	switch r.State {
	case Done:
		r.Result = new(Result)
		err = json.Unmarshal([]byte(result), r.Result)
	case Failed:
		r.Why = result
	}
	return &r, err
}

func (store) run(ctx context.Context, q db.Querier, id string) (*Run, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM services_simulation WHERE id = $1`, id))
}

// runs lists the newest runs before a place, which is (created, id).
func (store) runs(ctx context.Context, q db.Querier, before time.Time, id string, limit int) ([]*Run, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM services_simulation WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`,
		db.Micros(before), id, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Run
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// insert stores a new run; stored is false when its id is known already.
func (store) insert(ctx context.Context, tx db.Querier, r *Run) (stored bool, err error) {
	plan, err := json.Marshal(r.Plan)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO services_simulation (id, account, name, service, state, total, done, plan, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Account, r.Name, r.Service, Waiting, r.Total, 0, string(plan), db.Micros(r.CreatedAt))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// started counts an account's runs: all that are not finished, and all since a
// moment.
func (store) started(ctx context.Context, q db.Querier, account string, since time.Time) (unfinished, recent int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(CASE WHEN state IN ($1, $2) THEN 1 END), count(CASE WHEN created_at > $3 THEN 1 END)
		FROM services_simulation WHERE account = $4`, Waiting, Running, db.Micros(since), account).Scan(&unfinished, &recent)
	return unfinished, recent, err
}

// key returns the secret of the installation, nil when there is none yet.
func (store) key(ctx context.Context, q db.Querier) (key []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT key FROM services_simulation_key WHERE id = 1`).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

// offerKey stores a secret unless there is one.
func (store) offerKey(ctx context.Context, tx db.Querier, key []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO services_simulation_key (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`, key)
	return err
}

func (store) progress(ctx context.Context, tx db.Querier, id string, done, total int) error {
	_, err := tx.ExecContext(ctx, `UPDATE services_simulation SET state = $1, done = $2, total = $3 WHERE id = $4 AND state IN ($5, $6)`,
		Running, done, total, id, Waiting, Running)
	return err
}

func (store) finish(ctx context.Context, tx db.Querier, id string, state State, result string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE services_simulation SET state = $1, result = $2, finished_at = $3 WHERE id = $4 AND finished_at = 0`,
		state, result, db.Micros(at), id)
	return err
}
