package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

var notes = fstest.MapFS{"00001_notes.sql": {Data: []byte(`-- +goose Up
CREATE TABLE note (
	id   TEXT PRIMARY KEY,
	n    BIGINT NOT NULL,
	doc  TEXT,
	raw  BYTEA
);
-- +goose Down
DROP TABLE note;
`)}}

func migrated(t testing.TB, d *db.DB) {
	t.Helper()
	if err := d.Migrate(t.Context(), "notes", notes); err != nil {
		t.Fatal(err)
	}
}

func insert(id string, n int) func(context.Context, *db.Tx) error {
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n) VALUES ($1, $2)", id, n)
		return err
	}
}

func count(t testing.TB, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatWriteAcknowledgedIsRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		at := time.Date(2025, 11, 24, 10, 0, 0, 123456000, time.UTC)
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n, doc, raw) VALUES ($1, $2, $3, $4)",
				"a", db.Micros(at), json.RawMessage(`{"name":"Ö"}`), []byte{0, 1, 255})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		var doc string
		var raw []byte
		err = d.Read().QueryRowContext(t.Context(), "SELECT n, doc, raw FROM note WHERE id = $1", "a").Scan(&n, &doc, &raw)
		if err != nil {
			t.Fatal(err)
		}
		if !db.Time(n).Equal(at) || doc != `{"name":"Ö"}` || string(raw) != "\x00\x01\xff" {
			t.Errorf("got %v %q %x", db.Time(n), doc, raw)
		}
	})
}

func TestAFailingWriteLeavesNothingAndTakesNobodyAlong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		refused := errors.New("refused by the rule")
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					if err := insert(fmt.Sprint(i), i)(ctx, tx); err != nil {
						return err
					}
					if i%3 == 1 {
						return refused
					}
					if i%3 == 2 {
						panic("a fault of ours")
					}
					return nil
				})
				switch i % 3 {
				case 0:
					if err != nil {
						t.Errorf("write %d: %v", i, err)
					}
				case 1:
					if err != refused {
						t.Errorf("write %d: got %v, want the function's own error", i, err)
					}
				case 2:
					if errs.KindOf(err) != errs.Internal || !strings.Contains(err.Error(), "a fault of ours") {
						t.Errorf("write %d: got %v, want the panic", i, err)
					}
				}
			})
		}
		wg.Wait()
		if got := count(t, d); got != 20 {
			t.Errorf("%d rows, want 20", got)
		}
	})
}

func TestAFailedStatementEndsTheWriteEvenIfItsErrorIsSwallowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_ = insert("a", 1)(ctx, tx)
			_ = insert("a", 2)(ctx, tx)
			_ = insert("b", 3)(ctx, tx)
			return nil
		})
		if !db.IsUnique(err) {
			t.Errorf("got %v, want the unique violation", err)
		}
		if got := count(t, d); got != 0 {
			t.Errorf("%d rows, want none", got)
		}
	})
}

func TestAWriteFunctionThatEndsItsGoroutineBlocksNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		t.Run("skips in the middle", func(t *testing.T) {
			_ = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_ = insert("lost", 1)(ctx, tx)
				t.SkipNow()
				return nil
			})
		})
		if err := d.Write(t.Context(), insert("kept", 1)); err != nil {
			t.Fatal(err)
		}
		if got := count(t, d); got != 1 {
			t.Errorf("%d rows, want 1", got)
		}
	})
}

func TestAWriteInsideAWriteIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return d.Write(ctx, insert("a", 1))
		})
		if err == nil || !strings.Contains(err.Error(), "Write inside a Write") {
			t.Errorf("got %v", err)
		}
	})
}

func TestATransactionIsDeadAfterItsFunction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		var kept *db.Tx
		if err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := insert("a", 1)(t.Context(), kept); err == nil {
			t.Error("a statement ran in a finished transaction")
		}
		var n int
		if err := kept.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err == nil {
			t.Error("a row came from a finished transaction")
		}
	})
}

func TestACancelledWriteDoesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := insert("a", 1)(ctx, tx); err != nil {
				return err
			}
			cancel()
			return insert("b", 1)(ctx, tx)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
		if err := d.Write(t.Context(), insert("c", 1)); err != nil {
			t.Errorf("the next write: %v", err)
		}
		if got := count(t, d); got != 1 {
			t.Errorf("%d rows, want 1", got)
		}
	})
}

func TestTheReadPoolRefusesToWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		if _, err := d.Read().ExecContext(t.Context(), "DELETE FROM note"); err == nil {
			t.Error("the read pool deleted rows")
		}
	})
}

func TestArgumentsThatTheDatabasesStoreDifferentlyAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		for _, arg := range []any{time.Unix(0, 0), 1.5, "a\x00b", "\xff"} {
			err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n) VALUES ($1, 1)", arg)
				return err
			})
			if err == nil {
				t.Errorf("%T %v was stored", arg, arg)
			}
		}
	})
}

