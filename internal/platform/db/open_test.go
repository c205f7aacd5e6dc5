package db_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	noDatabase := filepath.Join(dir, "letter.txt")
	if err := os.WriteFile(noDatabase, []byte("Dear Sir or Madam, this is no database at all. Yours, a citizen."), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		url  string
		kind errs.Kind
	}{
		"unknown database": {"mysql://localhost/x", errs.Internal},
		"missing folder":   {"sqlite:" + filepath.Join(dir, "missing", "x.db"), errs.Unavailable},
		"not a database":   {"sqlite:" + noDatabase, errs.Internal},
		"no server":        {"postgres://nobody@127.0.0.1:1/x?sslmode=disable", errs.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := db.Open(t.Context(), test.url)
			if err == nil {
				_ = d.Close()
				t.Fatal("opened")
			}
			if errs.KindOf(err) != test.kind {
				t.Errorf("kind %v: %v", errs.KindOf(err), err)
			}
		})
	}
}

func TestAPathIsTakenAsItIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "où? 100% & #1.db")
	for range 2 { // made, and found again
		d, err := db.Open(t.Context(), "sqlite:"+file)
		if err != nil {
			t.Fatal(err)
		}
		migrated(t, d)
		if err := d.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestCloseLetsRunningWritesFinishAndRefusesLaterOnes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "close.db")
	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	migrated(t, d)
	inside, closing := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			close(inside)
			<-closing
			return insert("a", 1)(ctx, tx)
		})
		if err != nil {
			t.Errorf("the running write: %v", err)
		}
	})
	<-inside
	wg.Go(func() {
		close(closing)
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	wg.Wait()
	if err := d.Write(t.Context(), insert("b", 1)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a write after the close: %v", err)
	}
	again, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := count(t, again); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

// with returns the migrations and one more.
func with(files fstest.MapFS, name, text string) fstest.MapFS {
	more := maps.Clone(files)
	more[name] = &fstest.MapFile{Data: []byte(text)}
	return more
}

func TestABrokenMigrationLeavesTheTablesAsTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		migrated(t, d)
		broken := with(notes, "00002_broken.sql", "-- +goose Up\nALTER TABLE note ADD COLUMN x TEXT;\nINSERT INTO nowhere VALUES (1);\n")
		if err := d.Migrate(t.Context(), "notes", broken); err == nil {
			t.Fatal("migrated")
		}
		if _, err := d.Read().QueryContext(t.Context(), "SELECT x FROM note"); err == nil {
			t.Error("half of the migration stayed")
		}
		mended := with(notes, "00002_mended.sql", "-- +goose Up\nALTER TABLE note ADD COLUMN x TEXT;\n")
		if err := d.Migrate(t.Context(), "notes", mended); err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context(), "no good name", mended); err == nil {
			t.Error("a module's name with spaces was taken")
		}
	})
}
