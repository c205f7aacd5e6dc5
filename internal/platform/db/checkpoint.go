package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"passerelle/internal/platform/errs"
)

const (
	logMost    = 128 << 20 // bytes of the log after which the writer itself copies it, if nobody else could
	logLooks   = 16        // commits between two looks at the log
	checkpoint = "PRAGMA wal_checkpoint(PASSIVE)"
)

// logPages is how many pages the log has before they are copied: 16 MiB.
var logPages int64 = 4000

// checkpointer copies the log of SQLite into the file beside the writer, for
// which everybody waits. What the writer adds meanwhile it copies itself at the
// end (copyRest): the log begins anew only when all of it is in the file.
type checkpointer struct {
	w       *writer
	pool    *sql.DB
	stopped chan struct{}
}

func newCheckpointer(w *writer, pool *sql.DB) *checkpointer {
	pool.SetMaxOpenConns(1)
	c := &checkpointer{w: w, pool: pool, stopped: make(chan struct{})}
	go c.run()
	return c
}

func (c *checkpointer) run() {
	defer close(c.stopped)
	for range c.w.grown {
		// On an error the log stays and grows; at logMost the writer meets it too.
		if pages, err := left(c.pool, "PRAGMA wal_checkpoint(NOOP)"); err != nil || pages < logPages {
			continue
		}
		c.w.copied.mu.Lock()
		err := c.w.copied.some(c.pool, false)
		c.w.copied.mu.Unlock()
		if err != nil {
			continue
		}
		select {
		case c.w.tidy <- struct{}{}:
		default:
		}
	}
}

// left runs a checkpoint and returns how many pages of the log were left to copy
// when it ended.
func left(on Querier, text string) (int64, error) {
	var busy, pages, copied int64
	err := on.QueryRowContext(context.Background(), text).Scan(&busy, &pages, &copied)
	return pages - copied + busy, err
}

// close waits for the checkpoint under way. The writer is closed already.
func (c *checkpointer) close() error {
	<-c.stopped
	if doubt := c.w.copied.doubt.Load(); doubt != nil {
		return *doubt // the last connection to close would copy the rest and remove the log
	}
	return c.pool.Close()
}

// copied is what is known about the copies of the log. SQLite counts pages that it
// has copied while the log grew as copied, and syncs the file only with the last
// ones. When that sync fails, it copies those again, but not the ones before, of
// which the disk may have lost some: the log is all that has them. It must not
// begin anew then. What begins anew on the files, as the next process does, copies
// all of it.
type copied struct {
	mu       sync.Mutex // one copies at a time
	unsynced bool       // pages count that no sync has followed
	doubt    atomic.Pointer[error]
}

// some copies what it can. all: the log does not grow meanwhile, so that the file is
// synced when nothing is left.
func (c *copied) some(on Querier, all bool) error {
	if doubt := c.doubt.Load(); doubt != nil {
		return *doubt
	}
	n, err := left(on, checkpoint)
	switch {
	case err == nil:
		c.unsynced = !all || n > 0
	case c.unsynced && !harmless(err):
		err = errs.Wrap(errs.Unavailable, "", fmt.Errorf("the disk of the database fails; start Passerelle again when it is well: %w", err))
		c.doubt.Store(&err)
	}
	return err
}

// harmless reports whether a checkpoint ended for another reason than the disk.
func harmless(err error) bool {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return false
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// longLog reports whether the log of a file has become so long that the writer
// copies it itself.
func longLog(path string) bool {
	f, err := os.Stat(path + "-wal")
	return err == nil && f.Size() > logMost
}
