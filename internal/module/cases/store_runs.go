package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

const runColumns = `id, kind, at, actor, name, detail, total, place, done, changed, failed, ended_at`

func scanRun(row scanner) (Run, error) {
	var r Run
	var at, ended int64
	var detail string
	err := row.Scan(&r.ID, &r.Kind, &at, &r.Actor, &r.Name, &detail, &r.Total, &r.place, &r.Done, &r.Changed, &r.Failed, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.New(errs.NotFound, "")
	}
	if err != nil {
		return r, err
	}
	r.At, r.EndedAt = db.Time(at), db.Time(ended)
	return r, json.Unmarshal([]byte(detail), &r.Detail)
}

// addRun stores a run; false when it is there already.
func (store) addRun(ctx context.Context, tx db.Querier, r Run) (bool, error) {
	detail, err := json.Marshal(r.Detail)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO cases_run (`+runColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) ON CONFLICT (id) DO NOTHING`,
		r.ID, string(r.Kind), db.Micros(r.At), r.Actor, r.Name, string(detail), r.Total, r.place, r.Done, r.Changed, r.Failed, db.Micros(r.EndedAt))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func (store) saveRun(ctx context.Context, tx db.Querier, r Run) error {
	_, err := tx.ExecContext(ctx, `UPDATE cases_run SET place = $1, done = $2, changed = $3, failed = $4, ended_at = $5 WHERE id = $6`,
		r.place, r.Done, r.Changed, r.Failed, db.Micros(r.EndedAt), r.ID)
	return err
}

func (store) run(ctx context.Context, q db.Querier, id string) (Run, error) {
	return scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM cases_run WHERE id = $1`, id))
}

// runs lists the newest runs; kind "" means all.
func (store) runs(ctx context.Context, q db.Querier, kind RunKind, limit int) ([]Run, error) {
	return list(ctx, q, scanRun, `SELECT `+runColumns+` FROM cases_run WHERE kind = $1 OR $2 = '' ORDER BY at DESC, id DESC LIMIT $3`, string(kind), string(kind), limit)
}

// countable is which cases may have a time limit that runs: those that have not
// ended, and those decided so lately that the decision can still be contested.
const countable = `(status NOT IN ('closed', 'withdrawn') OR decided_at >= $1)`

func (store) countableIDs(ctx context.Context, q db.Querier, decidedSince time.Time, after string, limit int) ([]string, error) {
	return list(ctx, q, scanID, `SELECT id FROM cases_case WHERE `+countable+` AND id > $2 ORDER BY id LIMIT $3`, db.Micros(decidedSince), after, limit)
}

func (store) countCountable(ctx context.Context, q db.Querier, decidedSince time.Time) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM cases_case WHERE `+countable, db.Micros(decidedSince)).Scan(&n)
	return n, err
}

// alike narrows the cases that stand still to those with the cause; the zero
// Cause is any.
const alike = `incident <> '' AND ($1 = '' OR (service = $1 AND version = $2 AND kind = $3 AND incident = $4))`

func (c Cause) args() []any { return []any{c.Service, c.Version, string(c.Kind), c.Text} }

// stuckIDs lists the ids of cases with a failed step after the given one.
func (store) stuckIDs(ctx context.Context, q db.Querier, c Cause, after string, limit int) ([]string, error) {
	return list(ctx, q, scanID, `SELECT id FROM cases_case WHERE `+alike+` AND id > $5 ORDER BY id LIMIT $6`, append(c.args(), after, limit)...)
}

func (store) countStuck(ctx context.Context, q db.Querier, c Cause) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM cases_case WHERE `+alike, c.args()...).Scan(&n)
	return n, err
}

// causes groups the cases that stand still, the largest group first.
func (store) causes(ctx context.Context, q db.Querier, limit int) ([]Group, error) {
	return list(ctx, q, func(row scanner) (Group, error) {
		var g Group
		var dueAt int64
		err := row.Scan(&g.Service, &g.Version, &g.Kind, &g.Text, &g.Cases, &g.Example, &dueAt)
		g.DueAt = dueTime(dueAt)
		return g, err
	}, `SELECT service, version, kind, incident, COUNT(*), MIN(id), MIN(due_at) FROM cases_case WHERE incident <> ''
		GROUP BY service, version, kind, incident ORDER BY COUNT(*) DESC, MIN(id) LIMIT $1`, limit)
}

func scanID(row scanner) (id string, err error) { return id, row.Scan(&id) }
