package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

func TestAGuardedWriteThatAsksForAnOutcomeRunsInsideItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		runs := 0
		err := d.WriteGuarded(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			runs++
			_ = send(ctx, tx, "sent", 1)
			var n int
			_ = tx.QueryRowContext(ctx, "SELECT count(*) FROM note").Scan(&n) // swallowed: it must not be taken for an answer
			return send(ctx, tx, fmt.Sprint("counted ", n), n)
		})
		var n int
		if err := errors.Join(err, d.Read().QueryRowContext(t.Context(), "SELECT n FROM note WHERE id = $1", "counted 1").Scan(&n)); err != nil {
			t.Error(err)
		}
		if got := count(t, d); got != 2 || runs != 2 {
			t.Errorf("%d rows after %d runs, want 2 and 2", got, runs)
		}
	})
}

func TestAGuardedWriteThatOnlySendsRunsOnceAndDoesNothingWhenItFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		wake, stop := d.Listen("note")
		defer stop()
		no := errors.New("no")
		for name, end := range map[string]func() error{
			"an error": func() error { return no },
			"a panic":  func() error { panic("no") },
		} {
			err := d.WriteGuarded(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_ = send(ctx, tx, name, 1)
				tx.Notify("note")
				return end()
			})
			if !errors.Is(err, no) && errs.KindOf(err) != errs.Internal || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := count(t, d); got != 0 || len(wake) != 0 {
			t.Errorf("%d rows and %d wake-ups, want none", got, len(wake))
		}
		runs := 0
		err := d.WriteGuarded(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			runs++
			tx.Notify("note")
			return send(ctx, tx, "a", 1)
		})
		if got := count(t, d); err != nil || got != 1 || runs != 1 || len(wake) != 1 {
			t.Errorf("%v: %d rows after %d runs, %d wake-ups", err, got, runs, len(wake))
		}
	})
}

// TestGuardedWritesThatOnlySendFailAlone: behind rows of their own, among others
// and among Writes that ask.
func TestGuardedWritesThatOnlySendFailAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		if err := d.Write(t.Context(), insert("known", 1)); err != nil {
			t.Fatal(err)
		}
		gone := errors.New("the revision is gone")
		var wg sync.WaitGroup
		const n = 200
		for i := range n {
			wg.Go(func() {
				id := fmt.Sprint(i)
				var err error
				switch i % 8 {
				case 0:
					err = d.Write(context.Background(), insert(id, i))
				case 1:
					err = d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error {
						_ = send(ctx, tx, id, i)
						return send(ctx, tx, "known", i)
					})
					if db.IsUnique(err) {
						err = nil
					} else {
						err = fmt.Errorf("whose key was taken: %w", err)
					}
				case 2:
					err = d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error {
						_ = send(ctx, tx, id, i)
						return db.SendOne(ctx, tx, gone, "UPDATE note SET n = 2 WHERE id = $1 AND n = 3", "known")
					})
					if errors.Is(err, gone) {
						err = nil
					} else {
						err = fmt.Errorf("whose guard did not hold: %w", err)
					}
				default:
					err = d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error { return send(ctx, tx, id, i) })
				}
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if got, want := count(t, d), 1+n/8*6; got != want {
			t.Errorf("%d rows, want %d", got, want)
		}
	})
}
