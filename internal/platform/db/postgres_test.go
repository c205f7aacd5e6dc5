package db_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
)

func TestAWriteSurvivesTheLossOfItsConnection(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	migrated(t, d)
	runs := 0
	err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		runs++
		if err := insert("a", runs)(ctx, tx); err != nil {
			return err
		}
		if runs == 1 {
			var pid int
			var ended bool
			if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			if err := d.Read().QueryRowContext(ctx, "SELECT pg_terminate_backend($1, 5000)", pid).Scan(&ended); err != nil || !ended {
				t.Fatalf("terminate: %v, %v", ended, err)
			}
		}
		return insert("b", runs)(ctx, tx)
	})
	if err != nil || runs != 2 || d.Stats().Retries != 1 {
		t.Errorf("%v after %d runs, %+v", err, runs, d.Stats())
	}
	if got := count(t, d); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func TestACommitWithoutAnAnswerIsLookedUp(t *testing.T) {
	for name, late := range map[string]bool{"cut before the server got it": false, "cut after the server did it": true} {
		t.Run(name, func(t *testing.T) {
			var c dbtest.Cutter
			d, err := db.Open(t.Context(), c.Serve(t, dbtest.PostgreSQLURL(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			migrated(t, d)
			c.Arm(1, late)
			runs := 0
			err = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				runs++
				return insert("a", runs)(ctx, tx) // a second run after a commit would violate the key
			})
			want := map[bool]int{false: 2, true: 1}[late]
			if err != nil || runs != want || c.Cuts() != 1 {
				t.Errorf("%v after %d runs and %d cuts, want %d runs", err, runs, c.Cuts(), want)
			}
			if got := count(t, d); got != 1 {
				t.Errorf("%d rows, want 1", got)
			}
		})
	}
}

// TestACommitThatCarriesStatementsIsLookedUp is the same with a COMMIT that
// travels behind the statements kept for the end.
func TestACommitThatCarriesStatementsIsLookedUp(t *testing.T) {
	for name, late := range map[string]bool{"cut before the server got it": false, "cut after the server did it": true} {
		t.Run(name, func(t *testing.T) {
			var c dbtest.Cutter
			d, err := db.Open(t.Context(), c.Serve(t, dbtest.PostgreSQLURL(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			migrated(t, d)
			runs := 0
			write := func(first, second string) error {
				return d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					runs++
					if err := insert(first, runs)(ctx, tx); err != nil {
						return err
					}
					return db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, $2)", second, runs)
				})
			}
			if err := write("a", "b"); err != nil { // prepares everything
				t.Fatal(err)
			}
			c.Arm(1, late)
			runs = 0
			err = write("c", "d")
			want := map[bool]int{false: 2, true: 1}[late]
			if err != nil || runs != want || c.Cuts() != 1 {
				t.Errorf("%v after %d runs and %d cuts, want %d runs", err, runs, c.Cuts(), want)
			}
			if got := count(t, d); got != 4 {
				t.Errorf("%d rows, want 4", got)
			}
		})
	}
}

func TestATransactionThatAPanicOfTheServerEndedRunsAgain(t *testing.T) {
	const io = "58030"
	for severity, want := range map[string]bool{"PANIC": true, "ERROR": false} { // fsync failed; one read failed
		if got := db.Again(&pgconn.PgError{SeverityUnlocalized: severity, Code: io}); got != want {
			t.Errorf("%s: %v", severity, got)
		}
	}
}

func TestATableIsLeftRoomUnlessTheOperatorHasDecided(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		for _, fill := range []int{60, 70} { // the second finds the first, as if it were an operator's
			if err := d.LeaveRoom(t.Context(), "note", fill); err != nil {
				t.Fatal(err)
			}
		}
		if d.Dialect() != db.PostgreSQL {
			return
		}
		var options string
		err := d.Read().QueryRowContext(t.Context(), "SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = to_regclass('note')").Scan(&options)
		if err != nil || options != "fillfactor=60" {
			t.Errorf("%q, %v", options, err)
		}
	})
}
