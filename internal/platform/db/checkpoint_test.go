package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
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

// syncless makes the writer's checkpoints fail.
type syncless struct{ driver.Connector }

func (s syncless) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	return synclessConn{c}, err
}

type synclessConn struct{ driver.Conn }

func (c synclessConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if strings.Contains(query, "wal_checkpoint") {
		return nil, errSabotage
	}
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

// TestTheLogStaysWhenTheFileCannotBeSynced: pages that were copied beside the writer
// count, although no sync followed. When the sync fails that should have, only the
// log has them for certain.
func TestTheLogStaysWhenTheFileCannotBeSynced(t *testing.T) {
	db.WithLogPages(t, 50)
	db.WithConnector(t, func(c driver.Connector) driver.Connector { return syncless{c} })
	file := filepath.Join(t.TempDir(), "log.db")
	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, d)
	write := func(id string) error {
		return d.WriteGuarded(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, "INSERT INTO note (id, n, raw) VALUES ($1, 1, $2)", id, make([]byte, 4096))
		})
	}
	rows := 0
	for ; err == nil && rows < 4000; rows++ {
		err = write(fmt.Sprint(rows))
	}
	if err = write("again"); errs.KindOf(err) != errs.Unavailable || !errors.Is(err, errSabotage) {
		t.Fatalf("after %d writes: %v, want the failure of the disk", rows, err)
	}
	if err := d.Writable(t.Context()); err == nil {
		t.Error("it says that it writes")
	}
	if got := count(t, d); got != rows-1 {
		t.Errorf("%d rows, want %d", got, rows-1)
	}
	if err := d.Close(); !errors.Is(err, errSabotage) {
		t.Errorf("close: %v", err)
	}
	if log, err := os.Stat(file + "-wal"); err != nil || log.Size() < 50*4096 {
		t.Errorf("the log is gone: %v", err)
	}
}
