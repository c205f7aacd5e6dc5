package db_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
)

// grouped gives n guarded Writes, of statements that are only sent, to one group.
// ready is called when all of them wait.
func grouped(d *db.DB, n int, one func(ctx context.Context, tx *db.Tx, i int) error, ready func()) []error {
	outcome := make([]error, n)
	release := db.HoldGroups(d)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			outcome[i] = d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error { return one(ctx, tx, i) })
		})
	}
	for waiting := 0; waiting < n; waiting, _ = db.Groups(d) {
		runtime.Gosched()
	}
	ready()
	release()
	wg.Wait()
	return outcome
}

func send(ctx context.Context, tx *db.Tx, id string, n int) error {
	return db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, $2)", id, n)
}

func TestWritesOfAGroupShareTransactionsAndWhoFailsFailsAlone(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	migrated(t, d)
	if err := d.Write(t.Context(), insert("known", 1)); err != nil {
		t.Fatal(err)
	}
	before := d.Stats()
	gone := errors.New("somebody was quicker")
	outcome := grouped(d, 100, func(ctx context.Context, tx *db.Tx, i int) error {
		switch i {
		case 10, 90: // behind rows of its own
			_ = send(ctx, tx, fmt.Sprint("before ", i), i)
			return db.SendOne(ctx, tx, gone, "UPDATE note SET n = 2 WHERE id = $1", "unknown")
		case 20, 80:
			_ = send(ctx, tx, fmt.Sprint("before ", i), i)
			return send(ctx, tx, "known", i)
		}
		_ = send(ctx, tx, fmt.Sprint("a", i), i)
		return send(ctx, tx, fmt.Sprint("b", i), i)
	}, func() {})
	for i, err := range outcome {
		switch i {
		case 10, 90:
			if !errors.Is(err, gone) {
				t.Errorf("%d, whose guard did not hold: %v", i, err)
			}
		case 20, 80:
			if !db.IsUnique(err) {
				t.Errorf("%d, whose key was taken: %v", i, err)
			}
		default:
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
	if got := count(t, d); got != 1+2*96 {
		t.Errorf("%d rows, want %d", got, 1+2*96)
	}
	after := d.Stats()
	if commits := after.Commits - before.Commits; after.Writes-before.Writes != 96 || commits > 4 { // 64 and 36, however many leaders
		t.Errorf("%d writes in %d commits", after.Writes-before.Writes, commits)
	}
}

// TestOfTwoChangesOfOneRowInAGroupTheSecondIsRefused: the guard of the second sees
// what the first has done in the same transaction.
func TestOfTwoChangesOfOneRowInAGroupTheSecondIsRefused(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	migrated(t, d)
	if err := d.Write(t.Context(), insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("the revision is gone")
	outcome := grouped(d, 20, func(ctx context.Context, tx *db.Tx, i int) error {
		_ = db.SendOne(ctx, tx, gone, "UPDATE note SET n = 2 WHERE id = $1 AND n = 1", "a")
		return send(ctx, tx, fmt.Sprint(i), i)
	}, func() {})
	well := 0
	for _, err := range outcome {
		switch {
		case err == nil:
			well++
		case !errors.Is(err, gone):
			t.Error(err)
		}
	}
	if got := count(t, d); well != 1 || got != 2 {
		t.Errorf("%d changes and %d rows, want 1 and 2", well, got)
	}
}

func TestAWriteThatGivesUpWhileItWaitsForAGroupDoesNothing(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	migrated(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	outcome := grouped(d, 3, func(ctx context.Context, tx *db.Tx, i int) error { return send(ctx, tx, fmt.Sprint(i), i) }, func() {
		go func() {
			gaveUp <- d.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error { return send(ctx, tx, "given up", 1) })
		}()
		for waiting := 0; waiting < 4; waiting, _ = db.Groups(d) {
			runtime.Gosched()
		}
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	if err := errors.Join(outcome...); err != nil {
		t.Error(err)
	}
	if got := count(t, d); got != 3 {
		t.Errorf("%d rows, want 3", got)
	}
}

func TestAGroupThatWaitsForALockHoldsUpNobodyElse(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	migrated(t, d)
	if err := d.Write(t.Context(), insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	locked, unlock := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE note SET n = n + 1 WHERE id = $1", "a")
			close(locked)
			<-unlock
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-locked
	wg.Go(func() {
		err := d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "UPDATE note SET n = n + 1 WHERE id = $1", "a")
		})
		if err != nil {
			t.Error(err)
		}
	})
	for busy := 0; busy == 0; _, busy = db.Groups(d) {
		runtime.Gosched()
	}
	err := d.WriteGuarded(t.Context(), func(ctx context.Context, tx *db.Tx) error { return send(ctx, tx, "b", 1) })
	if err != nil {
		t.Error(err)
	}
	close(unlock)
	wg.Wait()
	var n int
	if err := d.Read().QueryRowContext(t.Context(), "SELECT n FROM note WHERE id = $1", "a").Scan(&n); err != nil || n != 3 {
		t.Errorf("n is %d, %v", n, err)
	}
}

// heldRow inserts the row "a" and keeps it locked until unlock is called.
func heldRow(t *testing.T, d *db.DB) (unlock func()) {
	migrated(t, d)
	if err := d.Write(t.Context(), insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	locked, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE note SET n = n + 1 WHERE id = $1", "a")
			close(locked)
			<-let
			return err
		})
	}()
	<-locked
	return func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// begun returns when so many groups are under way and nobody waits for one.
func begun(d *db.DB, groups int) {
	for waiting, busy := db.Groups(d); waiting > 0 || busy < groups; waiting, busy = db.Groups(d) {
		runtime.Gosched()
	}
}

func change(ctx context.Context, tx *db.Tx) error {
	return db.Send(ctx, tx, "UPDATE note SET n = n + 1 WHERE id = $1", "a")
}

func TestWritesThatWaitForALockDoNotKeepThePlacesOfGroups(t *testing.T) {
	db.WithGroupLock(t, time.Second)
	d := dbtest.PostgreSQL(t)
	unlock := heldRow(t, d)
	var wg sync.WaitGroup
	for i := range db.GroupsMost {
		wg.Go(func() {
			if err := d.WriteGuarded(context.Background(), change); err != nil {
				t.Error(err)
			}
		})
		begun(d, i+1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := d.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error { return send(ctx, tx, "b", 1) }); err != nil {
		t.Error(err)
	}
	unlock()
	wg.Wait()
	var n int
	err := d.Read().QueryRowContext(t.Context(), "SELECT n FROM note WHERE id = $1", "a").Scan(&n)
	if want := 2 + db.GroupsMost; err != nil || n != want {
		t.Errorf("n is %d, want %d: %v", n, want, err)
	}
}

func TestTheContextBoundsTheWaitingForALock(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	unlock := heldRow(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.WriteGuarded(ctx, change) }()
	begun(d, 1)
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
		unlock()
	case <-time.After(20 * time.Second):
		t.Error("it waits for the lock although its context is over")
		unlock()
		<-ended
	}
	if got := count(t, d); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

// panicking is an argument that the driver cannot ask for its value.
type panicking struct{}

func (panicking) Value() (driver.Value, error) { panic("no value") }

func TestWhatTheDriverRefusesIsNotToldToTheNeighbours(t *testing.T) {
	bad := map[string]func(ctx context.Context, tx *db.Tx) error{
		"a number that is too large": func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, $2)", "bad", uint64(1)<<63)
		},
		"an argument that panics": func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "INSERT INTO note (id, n) VALUES ($1, $2)", "bad", panicking{})
		},
		"a table that is not there": func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "INSERT INTO gone (id) VALUES ($1)", "bad")
		},
	}
	for name, bad := range bad {
		t.Run(name, func(t *testing.T) {
			d := dbtest.PostgreSQL(t)
			migrated(t, d)
			outcome := grouped(d, 10, func(ctx context.Context, tx *db.Tx, i int) error {
				if i == 5 {
					return bad(ctx, tx)
				}
				return send(ctx, tx, fmt.Sprint(i), i)
			}, func() {})
			for i, err := range outcome {
				if (err != nil) != (i == 5) {
					t.Errorf("%d: %v", i, err)
				}
			}
			if got := count(t, d); got != 9 {
				t.Errorf("%d rows, want 9", got)
			}
			if _, busy := db.Groups(d); busy != 0 {
				t.Errorf("%d groups are still under way", busy)
			}
		})
	}
}

func TestTheCommitOfAGroupWithoutAnAnswerIsLookedUpForAll(t *testing.T) {
	for name, late := range map[string]bool{"cut before the server got it": false, "cut after the server did it": true} {
		t.Run(name, func(t *testing.T) {
			var c dbtest.Cutter
			d, err := db.Open(t.Context(), c.Serve(t, dbtest.PostgreSQLURL(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			migrated(t, d)
			const n = 10
			outcome := grouped(d, n, func(ctx context.Context, tx *db.Tx, i int) error {
				return send(ctx, tx, fmt.Sprint(i), i) // once more after a commit, it would violate the key
			}, func() { c.Arm(1, late) })
			if err := errors.Join(outcome...); err != nil || c.Cuts() != 1 {
				t.Errorf("%v after %d cuts", err, c.Cuts())
			}
			if got, want := d.Stats().Retries, map[bool]int64{false: n, true: 0}[late]; got != want {
				t.Errorf("%d were sent again, want %d", got, want)
			}
			if got := count(t, d); got != n {
				t.Errorf("%d rows, want %d", got, n)
			}
		})
	}
}
