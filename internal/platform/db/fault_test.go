package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// saboteur makes one statement of the writer fail: the failAt-th, before it
// runs or, when late is set, after it ran (the answer is lost).
type saboteur struct {
	driver.Connector
	seen    atomic.Int64
	failAt  int64
	late    bool
	watched bool // the driver tells of transactions that SQLite ends: batches begin without savepoints
}

var errSabotage = errors.New("input/output error (made by the test)")

func (s *saboteur) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err == nil && s.watched {
		return &watchedConn{saboteurConn{c, s}}, nil
	}
	return &saboteurConn{c, s}, err
}

type watchedConn struct{ saboteurConn }

func (c *watchedConn) RegisterRollbackHook(fn sqlite.RollbackHookFn) {
	c.Conn.(sqlite.HookRegisterer).RegisterRollbackHook(fn)
}

type saboteurConn struct {
	driver.Conn
	s *saboteur
}

func (c *saboteurConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &saboteurStmt{st, c.s}, nil
}

type saboteurStmt struct {
	driver.Stmt
	s *saboteur
}

func (st *saboteurStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	hit := st.s.seen.Add(1) == st.s.failAt
	if hit && !st.s.late {
		return nil, errSabotage
	}
	res, err := st.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if hit {
		return nil, errSabotage
	}
	return res, err
}

// TestWhicheverStatementFails runs concurrent Writes of two rows each, makes
// the n-th statement fail, for each n, and then looks at every row.
func TestWhicheverStatementFailsAcknowledgedWritesAreWholeAndOthersAbsent(t *testing.T) {
	for kind := range 4 {
		late, watched := kind%2 == 1, kind/2 == 1
		for failAt := int64(1); failAt <= 45; failAt++ {
			s := &saboteur{late: late, watched: watched}
			db.WithConnector(t, func(c driver.Connector) driver.Connector { s.Connector = c; return s })
			d := dbtest.SQLite(t)
			migrated(t, d)
			s.seen.Store(0)
			s.failAt = failAt

			var mu sync.Mutex
			acknowledged := map[string]error{}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					id := fmt.Sprint(i)
					err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						if err := insert(id+"a", i)(ctx, tx); err != nil {
							return err
						}
						return insert(id+"b", i)(ctx, tx)
					})
					mu.Lock()
					defer mu.Unlock()
					acknowledged[id] = err
				})
			}
			wg.Wait()
			if err := d.Write(t.Context(), insert("after", 0)); err != nil && !errors.Is(err, errSabotage) {
				t.Fatalf("statement %d: the writer did not recover: %v", failAt, err)
			}
			for id, err := range acknowledged {
				var rows int
				if err := d.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM note WHERE id IN ($1, $2)", id+"a", id+"b").Scan(&rows); err != nil {
					t.Fatal(err)
				}
				// A commit whose answer was lost may be stored, whole.
				if err == nil && rows != 2 || err != nil && rows != 0 && (!late || rows != 2) {
					t.Errorf("statement %d, late %v, watched %v: %d rows of a write that ended in %v", failAt, late, watched, rows, err)
				}
			}
		}
	}
}

func TestALockedDatabaseIsUnavailableAndTheWriterRecovers(t *testing.T) {
	db.WithBusyMillis(t, 50)
	file := t.TempDir() + "/locked.db"
	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	migrated(t, d)
	other, err := sql.Open("sqlite", file) // stands for another process
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := d.Write(t.Context(), insert(fmt.Sprint(i), i))
			if errs.KindOf(err) != errs.Unavailable || !strings.Contains(err.Error(), "locked by another process") {
				t.Errorf("while locked: %v", err)
			}
		})
	}
	wg.Wait()
	if errs.KindOf(d.Writable(t.Context())) != errs.Unavailable {
		t.Error("while locked, it is said to be writable")
	}
	if count(t, d) != 0 {
		t.Error("a refused write left rows")
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), insert("after", 1)); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestAFullDiskIsUnavailableAndTakesNobodyAlong(t *testing.T) {
	d := dbtest.SQLite(t)
	migrated(t, d)
	pages := func(limit string) error {
		return d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var n int
			return tx.QueryRowContext(ctx, "PRAGMA max_page_count = "+limit).Scan(&n)
		})
	}
	if err := pages("20"); err != nil {
		t.Fatal(err)
	}
	err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n, doc) VALUES ('large', 1, $1)", strings.Repeat("x", 200_000))
		return err
	})
	if errs.KindOf(err) != errs.Unavailable || !strings.Contains(err.Error(), "disk of the database is full") {
		t.Errorf("got %v", err)
	}
	if err := d.Writable(t.Context()); err != nil {
		t.Errorf("what still fits is not told: %v", err)
	}
	if err := d.Write(t.Context(), insert("small", 1)); err != nil {
		t.Errorf("what still fits: %v", err)
	}
	if err := pages("100000"); err != nil {
		t.Fatal(err)
	}
	if got := count(t, d); got != 1 {
		t.Errorf("%d rows, want the small one", got)
	}
}

