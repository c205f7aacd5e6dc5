package db

import (
	"context"
	"database/sql"
)

const (
	logMost    = 32000 // pages in the log after which the writer itself copies them, if nobody else could
	logLooks   = 16    // commits between two looks at the log
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
		if pages, err := c.ask("PRAGMA wal_checkpoint(NOOP)"); err != nil || pages < logPages {
			continue
		}
		if _, err := c.ask(checkpoint); err != nil {
			continue
		}
		select {
		case c.w.tidy <- struct{}{}:
		default:
		}
	}
}

// ask runs a checkpoint and returns how many pages of the log were left to copy
// when it ended.
func (c *checkpointer) ask(text string) (left int64, err error) {
	var busy, pages, copied int64
	err = c.pool.QueryRowContext(context.Background(), text).Scan(&busy, &pages, &copied)
	return pages - copied, err
}

// close waits for the checkpoint under way. The writer is closed already.
func (c *checkpointer) close() error {
	<-c.stopped
	return c.pool.Close()
}
