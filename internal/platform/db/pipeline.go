package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// txID names a transaction of a server: its number, and the server's life, because
// a server that takes over, or recovers from a crash, gives the numbers of lost
// transactions to others.
type txID struct{ life, number string }

// life changes with each takeover (the timeline), each start, and each recovery
// (after which statistics begin anew).
const life = "concat_ws('/', substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time())"

// lifeKey is where a connection keeps its server's life. The life cannot change
// under a connection that has written once: a start, a takeover or a recovery
// ends them all.
const lifeKey = "passerelle.life"

// pipeline is one transaction on a PostgreSQL connection. It sends several
// statements in one round trip: BEGIN with the first, and those of which nobody
// wants the outcome with the next, or with COMMIT.
type pipeline struct {
	direct
	conn      *sql.Conn
	isolation string
	lock      time.Duration // if not 0: how long a statement waits for a lock
	begun     bool
	broken    bool // BEGIN failed: the connection may lead to a former leader
	id        txID
	later     []statement
}

func (t *pipeline) keep(s statement) { t.later = append(t.later, s) }

func (t *pipeline) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if t.begun && len(t.later) == 0 {
		return t.direct.ExecContext(ctx, query, args...)
	}
	args, err := normalise(args)
	if err != nil {
		return nil, err
	}
	t.keep(statement{query, args, nil})
	n, _, err := t.flush(ctx, "")
	return driver.RowsAffected(n), explain(err)
}

func (t *pipeline) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if _, _, err := t.flush(ctx, ""); err != nil {
		return nil, explain(err)
	}
	return t.direct.QueryContext(ctx, query, args...)
}

func (t *pipeline) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if _, _, err := t.flush(ctx, ""); err != nil {
		return brokenRow(ctx, explain(err))
	}
	return t.direct.QueryRowContext(ctx, query, args...)
}

// settle does what must be known before COMMIT leaves: the number of the
// transaction, and whether all statements hold that others stand on. failed is
// the place of the statement that does not, or -1.
func (t *pipeline) settle(ctx context.Context) (failed int, err error) {
	if t.begun && !slices.ContainsFunc(t.later, func(s statement) bool { return s.otherwise != nil }) {
		return -1, nil
	}
	_, failed, err = t.flush(ctx, "")
	return failed, err
}

// commit ends the transaction.
func (t *pipeline) commit(ctx context.Context) error {
	_, _, err := t.flush(ctx, "COMMIT")
	return err
}

func (t *pipeline) rollback(ctx context.Context) {
	if !t.begun {
		return
	}
	t.later = nil
	if _, _, err := t.flush(context.WithoutCancel(ctx), "ROLLBACK"); err != nil || t.broken {
		discard(t.conn)
	}
}

// flush sends BEGIN if the transaction has not begun, what was kept for later,
// and last (COMMIT, ROLLBACK or ""). It returns how many rows the last kept
// statement affected, and which of them failed, or -1.
func (t *pipeline) flush(ctx context.Context, last string) (affected int64, failed int, err error) {
	failed = -1
	if t.begun && len(t.later) == 0 && last == "" {
		return 0, failed, nil
	}
	later := t.later
	t.later = nil
	err = t.conn.Raw(func(c any) (err error) {
		conn := c.(*stdlib.Conn).Conn()
		if t.begun && len(later) == 0 {
			_, err := conn.PgConn().Exec(ctx, last).ReadAll()
			return err
		}
		var batch pgx.Batch
		beginning := !t.begun
		known, _ := conn.PgConn().CustomData()[lifeKey].(string)
		if beginning {
			t.begun = true
			batch.Queue("BEGIN ISOLATION LEVEL " + t.isolation)
			number := "pg_current_xact_id()::text"
			if t.lock != 0 { // as SET LOCAL, without a statement more
				number += fmt.Sprintf(" || left(set_config('lock_timeout', '%d', true), 0)", t.lock.Milliseconds())
			}
			if known == "" {
				batch.Queue("SELECT " + life + ", " + number)
			} else {
				batch.Queue("SELECT '', " + number)
			}
		}
		for _, s := range later {
			batch.Queue(s.text, s.args...)
		}
		if last != "" {
			batch.Queue(last)
		}
		answers := conn.SendBatch(ctx, &batch)
		defer func() {
			if closed := answers.Close(); err == nil {
				err = closed
			}
		}()
		if beginning {
			t.broken = true
			if _, err := answers.Exec(); err != nil {
				return err
			}
			if err := answers.QueryRow().Scan(&t.id.life, &t.id.number); err != nil {
				return err
			}
			t.broken = false
			if known != "" {
				t.id.life = known
			}
			conn.PgConn().CustomData()[lifeKey] = t.id.life
		}
		for i, s := range later {
			tag, err := answers.Exec()
			if err != nil {
				failed = i
				return err
			}
			if affected = tag.RowsAffected(); s.otherwise != nil && affected != 1 {
				failed = i
				return s.otherwise
			}
		}
		if last != "" {
			_, err = answers.Exec()
		}
		return err
	})
	return affected, failed, err
}