// TestWhoFailsWithoutARow: the others of the transaction need not run again, as
// they do when rows are left.
func TestWhoFailsWithoutARowCostsTheOthersNothing(t *testing.T) {
	refused := errors.New("the revision is gone")
	for id, again := range map[string]bool{"unknown": false, "known": true} {
		d := dbtest.SQLite(t)
		migrated(t, d)
		if err := d.Write(t.Context(), insert("known", 1)); err != nil {
			t.Fatal(err)
		}
		err := together(d, 20, func(i int) error {
			return d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if i != 10 {
					return insert(fmt.Sprint(i), i)(ctx, tx)
				}
				if _, err := tx.ExecContext(ctx, "UPDATE note SET n = 2 WHERE id = $1", id); err != nil {
					return err
				}
				return refused
			})
		})
		if !errors.Is(err, refused) || count(t, d) != 20 {
			t.Errorf("%s: %d rows, %v", id, count(t, d), err)
		}
		if n := d.Stats().Retries; !again && n > 0 {
			t.Errorf("%d writes ran again", n)
		}
	}
}

// together calls one(0) … one(n-1) side by side, so that their Writes share
// transactions of SQLite.
func together(d *db.DB, n int, one func(i int) error) error {
	var wg sync.WaitGroup
	outcome := make([]error, n+1)
	queued := make(chan struct{})
	wg.Go(func() { // the others queue behind this one
		outcome[n] = d.Write(context.Background(), func(context.Context, *db.Tx) error { <-queued; return nil })
	})
	for i := range n {
		wg.Go(func() { outcome[i] = one(i) })
	}
	close(queued)
	wg.Wait()
	return errors.Join(outcome...)
}

// TestAFullDiskInTheMiddleOfABatch lets SQLite end a transaction that several Writes
// share by itself, and goes on writing in it.
func TestAFullDiskInTheMiddleOfABatchLosesNothingAcknowledged(t *testing.T) {
	d := dbtest.SQLite(t)
	migrated(t, d)
	err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		var n int
		return tx.QueryRowContext(ctx, "PRAGMA max_page_count = 40").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	outcome := make([]error, 40)
	_ = together(d, len(outcome), func(i int) error {
		outcome[i] = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			text := "small"
			if i%5 == 0 {
				text = strings.Repeat("x", 200_000)
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n, doc) VALUES ($1, 1, $2)", fmt.Sprint(i), text)
			_, _ = tx.ExecContext(ctx, "INSERT INTO note (id, n, doc) VALUES ($1, 1, 'second')", fmt.Sprint(i, "b")) // whatever became of the first
			return err
		})
		return nil
	})
	failed := 0
	for i, err := range outcome {
		var rows int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM note WHERE id IN ($1, $2)", fmt.Sprint(i), fmt.Sprint(i, "b")).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if err == nil && rows != 2 || err != nil && rows != 0 {
			t.Errorf("%d rows of write %d, which ended in %v", rows, i, err)
		}
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
}

// TestATransactionThatEndsByItself: SQLite ends one after an I/O error, of which
// the function that met it need not tell.
func TestATransactionThatEndsByItselfIsNobodysSuccess(t *testing.T) {
	d := dbtest.SQLite(t)
	migrated(t, d)
	outcome := make([]error, 20)
	_ = together(d, len(outcome), func(i int) error {
		outcome[i] = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if i == 10 {
				_, err := tx.ExecContext(ctx, "ROLLBACK")
				return err
			}
			return insert(fmt.Sprint(i), i)(ctx, tx)
		})
		return nil
	})
	acknowledged := 0
	for _, err := range outcome {
		if err == nil {
			acknowledged++
		}
	}
	if got := count(t, d); got != acknowledged || outcome[10] == nil {
		t.Errorf("%d rows, %d acknowledged, the one that ended it: %v", got, acknowledged, outcome[10])
	}
}

func TestTheWriterSyncsEveryCommit(t *testing.T) {
	d := dbtest.SQLite(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", pragma, got, err, want)
		}
	}
}
