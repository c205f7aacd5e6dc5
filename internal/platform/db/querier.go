package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"passerelle/internal/platform/errs"
)

// Querier runs statements; [DB.Read] and [Tx] are Queriers. It has the shape
// of database/sql, so that a store reads like any Go program with SQL.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is one Write in progress. It belongs to the goroutine that runs the
// function and is dead when the function returns.
type Tx struct {
	on     Querier
	shared bool  // several Writes share the connection: a statement must not be interrupted
	wrote  bool  // a statement may have changed something
	failed error // the first failing statement; nothing runs after it
	topics []string
}

var errTxOver = errors.New("db: transaction used after its Write function returned")

// ExecContext runs a statement that returns no rows.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := t.ready(ctx)
	if err != nil {
		return nil, err
	}
	res, err := t.on.ExecContext(ctx, query, args...)
	t.wrote = t.wrote || err != nil || !withoutEffect(query, res)
	return res, t.note(err)
}

// withoutEffect reports whether a statement has certainly changed nothing: an
// UPDATE whose condition did not hold, an INSERT whose key was taken.
func withoutEffect(query string, res sql.Result) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	if verb != "INSERT" && verb != "UPDATE" && verb != "DELETE" {
		return false // affected rows are those of a statement before
	}
	n, err := res.RowsAffected()
	return err == nil && n == 0
}

func onlyReads(query string) bool { return strings.HasPrefix(strings.TrimSpace(query), "SELECT ") }

// QueryContext runs a statement that returns rows. Close them before the next
// statement.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := t.ready(ctx)
	if err != nil {
		return nil, err
	}
	t.wrote = t.wrote || !onlyReads(query)
	rows, err := t.on.QueryContext(ctx, query, args...)
	return rows, t.note(err)
}

// QueryRowContext runs a statement of which one row is wanted; its error is
// the error of Scan.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx, err := t.ready(ctx)
	if err != nil {
		return brokenRow(ctx, err)
	}
	t.wrote = t.wrote || !onlyReads(query)
	row := t.on.QueryRowContext(ctx, query, args...)
	_ = t.note(row.Err())
	return row
}

// Send runs a statement of which nobody wants the outcome: it returns no rows,
// and an error in it fails the Write as any other would, if not at once. In a
// [DB.WriteGuarded], and on PostgreSQL always, it waits for the next statement or
// for the end.
func Send(ctx context.Context, q Querier, query string, args ...any) error {
	if sent, err := later(ctx, q, nil, query, args); sent || err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, query, args...)
	return err
}

// SendOne is [Send] for a statement on which the others stand: unless it
// affects one row, the Write fails with otherwise, perhaps only when its function
// has returned.
func SendOne(ctx context.Context, tx *Tx, otherwise error, query string, args ...any) error {
	if sent, err := later(ctx, tx, otherwise, query, args); sent || err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = otherwise
	}
	return tx.note(err)
}

// later keeps a statement until the end of the Write, or until an outcome is
// wanted.
func later(ctx context.Context, q Querier, otherwise error, query string, args []any) (kept bool, err error) {
	t, ok := q.(*Tx)
	if !ok {
		return false, nil
	}
	k, ok := t.on.(keeper)
	if !ok {
		return false, nil
	}
	if _, err := t.ready(ctx); err != nil {
		return false, err
	}
	if args, err = normalise(args); err != nil {
		return true, t.note(err)
	}
	k.keep(statement{query, args, otherwise})
	return true, nil
}

// ready refuses a finished or failed transaction and a context that is done.
// On a shared connection the statement then runs without the context's
// cancellation: SQLite would answer an interrupt by rolling back everybody.
func (t *Tx) ready(ctx context.Context) (context.Context, error) {
	if t.failed != nil {
		return ctx, t.failed
	}
	if err := ctx.Err(); err != nil {
		return ctx, t.note(err)
	}
	if t.shared {
		return context.Background(), nil
	}
	return ctx, nil
}

func (t *Tx) note(err error) error {
	if err == nil {
		return nil
	}
	err = explain(err)
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// over closes the transaction for its function and returns the failure that
// the function may have swallowed.
func (t *Tx) over() error {
	failed := t.failed
	t.failed = errTxOver
	return failed
}

// Notify wakes whoever listens to topic in this process ([DB.Listen]), once
// the transaction is committed. It is a hint that saves waiting, not a message:
// a reader polls as well.
func (t *Tx) Notify(topic string) {
	if !slices.Contains(t.topics, topic) {
		t.topics = append(t.topics, topic)
	}
}

// sqlRunner is what *sql.DB and *sql.Conn have in common.
type sqlRunner interface {
	Querier
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// direct hands statements to a connection or pool whose driver caches them
// itself (PostgreSQL).
type direct struct{ on Querier }

func (d direct) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	args, err := normalise(args)
	if err != nil {
		return nil, err
	}
	res, err := d.on.ExecContext(ctx, query, args...)
	return res, explain(err)
}

func (d direct) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args, err := normalise(args)
	if err != nil {
		return nil, err
	}
	rows, err := d.on.QueryContext(ctx, query, args...)
	return rows, explain(err)
}

func (d direct) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	args, err := normalise(args)
	if err != nil {
		return brokenRow(ctx, err)
	}
	return explained(ctx, d.on.QueryRowContext(ctx, query, args...))
}

// normalise refuses or replaces arguments that the two databases would store
// differently. It leaves the caller's slice as it is.
func normalise(args []any) ([]any, error) {
	copied := false
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
				return nil, errs.New(errs.Invalid, "").Because("db: argument $%d is not text: invalid UTF-8 or a NUL", i+1)
			}
		case json.RawMessage, bool:
			if !copied {
				args, copied = slices.Clone(args), true
			}
			args[i] = replaced(v)
		case time.Time, *time.Time, sql.NullTime:
			return nil, fmt.Errorf("db: argument $%d is a time: store db.Micros of it", i+1)
		case float32, float64:
			return nil, fmt.Errorf("db: argument $%d is a float: store cents, a count or a decimal text", i+1)
		}
	}
	return args, nil
}

func replaced(arg any) any {
	switch v := arg.(type) {
	case json.RawMessage:
		if v == nil {
			return nil
		}
		return string(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return arg
}

// explained gives the error of a row's query its kind.
func explained(ctx context.Context, row *sql.Row) *sql.Row {
	if err := row.Err(); err != nil {
		return brokenRow(ctx, explain(err))
	}
	return row
}

// brokenRow makes a row whose Scan returns err: database/sql has no
// constructor for one, but a pool whose connector fails gives it.
func brokenRow(ctx context.Context, err error) *sql.Row {
	pool := sql.OpenDB(failing{err})
	defer pool.Close()
	return pool.QueryRowContext(context.WithoutCancel(ctx), "")
}
