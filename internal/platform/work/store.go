package work

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate creates the tables of this package.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx, "work", files); err != nil {
		return err
	}
	return d.LeaveRoom(ctx, "work_job", 50) // neighbours are leased together
}

const topic = "work"

// wake tells the queues of this process after the commit.
func wake(tx db.Querier) {
	if t, ok := tx.(*db.Tx); ok {
		t.Notify(topic)
	}
}

// Enqueue stores j within tx. An id that is known already stays as it is.
func Enqueue(ctx context.Context, tx db.Querier, j Job) error {
	if j.ID == "" || j.Kind == "" || j.Due.IsZero() {
		return errs.New(errs.Internal, "").Because("work: a job needs an id, a kind and a due time, got %q, %q, %v", j.ID, j.Kind, j.Due)
	}
	due := db.Micros(j.Due)
	err := db.Send(ctx, tx, `
		INSERT INTO work_job (id, kind, job_key, due, ready, payload, state, attempt, lease, lease_until, error, failed, reason)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, '', 0, '', 0, '')
		ON CONFLICT (id) DO NOTHING`,
		j.ID, j.Kind, j.Key, due, due, j.Payload)
	if err == nil {
		wake(tx)
	}
	return err
}

// Cancel removes a job that waits. One that is running may still finish; a
// job that is unknown, an incident or discarded is left alone.
func Cancel(ctx context.Context, tx db.Querier, id string) error {
	return db.Send(ctx, tx, `DELETE FROM work_job WHERE id = $1 AND state = 'waiting'`, id)
}

// Reschedule makes a job due at another time, with all its attempts again. A
// handler that reschedules its own job is run again at that time. It is
// errs.NotFound when the job is unknown or was discarded.
func Reschedule(ctx context.Context, tx db.Querier, id string, due time.Time) error {
	at := db.Micros(due)
	res, err := tx.ExecContext(ctx, `
		UPDATE work_job SET due = $1, ready = $2, state = 'waiting', attempt = 0, lease = '', lease_until = 0
		WHERE id = $3 AND state <> 'discarded'`, at, at, id)
	if err == nil {
		err = one(res, id)
	}
	if err == nil {
		wake(tx)
	}
	return err
}

