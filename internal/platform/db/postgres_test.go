package db_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

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

// cutter passes connections on to a PostgreSQL socket. Once armed, it cuts the
// connection on which the next COMMIT is seen, after the server has answered
// it (late) or before the server got it.
type cutter struct {
	armed, late atomic.Bool
	cuts        atomic.Int64
}

// preparedCommit is the name under which the driver has prepared COMMIT.
var preparedCommit = func() []byte {
	sum := sha256.Sum256([]byte("COMMIT"))
	return fmt.Appendf(nil, "stmtcache_%x", sum[:24])
}()

func (c *cutter) serve(t *testing.T, server string) (through string) {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	to := filepath.Join(u.Query().Get("host"), socket)
	if u.Query().Get("host") == "" {
		t.Skip("the test server is not reached through a unix socket")
	}
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", to)
			if err != nil {
				_ = client.Close()
				return
			}
			go c.pass(client, server)
		}
	}()
	q := u.Query()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return u.String()
}

func (c *cutter) pass(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var cut atomic.Bool
	answered := make(chan bool)
	go func() { // server → client
		defer close(answered)
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil || cut.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if (bytes.Contains(buf[:n], []byte("COMMIT")) || bytes.Contains(buf[:n], preparedCommit)) && c.armed.CompareAndSwap(true, false) {
			c.cuts.Add(1)
			if !c.late.Load() {
				return
			}
			cut.Store(true)
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
			<-answered // the server has committed; the client never hears it
			return
		}
		if _, err := server.Write(buf[:n]); err != nil && err != io.EOF {
			return
		}
	}
}

func TestACommitWithoutAnAnswerIsLookedUp(t *testing.T) {
	for name, late := range map[string]bool{"cut before the server got it": false, "cut after the server did it": true} {
		t.Run(name, func(t *testing.T) {
			var c cutter
			d, err := db.Open(t.Context(), c.serve(t, dbtest.PostgreSQLURL(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			migrated(t, d)
			c.late.Store(late)
			c.armed.Store(true)
			runs := 0
			err = d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				runs++
				return insert("a", runs)(ctx, tx) // a second run after a commit would violate the key
			})
			want := map[bool]int{false: 2, true: 1}[late]
			if err != nil || runs != want || c.cuts.Load() != 1 {
				t.Errorf("%v after %d runs and %d cuts, want %d runs", err, runs, c.cuts.Load(), want)
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
			var c cutter
			d, err := db.Open(t.Context(), c.serve(t, dbtest.PostgreSQLURL(t)))
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
			c.late.Store(late)
			c.armed.Store(true)
			runs = 0
			err = write("c", "d")
			want := map[bool]int{false: 2, true: 1}[late]
			if err != nil || runs != want || c.cuts.Load() != 1 {
				t.Errorf("%v after %d runs and %d cuts, want %d runs", err, runs, c.cuts.Load(), want)
			}
			if got := count(t, d); got != 4 {
				t.Errorf("%d rows, want 4", got)
			}
		})
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
