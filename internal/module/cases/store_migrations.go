package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

const migrationColumns = `id, account, name, plan, state, why, place, starts, sums, created_at, checked_at, started_at, started_by, starter, finished_at, reasons, continued_at, continued_by, continuer`

func scanMigration(row scanner) (*Migration, error) {
	var m Migration
	var plan, sums string
	var created, checked, started, finished, continued int64
	err := row.Scan(&m.ID, &m.Account, &m.Name, &plan, &m.State, &m.Why, &m.place, &m.starts, &sums, &created, &checked, &started, &m.StartedBy, &m.Starter, &finished, &m.Reasons, &continued, &m.ContinuedBy, &m.Continuer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "cases.migration.notFound")
	}
	if err != nil {
		return nil, err
	}
	m.CreatedAt, m.CheckedAt, m.StartedAt, m.FinishedAt, m.ContinuedAt = db.Time(created), db.Time(checked), db.Time(started), db.Time(finished), db.Time(continued)
	if err := json.Unmarshal([]byte(plan), &m.Plan); err != nil {
		return nil, err
	}
	return &m, json.Unmarshal([]byte(sums), &m.Sums)
}

func (store) migration(ctx context.Context, q db.Querier, id string) (*Migration, error) {
	return scanMigration(q.QueryRowContext(ctx, `SELECT `+migrationColumns+` FROM cases_migration WHERE id = $1`, id))
}

// migrationsBefore lists the newest migrations before a place, which is
// (created, id).
func (store) migrationsBefore(ctx context.Context, q db.Querier, before time.Time, id string, limit int) ([]*Migration, error) {
	return list(ctx, q, func(row scanner) (*Migration, error) { return scanMigration(row) },
		`SELECT `+migrationColumns+` FROM cases_migration WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`, db.Micros(before), id, limit)
}

// addMigration stores a plan; false when its id is known already.
func (store) addMigration(ctx context.Context, tx db.Querier, m *Migration) (bool, error) {
	plan, err := json.Marshal(m.Plan)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO cases_migration (id, account, name, plan, state, sums, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (id) DO NOTHING`,
		m.ID, m.Account, m.Name, string(plan), string(m.State), "{}", db.Micros(m.CreatedAt))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// checkedOn stores how far a dry run is; false when it is not at that place any
// more.
func (store) checkedOn(ctx context.Context, tx db.Querier, m *Migration, was string) (bool, error) {
	sums, err := json.Marshal(m.Sums)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `UPDATE cases_migration SET state = $1, place = $2, sums = $3, checked_at = $4 WHERE id = $5 AND state = $6 AND place = $7`,
		string(m.State), m.place, string(sums), db.Micros(m.CheckedAt), m.ID, string(MigrationChecking), was)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// moveMigration takes a migration from one of two states to another; false when it
// is in neither.
func (store) moveMigration(ctx context.Context, tx db.Querier, id string, from, or, to MigrationState) (bool, error) {
	res, err := tx.ExecContext(ctx, `UPDATE cases_migration SET state = $1 WHERE id = $2 AND state IN ($3, $4)`, string(to), id, string(from), string(or))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func (store) startMigration(ctx context.Context, tx db.Querier, id, account, name, reasons string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_migration SET starts = starts + 1, started_at = $1, started_by = $2, starter = $3, reasons = $4 WHERE id = $5`,
		db.Micros(at), account, name, reasons, id)
}

func (store) continueMigration(ctx context.Context, tx db.Querier, id, account, name string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_migration SET starts = starts + 1, continued_at = $1, continued_by = $2, continuer = $3 WHERE id = $4`,
		db.Micros(at), account, name, id)
}

func (store) endMigration(ctx context.Context, tx db.Querier, id string, state MigrationState, why string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_migration SET state = $1, why = $2, finished_at = $3 WHERE id = $4 AND finished_at = 0`, string(state), why, db.Micros(at), id)
}