// Once records within tx that the effect id happens; first is false when it
// was recorded before. The effect belongs into the same transaction.
func Once(ctx context.Context, tx db.Querier, id string) (first bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO work_effect (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

const finishText = `DELETE FROM work_job WHERE id = $1 AND lease = $2`

// finish removes a job that is done, if the lease is still held.
func finish(ctx context.Context, tx *db.Tx, j Job) error {
	return db.Send(ctx, tx, finishText, j.ID, j.lease)
}

// dueKinds returns those of kinds that have a job to run. now is the domain's
// time, machine that of the leases. It asks for the first due job of each kind:
// an EXISTS is turned into a join that reads all of them, on both databases.
func (s store) dueKinds(ctx context.Context, q db.Querier, kinds []string, now, machine time.Time) ([]string, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	var values []string
	var args []any
	for i, k := range kinds {
		values = append(values, fmt.Sprintf("($%d)", i+1))
		args = append(args, k)
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf(`
		SELECT k.column1 FROM (VALUES %s) AS k
		WHERE (SELECT j.id FROM work_job j %s
			WHERE j.state = 'waiting' AND j.kind = k.column1 AND j.ready <= $%d AND j.lease_until <= $%d
			ORDER BY j.ready, j.id LIMIT 1) IS NOT NULL`,
		strings.Join(values, ", "), s.byReady, len(kinds)+1, len(kinds)+2),
		append(args, db.Micros(now), db.Micros(machine))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var due []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, err
		}
		due = append(due, k)
	}
	return due, rows.Err()
}

// claim leases up to n due jobs of kinds, the oldest first, and returns them by
// (ready, id). It holds without isolation: a row is locked, and its lease is
// looked at once more, before it is taken.
func (s store) claim(ctx context.Context, tx db.Querier, kinds []string, n int, lease string, now, machine, until time.Time) ([]Job, error) {
	args := []any{lease, db.Micros(until), db.Micros(now), db.Micros(machine), n}
	var marks []string
	for _, k := range kinds {
		args = append(args, k)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	rows, err := tx.QueryContext(ctx, `
		UPDATE work_job SET lease = $1, lease_until = $2, attempt = attempt + 1
		WHERE id IN (
			SELECT id FROM work_job `+s.byReady+`
			WHERE state = 'waiting' AND ready <= $3 AND lease_until <= $4
			  AND kind IN (`+strings.Join(marks, ", ")+`)
			ORDER BY ready, id LIMIT $5 `+s.skipLocked+`)
		RETURNING id, kind, job_key, due, ready, payload, attempt`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type claimed struct {
		Job
		ready int64
	}
	var got []claimed
	for rows.Next() {
		c := claimed{Job: Job{lease: lease}}
		var due int64
		if err := rows.Scan(&c.ID, &c.Kind, &c.Key, &due, &c.ready, &c.Payload, &c.Attempt); err != nil {
			return nil, err
		}
		c.Due = db.Time(due)
		got = append(got, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(got, func(a, b claimed) int {
		if a.ready != b.ready {
			if a.ready < b.ready {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	jobs := make([]Job, len(got))
	for i, c := range got {
		jobs[i] = c.Job
	}
	return jobs, nil
}

// store holds what differs between the databases.
type store struct {
	skipLocked string // PostgreSQL: nodes that claim together take different rows
	byReady    string // SQLite: after an ANALYZE it would rather sort all due jobs than take the first from the index
}

func storeFor(d *db.DB) store {
	if d.Dialect() == db.PostgreSQL {
		return store{skipLocked: "FOR UPDATE SKIP LOCKED"}
	}
	return store{byReady: "INDEXED BY work_job_ready"}
}

// renew prolongs the lease of a running job; held is false when it was lost.
func renew(ctx context.Context, tx db.Querier, j Job, until time.Time) (held bool, err error) {
	res, err := tx.ExecContext(ctx, `UPDATE work_job SET lease_until = $1 WHERE id = $2 AND lease = $3`, db.Micros(until), j.ID, j.lease)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// release gives a job back that was not, or not fully, tried.
func release(ctx context.Context, tx db.Querier, j Job) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE work_job SET lease = '', lease_until = 0, attempt = attempt - 1
		WHERE id = $1 AND lease = $2`, j.ID, j.lease)
	return err
}

// retryAt keeps a failed job for another attempt.
func retryAt(ctx context.Context, tx db.Querier, j Job, ready, failed time.Time, why string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE work_job SET ready = $1, failed = $2, error = $3, lease = '', lease_until = 0
		WHERE id = $4 AND lease = $5`, db.Micros(ready), db.Micros(failed), why, j.ID, j.lease)
	return err
}

// giveUp makes a failed job an incident; held is false when the lease was lost.
func giveUp(ctx context.Context, tx db.Querier, j Job, failed time.Time, why string) (held bool, err error) {
	res, err := tx.ExecContext(ctx, `
		UPDATE work_job SET state = 'incident', failed = $1, error = $2, lease = '', lease_until = 0
		WHERE id = $3 AND lease = $4`, db.Micros(failed), why, j.ID, j.lease)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func isIncident(ctx context.Context, q db.Querier, id string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM work_job WHERE id = $1 AND state = 'incident'`, id).Scan(&n)
	return n > 0, err
}

func incidents(ctx context.Context, q db.Querier, after string, n int) ([]Incident, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, kind, job_key, due, payload, attempt, error, failed FROM work_job
		WHERE state = 'incident' AND id > $1 ORDER BY id LIMIT $2`, after, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Incident
	for rows.Next() {
		var i Incident
		var due, failed int64
		if err := rows.Scan(&i.ID, &i.Kind, &i.Key, &due, &i.Payload, &i.Attempt, &i.Error, &failed); err != nil {
			return nil, err
		}
		i.Due, i.Failed = db.Time(due), db.Time(failed)
		list = append(list, i)
	}
	return list, rows.Err()
}

func resume(ctx context.Context, tx db.Querier, id string, now time.Time) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE work_job SET state = 'waiting', attempt = 0, ready = $1 WHERE id = $2 AND state = 'incident'`, db.Micros(now), id)
	if err == nil {
		err = one(res, id)
	}
	if err == nil {
		wake(tx)
	}
	return err
}

func discard(ctx context.Context, tx db.Querier, id, reason string) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE work_job SET state = 'discarded', reason = $1 WHERE id = $2 AND state = 'incident'`, reason, id)
	if err == nil {
		err = one(res, id)
	}
	return err
}

// oldest returns the due of the oldest job of kinds that is not done, or ok
// false when none is due by now.
func oldest(ctx context.Context, q db.Querier, kinds []string, now time.Time) (due time.Time, ok bool, err error) {
	for _, k := range kinds {
		var first sql.NullInt64
		err := q.QueryRowContext(ctx, `SELECT min(ready) FROM work_job WHERE state = 'waiting' AND kind = $1 AND ready <= $2`, k, db.Micros(now)).Scan(&first)
		if err != nil {
			return time.Time{}, false, err
		}
		if at := db.Time(first.Int64); first.Valid && (!ok || at.Before(due)) {
			due, ok = at, true
		}
	}
	return due, ok, nil
}

func countIncidents(ctx context.Context, q db.Querier) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM work_job WHERE state = 'incident'`).Scan(&n)
	return n, err
}

func one(res sql.Result, id string) error {
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errs.New(errs.NotFound, "").Because("work: no such job %q", id)
	}
	return err
}
