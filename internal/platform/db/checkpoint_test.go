package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"passerelle/internal/platform/db"
)

func TestTheLogBeginsAnewWhileEverybodyWrites(t *testing.T) {
	db.WithLogPages(t, 200)
	file := filepath.Join(t.TempDir(), "log.db")
	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, d)
	other, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	page := make([]byte, 4096)
	write := func(id string) {
		err := d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "INSERT INTO note (id, n, raw) VALUES ($1, 1, $2)", id, page)
		})
		if err != nil {
			t.Error(err)
		}
	}
	rows, anew := 0, 0
	for last := int64(0); anew < 3 && rows < 4000; { // a log of 20,000 rows is below what the writer takes care of
		var wg sync.WaitGroup
		for range 4 {
			row := rows
			wg.Go(func() {
				for i := range 5 {
					write(fmt.Sprint(row, "/", i))
				}
			})
			rows++
		}
		wg.Wait()
		var busy, pages, copied int64
		if err := other.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &copied); err != nil {
			t.Fatal(err)
		}
		if pages < last {
			anew++
		}
		last = pages
	}
	if anew < 3 {
		t.Errorf("after %d writes the log has begun anew %d times", 5*rows, anew)
	}
	if got := count(t, d); got != 5*rows {
		t.Errorf("%d rows, want %d", got, 5*rows)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
