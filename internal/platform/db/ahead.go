package db

import (
	"context"
	"database/sql"
	"errors"
)

// statement is one that [Send] or [SendOne] keeps for later, its arguments
// normalised.
type statement struct {
	text      string
	args      []any
	otherwise error // if not nil: the outcome unless one row is affected
}

// keeper is a Querier that keeps statements for later.
type keeper interface{ keep(statement) }

// ahead runs a guarded Write before there is a transaction, and gathers what it
// sends. When the function wants the outcome of a statement, it has to run again
// inside one.
type ahead struct {
	statements []statement
	asked      bool
}

var errAsked = errors.New("db: the outcome of a statement is wanted before the transaction")

func (a *ahead) keep(s statement) { a.statements = append(a.statements, s) }

func (a *ahead) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	a.asked = true
	return nil, errAsked
}

func (a *ahead) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	a.asked = true
	return nil, errAsked
}

func (a *ahead) QueryRowContext(ctx context.Context, _ string, _ ...any) *sql.Row {
	a.asked = true
	return brokenRow(ctx, errAsked)
}

// run gathers the statements of fn; err is fn's. With asked, neither says
// anything.
func (a *ahead) run(ctx context.Context, fn func(context.Context, *Tx) error) (err error) {
	call(ctx, &Tx{on: a}, fn, func(e error) { err = e })
	return err
}

// do runs statements that were kept, within tx.
func do(ctx context.Context, tx *Tx, statements []statement) error {
	for _, s := range statements {
		var err error
		if s.otherwise == nil {
			err = Send(ctx, tx, s.text, s.args...)
		} else {
			err = SendOne(ctx, tx, s.otherwise, s.text, s.args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