func TestDocumentsAndTruthValuesAreStoredAlike(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			args := []any{"a", true, json.RawMessage(nil), "b", false, json.RawMessage("[]")}
			_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n, doc) VALUES ($1, $2, $3), ($4, $5, $6)", args...)
			if args[1] != true {
				t.Error("the caller's arguments were changed")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var yes, no bool
		var empty string
		err = d.Read().QueryRowContext(t.Context(), "SELECT a.n, b.n, b.doc FROM note a, note b WHERE a.id = 'a' AND a.doc IS NULL AND b.id = 'b'").Scan(&yes, &no, &empty)
		if err != nil || !yes || no || empty != "[]" {
			t.Errorf("got %v %v %q, %v", yes, no, empty, err)
		}
	})
}

func TestReadModifyWriteLosesNoUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		if err := d.Write(t.Context(), insert("counter", 0)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						var n int
						if err := tx.QueryRowContext(ctx, "SELECT n FROM note WHERE id = $1", "counter").Scan(&n); err != nil {
							return err
						}
						_, err := tx.ExecContext(ctx, "UPDATE note SET n = $1 WHERE id = $2", n+1, "counter")
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		var n int
		if err := d.Read().QueryRowContext(t.Context(), "SELECT n FROM note").Scan(&n); err != nil || n != 80 {
			t.Errorf("counted %d (%v), want 80", n, err)
		}
	})
}

func TestMigrateRunsOnceHoweverManyStartTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := d.Migrate(t.Context(), "notes", notes); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := d.Write(t.Context(), insert("a", 1)); err != nil {
			t.Error(err)
		}
	})
}

func TestIDsOfOneMillisecondAreDistinctAndVersion7(t *testing.T) {
	c := clock.Fixed(time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC))
	stamp := fmt.Sprintf("%012x", c.Now().UnixMilli())
	prefix := stamp[:8] + "-" + stamp[8:] + "-7"
	seen := map[string]bool{}
	last := ""
	for range 1000 {
		id := db.NewID(c)
		if seen[id] || id <= last || len(id) != 36 || !strings.HasPrefix(id, prefix) {
			t.Fatalf("id %q after %q", id, last)
		}
		seen[id], last = true, id
	}
}

func TestListenersWakeAfterTheCommitAndOnlyThen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		wake, stop := d.Listen("post")
		defer stop()
		woken := func() bool {
			select {
			case <-wake:
				return true
			default:
				return false
			}
		}
		_ = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.Notify("post")
			return errors.New("rolled back")
		})
		if woken() {
			t.Error("woken by a transaction that was rolled back")
		}
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tx.Notify("post")
			tx.Notify("other")
			if woken() {
				t.Error("woken before the commit")
			}
			return nil
		})
		if err != nil || !woken() {
			t.Errorf("not woken after the commit (%v)", err)
		}
	})
}

func TestWhatIsSentIsDoneInOrderOrNotAtAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		for name, write := range map[string]func(context.Context, func(context.Context, *db.Tx) error) error{"a": d.Write, "b": d.WriteGuarded} {
			send := func(ctx context.Context, tx *db.Tx, id string) error {
				return db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, $2)", name+id, 1)
			}
			err := write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if err := send(ctx, tx, "1"); err != nil {
					return err
				}
				res, err := tx.ExecContext(ctx, "UPDATE note SET n = 2 WHERE id = $1", name+"1")
				if err != nil {
					return err
				}
				if n, _ := res.RowsAffected(); n != 1 {
					t.Errorf("the statement after it changed %d rows", n)
				}
				return send(ctx, tx, "2")
			})
			if err != nil {
				t.Fatal(err)
			}
			before := count(t, d)
			err = write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if err := insert(name+"3", 1)(ctx, tx); err != nil {
					return err
				}
				return send(ctx, tx, "1") // there already
			})
			if !db.IsUnique(err) {
				t.Errorf("a failing statement that was sent: %v", err)
			}
			if got := count(t, d); got != before {
				t.Errorf("%d rows, want %d", got, before)
			}
		}
	})
}

func TestAStatementOnWhichOthersStandFailsTheWriteUnlessItAffectsOneRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		gone := errors.New("somebody was quicker")
		for name, write := range map[string]func(context.Context, func(context.Context, *db.Tx) error) error{"a": d.Write, "b": d.WriteGuarded} {
			if err := write(t.Context(), insert(name, 1)); err != nil {
				t.Fatal(err)
			}
			before := count(t, d)
			for _, id := range []string{name, "unknown"} {
				for _, asked := range []bool{false, true} { // for an outcome, before the end
					var after error
					err := write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						_ = db.SendOne(ctx, tx, gone, "UPDATE note SET n = n + 1 WHERE id = $1", id) // a swallowed error fails the Write as well
						_ = db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, 1)", fmt.Sprint(name, "new", asked))
						if asked {
							_, after = tx.ExecContext(ctx, "UPDATE note SET n = 3 WHERE id = $1", name)
						}
						return nil
					})
					if want := id == "unknown"; errors.Is(err, gone) != want || err != nil != want || asked && errors.Is(after, gone) != want {
						t.Errorf("%s: %v, and before: %v", id, err, after)
					}
				}
			}
			if got := count(t, d); got != before+2 {
				t.Errorf("%d rows, want %d", got, before+2)
			}
		}
	})
}
