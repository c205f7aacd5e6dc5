package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/work"
)

// applicants is how many there are.
const applicants = 100_000

// numbers is a table n(i) of first … last, in both databases' SQL.
const numbers = `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)) `

// copyID is the id of copy i; it sorts before every real one.
const copyID = `'00000000-0000-7000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2)`

// anyCode are four characters of a case number's or certificate's alphabet that
// look random, so that the numbers of new cases fall between those of copies; a
// row's own number makes them unique.
var anyCode = func() string {
	var b strings.Builder
	for power := 1; power <= 1<<15; power <<= 5 {
		fmt.Fprintf(&b, `substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', CAST(1 + (i * 2654435761 %% 4294967296) / 256 / %d %% 32 AS INTEGER), 1) || `, power)
	}
	return b.String() + "'-' || i"
}()

// copies are the columns of each table; what names a case is made from copyID,
// the rest is as in the copied row.
var copies = []struct{ table, of, columns string }{
	{"cases_case", "id", `id, number, kind, service, version, authority, account, person, name, email, lang, idempotency, linked, status, outcome, submitted_at, due_at, decided_at, rev, entries, content_hash, application, file, incident, search`},
	{"cases_entry", "case_id", `case_id, seq, at, kind, actor, name, public, data`},
	{"cases_task", "case_id", `id, case_id, element, kind, role, authority, service, assignee, assigned, status, created_at, due_at, done_at, done_by`},
	{"cases_certificate", "case_id", `code, case_id, output, issued_at, valid_until, revoked_at, document`},
	{"event_log", "subject", `id, type, subject, at, payload`},
}

// fill stores the copies first … last of a case with all its rows, by bulk
// insertion.
func fill(ctx context.Context, d *db.DB, id string, first, last int) error {
	const step = 10_000
	for from := first; from <= last; from += step {
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, c := range copies {
				columns := strings.Split(c.columns, ", ")
				for k, name := range columns {
					switch {
					case name == c.of:
						columns[k] = copyID
					case name == "id":
						columns[k] = "replace(x.id, $3, " + copyID + ")"
					case name == "number":
						columns[k] = "substr(x.number, 1, 9) || " + anyCode
					case name == "code":
						columns[k] = anyCode
					case name == "idempotency":
						columns[k] = copyID
					case name == "account", name == "person":
						columns[k] = fmt.Sprintf("'%s' || (i %% %d)", map[string]string{"account": applicant.Account, "person": applicant.Person}[name], applicants)
					case name == "search":
						columns[k] = "x.search || i"
					default:
						columns[k] = "x." + name
					}
				}
				_, err := tx.ExecContext(ctx, fmt.Sprintf("%s INSERT INTO %s (%s) SELECT %s FROM %s x, n WHERE x.%s = CAST($3 AS TEXT)",
					numbers, c.table, c.columns, strings.Join(columns, ", "), c.table, c.of), from, min(from+step-1, last), id)
				if err != nil {
					return fmt.Errorf("%s: %w", c.table, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return analyse(ctx, d)
}

// analyse gives PostgreSQL's planner its figures, as it takes them itself in a
// database in use; on SQLite nobody does.
func analyse(ctx context.Context, d *db.DB) error {
	if d.Dialect() == db.SQLite {
		return nil
	}
	return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "ANALYZE")
		return err
	})
}

// copied is the id of copy i.
func copied(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }

// enqueueTimers gives each of the copies 1 … n its timer, due at the given time.
func enqueueTimers(ctx context.Context, d *db.DB, n int, timer string, due time.Time) error {
	const step = 5000
	for from := 1; from <= n; from += step {
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i := from; i < from+step && i <= n; i++ {
				id := copied(i)
				err := work.Enqueue(ctx, tx, work.Job{ID: id + "/timer/" + timer, Kind: "cases.timer", Key: id, Due: due,
					Payload: fmt.Appendf(nil, `{"Case":%q,"Timer":%q}`, id, timer)})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return analyse(ctx, d)
}

// count returns how many cases of a service have a status.
func count(ctx context.Context, d *db.DB, service, status string) (n int, err error) {
	err = d.Read().QueryRowContext(ctx, `SELECT count(*) FROM cases_case WHERE service = $1 AND status = $2`, service, status).Scan(&n)
	return n, err
}

// timersDue reports whether a timer is due that has not fired. It looks at the
// first only: counting them would take longer than the sweep.
func timersDue(ctx context.Context, d *db.DB, now time.Time) (due bool, err error) {
	rows, err := d.Read().QueryContext(ctx, `SELECT id FROM work_job WHERE state = 'waiting' AND kind = 'cases.timer' AND ready <= $1
		ORDER BY ready, id LIMIT 1`, db.Micros(now))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}
