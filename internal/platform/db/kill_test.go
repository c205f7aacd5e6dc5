//go:build unix

package db_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

func TestAfterAKillEveryAcknowledgedRowIsThereOnce(t *testing.T) {
	cmd, out, file := dbtest.Child(t, func(file string) {
		ctx := context.Background()
		d, err := db.Open(ctx, "sqlite:"+file)
		dbtest.Must(err)
		dbtest.Must(d.Migrate(ctx, "notes", notes))
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%d-%d", g, i)
					dbtest.Must(d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
						if err := insert(id+"a", i)(ctx, tx); err != nil {
							return err
						}
						return insert(id+"b", i)(ctx, tx)
					}))
					os.Stdout.WriteString(id + "\n") // the acknowledgement, in one system call
				}
			})
		}
		wg.Wait()
	})
	var acknowledged []string
	for out.Scan() {
		acknowledged = append(acknowledged, out.Text())
		if len(acknowledged) == 3000 {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL, under load
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if len(acknowledged) < 3000 {
		t.Fatalf("the child ended after %d writes", len(acknowledged))
	}

	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	found := map[string]int{}
	rows, err := d.Read().QueryContext(t.Context(), "SELECT id FROM note")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		found[id[:len(id)-1]]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range acknowledged {
		if found[id] != 2 {
			t.Errorf("acknowledged write %s has %d of its 2 rows", id, found[id])
		}
	}
	for id, n := range found {
		if n != 2 {
			t.Errorf("write %s is half there", id)
		}
	}
	var sound string
	if err := d.Read().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity: %s, %v", sound, err)
	}
}

// The file size limit of the process makes write(2) itself fail, as a broken
// disk does.
func TestAWriteTheSystemRefusesIsUnavailableAndTheWriterRecovers(t *testing.T) {
	cmd, out, _ := dbtest.Child(t, func(file string) {
		ctx := context.Background()
		signal.Ignore(syscall.SIGXFSZ)
		d, err := db.Open(ctx, "sqlite:"+file)
		dbtest.Must(err)
		dbtest.Must(d.Migrate(ctx, "notes", notes))
		dbtest.Must(d.Write(ctx, insert("before", 1)))
		var limit syscall.Rlimit
		dbtest.Must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
		low := limit
		low.Cur = 300_000
		dbtest.Must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low))
		var wg sync.WaitGroup
		var mu sync.Mutex
		acknowledged, refused := 1, 0
		for i := range 40 {
			wg.Go(func() {
				err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.ExecContext(ctx, "INSERT INTO note (id, n, doc) VALUES ($1, 1, $2)", fmt.Sprint(i), strings.Repeat("x", 50_000))
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					acknowledged++
				case errs.KindOf(err) == errs.Unavailable:
					refused++
				default:
					dbtest.Must(err)
				}
			})
		}
		wg.Wait()
		dbtest.Must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
		dbtest.Must(d.Write(ctx, insert("after", 1)))
		var rows int
		dbtest.Must(d.Read().QueryRowContext(ctx, "SELECT count(*) FROM note").Scan(&rows))
		fmt.Printf("result %v %v\n", refused > 0, rows == acknowledged+1)
		dbtest.Must(d.Close())
	})
	var result string
	for out.Scan() {
		if strings.HasPrefix(out.Text(), "result") {
			result = out.Text()
		}
	}
	if err := cmd.Wait(); err != nil || result != "result true true" {
		t.Errorf("child: %v, %q (some refused, rows as acknowledged)", err, result)
	}
}

// What the log holds when a process dies may never have reached the disk, and
// whoever sends it again would be told that it is stored. Opening writes it once
// more, before anybody reads it.
func TestOpeningMakesTheLogOfAProcessThatDiedDurable(t *testing.T) {
	cmd, out, file := dbtest.Child(t, func(file string) {
		ctx := context.Background()
		d, err := db.Open(ctx, "sqlite:"+file)
		dbtest.Must(err)
		dbtest.Must(d.Migrate(ctx, "notes", notes))
		dbtest.Must(d.Write(ctx, insert("before", 1)))
		fmt.Println("written")
		select {} // until killed
	})
	if !out.Scan() {
		t.Fatal("the child says nothing")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	log := file + "-wal"
	old := time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)
	if err := os.Chtimes(log, old, old); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(log)
	if err != nil || len(before) == 0 {
		t.Fatalf("a log of %d bytes, %v", len(before), err)
	}

	d, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	info, err := os.Stat(log)
	if err != nil || info.ModTime().Equal(old) {
		t.Errorf("the log was not written again: %v", err)
	}
	if after, err := os.ReadFile(log); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the log has other bytes, %v", err)
	}
	if n := count(t, d); n != 1 {
		t.Errorf("%d rows, want the one of the child", n)
	}
}
