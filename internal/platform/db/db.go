package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"passerelle/internal/platform/errs"
)

// Dialect names the database behind a [DB].
type Dialect string

const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgresql"
)

// DB is an open database; it is safe for concurrent use.
type DB struct {
	backend  backend
	counters counters
	wakes    wakes
	refusing atomic.Bool // the database refused a Write; Writable has not found it well since
}

// backend is one of the two databases.
type backend interface {
	dialect() Dialect
	read() Querier
	write(ctx context.Context, guarded bool, fn func(context.Context, *Tx) error) error
	commit(ctx context.Context, statements []statement) error // of one guarded Write, in a transaction with others'
	migrate(ctx context.Context, m migration) error
	ping(ctx context.Context) error
	close() error
	room() error   // whether the disk takes more than the next row, where we can know
	touch() string // a statement that costs a durable commit and changes nothing
}

// Open opens the database that url names: "sqlite:/path/file.db" (created when
// missing; its folder must exist) or "postgres://user@host/name". It fails
// when the database cannot be reached.
func Open(ctx context.Context, url string) (*DB, error) {
	d := new(DB)
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		d.backend, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), &d.counters)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		d.backend, err = openPostgres(ctx, url, &d.counters)
	default:
		return nil, errors.New(`db: the database URL begins with "sqlite:" or "postgres://"`)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", explain(err))
	}
	return d, nil
}

// Dialect says which database this is, for the few statements that differ.
func (d *DB) Dialect() Dialect { return d.backend.dialect() }

// Read returns the pool for reading: on SQLite each statement sees the last
// commit and never waits for the writer. Writing through it fails.
func (d *DB) Read() Querier { return d.backend.read() }

// insideWrite marks the context a Write function receives.
type insideWrite struct{ d *DB }

// Write runs fn in a transaction and returns when it is durable, or why
// nothing of it was done. fn may run more than once and does database work
// only; a panic inside it becomes an error of kind Internal. An error of fn is
// returned as it is; trouble of the database is errs.Unavailable.
//
// ctx bounds the waiting. Once a commit has begun, Write waits for its outcome.
func (d *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return d.write(ctx, false, fn)
}

// WriteGuarded is Write for a function that holds without isolation from
// others: each row it changes is changed under a condition that its statement
// itself checks (a revision, a lease, a unique key), and nothing else it has
// read needs to be true still. On PostgreSQL it runs at READ COMMITTED and
// never collides with a neighbour; one that only sends ([Send], [SendOne]) is
// committed together with others.
func (d *DB) WriteGuarded(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return d.write(ctx, true, fn)
}

func (d *DB) write(ctx context.Context, guarded bool, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(insideWrite{d}) != nil {
		return errors.New("db: Write inside a Write: pass the Tx on instead")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var topics []string
	inside := context.WithValue(ctx, insideWrite{d}, true)
	watched := func(ctx context.Context, tx *Tx) error {
		defer func() { topics = tx.topics }()
		return fn(ctx, tx)
	}
	var first ahead
	var err error
	if guarded {
		err = first.run(inside, watched)
	}
	switch {
	case !guarded || first.asked:
		err = d.backend.write(inside, guarded, watched)
	case err == nil && len(first.statements) > 0:
		err = d.backend.commit(ctx, first.statements)
	}
	if err != nil {
		if err = explain(err); errs.KindOf(err) == errs.Unavailable {
			d.refusing.Store(true)
		}
		return err
	}
	d.wakes.wake(topics)
	return nil
}

// Writable says whether Writes succeed: nil, or why the database refuses them (a
// full disk, for one) while it may still be read. Only after a refusal does it try.
func (d *DB) Writable(ctx context.Context) error {
	if !d.refusing.Load() {
		return nil
	}
	if err := d.backend.room(); err != nil {
		return errs.Wrap(errs.Unavailable, "", fmt.Errorf("the disk of the database takes no more: %w", err))
	}
	err := d.Write(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.ExecContext(ctx, d.backend.touch())
		return err
	})
	if err == nil {
		d.refusing.Store(false)
	}
	return err
}

// Ping asks the database whether it answers: for /readyz.
func (d *DB) Ping(ctx context.Context) error { return explain(d.backend.ping(ctx)) }

// Close waits for the running Writes, refuses new ones and closes the
// database.
func (d *DB) Close() error { return d.backend.close() }

// Stats are counters since Open.
type Stats struct {
	Writes   int64         // Write calls that were acknowledged
	Failed   int64         // Write calls that returned an error
	Commits  int64         // transactions committed; each holds one or more Writes and costs one fsync of the log
	Largest  int64         // most Writes in one commit
	Retries  int64         // Writes run again: after a collision on PostgreSQL, or a neighbour's failure in the same commit
	Recovers int64         // SQLite: writer connections replaced after a failure
	InCommit time.Duration // total time spent in COMMIT, that is mostly in fsync
}

// counters is what the backends count into.
type counters struct {
	writes, failed, commits, largest, retries, recovers, inCommit atomic.Int64
}

// Stats returns the counters, for /metrics.
func (d *DB) Stats() Stats {
	c := &d.counters
	return Stats{
		Writes: c.writes.Load(), Failed: c.failed.Load(), Commits: c.commits.Load(), Largest: c.largest.Load(),
		Retries: c.retries.Load(), Recovers: c.recovers.Load(), InCommit: time.Duration(c.inCommit.Load()),
	}
}

func (c *counters) outcome(err error) {
	if err == nil {
		c.writes.Add(1)
	} else {
		c.failed.Add(1)
	}
}

func (c *counters) committed(writes int, took time.Duration) {
	c.commits.Add(1)
	c.inCommit.Add(int64(took))
	for n := int64(writes); ; {
		old := c.largest.Load()
		if n <= old || c.largest.CompareAndSwap(old, n) {
			return
		}
	}
}

// call runs fn so that neither a panic nor a runtime.Goexit (a test's FailNow)
// leaves the transaction hanging. done is called exactly once, in fn's
// goroutine, with fn's error.
func call(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error, done func(error)) {
	err := errs.New(errs.Internal, "").Because("db: the goroutine ended inside Write")
	var result error = err
	defer func() {
		if p := recover(); p != nil {
			result = errs.New(errs.Internal, "").Because("db: panic inside Write: %v\n%s", p, stack())
		}
		if failed := tx.over(); result == nil {
			result = failed
		}
		done(result)
	}()
	result = fn(ctx, tx)
}