// finishMigration ends a run with which nothing is left to do. A job that was
// stopped and outlived the next start leaves cases to that one's.
func (store) finishMigration(ctx context.Context, tx db.Querier, id string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_migration SET state = $1, finished_at = $2 WHERE id = $3 AND finished_at = 0
		AND NOT EXISTS (SELECT 1 FROM cases_migration_case WHERE migration = $4 AND state = $5)`,
		string(MigrationDone), db.Micros(at), id, id, string(CaseReady))
}

// runningIDs lists the applications of a version that have not ended, after the
// given one. It walks the table: a migration is rare, and an index would cost
// every submission.
func (store) runningIDs(ctx context.Context, q db.Querier, service, version, after string, limit int) ([]string, error) {
	return list(ctx, q, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		`SELECT id FROM cases_case WHERE id > $1 AND service = $2 AND version = $3 AND kind = $4 AND status NOT IN ($5, $6) ORDER BY id LIMIT $7`,
		after, service, version, string(Application), string(Closed), string(Withdrawn), limit)
}

func (store) addMigrationCase(ctx context.Context, tx db.Querier, migration string, r MigrationCase) error {
	effect, err := json.Marshal(r.Effect)
	if err != nil {
		return err
	}
	return db.Send(ctx, tx, `INSERT INTO cases_migration_case (migration, case_id, number, state, changes, effect) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (migration, case_id) DO NOTHING`,
		migration, r.Case, r.Number, string(r.State), flag(r.Effect.Changes()), string(effect))
}

// settleMigrationCase stores what came of a case; false when that is known
// already, or the migration does not run any more.
func (store) settleMigrationCase(ctx context.Context, tx db.Querier, migration string, r MigrationCase) (bool, error) {
	effect, err := json.Marshal(r.Effect)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `UPDATE cases_migration_case SET state = $1, changes = $2, effect = $3 WHERE migration = $4 AND case_id = $5 AND state = $6
		AND EXISTS (SELECT 1 FROM cases_migration WHERE id = $7 AND state = $8)`,
		string(r.State), flag(r.Effect.Changes()), string(effect), migration, r.Case, string(CaseReady), migration, string(MigrationRunning))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// migrationCases lists cases of a migration after the given one; state "" and
// onlyChanging false do not narrow.
func (store) migrationCases(ctx context.Context, q db.Querier, migration string, states []CaseState, onlyChanging bool, after string, limit int) ([]MigrationCase, error) {
	args := []any{migration, after, flag(onlyChanging), limit}
	where := ""
	for _, s := range states {
		args = append(args, string(s))
		where += ", $" + itoa(len(args))
	}
	if where != "" {
		where = " AND state IN (" + where[2:] + ")"
	}
	return list(ctx, q, func(row scanner) (MigrationCase, error) {
		var r MigrationCase
		var effect string
		if err := row.Scan(&r.Case, &r.Number, &r.State, &effect); err != nil {
			return r, err
		}
		return r, json.Unmarshal([]byte(effect), &r.Effect)
	}, `SELECT case_id, number, state, effect FROM cases_migration_case WHERE migration = $1 AND case_id > $2 AND changes >= $3`+where+` ORDER BY case_id LIMIT $4`, args...)
}

// countMigrationCases counts the cases of a migration by state.
func (store) countMigrationCases(ctx context.Context, q db.Querier, migration string) (map[CaseState]int, error) {
	type count struct {
		state CaseState
		n     int
	}
	counts, err := list(ctx, q, func(row scanner) (c count, err error) { return c, row.Scan(&c.state, &c.n) },
		`SELECT state, COUNT(*) FROM cases_migration_case WHERE migration = $1 GROUP BY state`, migration)
	all := map[CaseState]int{}
	for _, c := range counts {
		all[c.state] = c.n
	}
	return all, err
}

// Uses reports whether a case is on a version, or a migration that runs or may go
// on takes cases to it. It walks the table, as runningIDs does: not in a Write.
func Uses(ctx context.Context, q db.Querier, service, version string) (used bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM cases_case WHERE service = $1 AND version = $2)`, service, version).Scan(&used)
	if err != nil || used {
		return used, err
	}
	return Migrating(ctx, q, service, version)
}

// Migrating reports whether a migration that runs or may go on takes cases to a
// version.
func Migrating(ctx context.Context, q db.Querier, service, version string) (bool, error) {
	running, err := list(ctx, q, func(row scanner) (*Migration, error) { return scanMigration(row) },
		`SELECT `+migrationColumns+` FROM cases_migration WHERE state IN ('checking', 'running', 'stopped')`)
	return slices.ContainsFunc(running, func(m *Migration) bool { return m.Plan.Service == service && m.Plan.To == version }), err
}
