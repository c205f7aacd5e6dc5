package work_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/work"
)

// letter has no key: a second effect would show as a second row.
var letter = fstest.MapFS{"00001_letter.sql": {Data: []byte("-- +goose Up\nCREATE TABLE letter (job TEXT NOT NULL);\n")}}

func post(ctx context.Context, tx *db.Tx, j work.Job) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO letter (job) VALUES ($1)", j.ID)
	return err
}

func TestAfterAKillEveryJobTakesEffectOnce(t *testing.T) {
	const jobs = 600
	cmd, out, file := dbtest.Child(t, func(file string) {
		ctx := context.Background()
		d, err := db.Open(ctx, "sqlite:"+file)
		dbtest.Must(err)
		dbtest.Must(work.Migrate(ctx, d))
		dbtest.Must(d.Migrate(ctx, "letter", letter))
		q := work.New(d, clock.System{}, slog.New(slog.DiscardHandler), work.Options{})
		q.HandleTx("post", func(ctx context.Context, tx *db.Tx, j work.Job) error {
			os.Stdout.WriteString("at work\n")
			return post(ctx, tx, j)
		})
		dbtest.Must(d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i := range jobs {
				j := work.Job{ID: fmt.Sprint(i), Kind: "post", Due: clock.System{}.Now()}
				if err := work.Enqueue(ctx, tx, j); err != nil {
					return err
				}
			}
			return nil
		}))
		dbtest.Must(q.Run(ctx))
	})
	for lines := 1; out.Scan(); lines++ {
		if lines == jobs/3 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()

	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	machine := &clock.Shifted{Base: clock.System{}}
	q := work.New(d, clock.System{}, slog.New(slog.DiscardHandler), work.Options{Machine: machine})
	q.HandleTx("post", post)
	left, err := q.RunDue(t.Context()) // what nobody had leased
	if err != nil {
		t.Fatal(err)
	}
	machine.Advance(2 * time.Minute)
	leased, err := q.RunDue(t.Context()) // and what the dead process had
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("when the process died, %d jobs waited and %d were leased", left, leased)
	if left == 0 {
		t.Error("the kill came too late to show anything")
	}
	var rows, distinct int
	if err := d.Read().QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT job) FROM letter").Scan(&rows, &distinct); err != nil {
		t.Fatal(err)
	}
	if rows != jobs || distinct != jobs {
		t.Errorf("%d letters for %d of %d jobs", rows, distinct, jobs)
	}
}
