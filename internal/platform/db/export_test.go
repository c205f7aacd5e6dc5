package db

import (
	"database/sql/driver"
	"testing"
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
