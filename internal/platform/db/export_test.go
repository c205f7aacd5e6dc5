package db

import (
	"database/sql/driver"
	"testing"
	"time"
)

// WithBusyMillis shortens the wait for locks of databases opened in this test.
func WithBusyMillis(t *testing.T, millis int) {
	before := busyMillis
	busyMillis = millis
	t.Cleanup(func() { busyMillis = before })
}

// WithConnector puts wrap between this test's writers and SQLite.
func WithConnector(t *testing.T, wrap func(driver.Connector) driver.Connector) {
	before := wrapConnector
	wrapConnector = wrap
	t.Cleanup(func() { wrapConnector = before })
}

// Again is whether a PostgreSQL transaction that ended in an error is run again.
var Again = again

// HoldGroups keeps the groups of PostgreSQL from beginning until release is called.
func HoldGroups(d *DB) (release func()) {
	g := d.backend.(*postgresDB).group
	for range cap(g.more) {
		g.more <- struct{}{}
	}
	g.place <- struct{}{}
	return func() {
		<-g.place
		for range cap(g.more) {
			<-g.more
		}
	}
}

// Groups is how many Writes wait for a group of PostgreSQL, and how many groups are
// under way.
func Groups(d *DB) (waiting, busy int) {
	g := d.backend.(*postgresDB).group
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting), len(g.place) + len(g.more)
}

// GroupsMost is how many groups are under way at most.
const GroupsMost = 1 + groupsMore

// WithGroupLock changes how long the groups of this test wait for a lock.
func WithGroupLock(t *testing.T, wait time.Duration) {
	before := groupLock
	groupLock = wait
	t.Cleanup(func() { groupLock = before })
}

// WithLogPages makes the checkpoints of this test come earlier.
func WithLogPages(t *testing.T, pages int64) {
	before := logPages
	logPages = pages
	t.Cleanup(func() { logPages = before })
}
