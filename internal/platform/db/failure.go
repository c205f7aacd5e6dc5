package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"passerelle/internal/platform/errs"
)

// IsUnique reports whether err is the violation of a unique constraint or
// primary key.
func IsUnique(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
			return true
		}
		return false
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == "23505"
}

// explain gives an error of the database its kind: what passes by itself or
// needs the operator's hand on the machine is errs.Unavailable, with a cause
// an operator understands. Other errors, and errors explained already, stay.
func explain(err error) error {
	var known *errs.Error
	if err == nil || errors.Is(err, sql.ErrNoRows) || errors.As(err, &known) {
		return err
	}
	if why := unavailable(err); why != "" {
		return errs.Wrap(errs.Unavailable, "", fmt.Errorf("%s: %w", why, err))
	}
	return err
}

// unavailable says in the operator's words why the database cannot answer, or
// "" when err is another kind of trouble.
func unavailable(err error) string {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return "the database is locked by another process"
		case sqlite3.SQLITE_FULL:
			return "the disk of the database is full"
		case sqlite3.SQLITE_IOERR:
			return "the disk of the database fails"
		case sqlite3.SQLITE_READONLY:
			return "the database cannot be written"
		case sqlite3.SQLITE_CANTOPEN:
			return "the database file cannot be opened"
		case sqlite3.SQLITE_NOMEM:
			return "no memory left for the database"
		case sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL:
			return "the database was interrupted"
		}
		return ""
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch {
		case pe.Code == "40001", pe.Code == "40P01", pe.Code == "55P03":
			return "the database is contended"
		case pe.Code == "53100":
			return "the disk of the database is full"
		case strings.HasPrefix(pe.Code, "53"):
			return "the database has no resources left"
		case pe.Code == "58030":
			return "the disk of the database fails"
		case lostConnection(err):
			return "the database server is gone"
		}
		return ""
	}
	if lostConnection(err) {
		return "the database server cannot be reached"
	}
	return ""
}

// lostConnection reports whether the PostgreSQL server, or the way to it, went
// away, or the server has become a standby.
func lostConnection(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "57P01", "57P02", "57P03", "57P05", // shut down, crashed, starting, idle too long
			"25006", // read-only transaction: a former leader
			"53300": // too many connections
			return true
		}
		// With a panic (an fsync that failed, for one) the server ends every connection
		// and recovers, or ends itself.
		return strings.HasPrefix(pe.Code, "08") || pe.SeverityUnlocalized == "PANIC"
	}
	var ce *pgconn.ConnectError
	var ne net.Error
	return errors.As(err, &ce) || errors.As(err, &ne) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed")
}

// lockTimeout reports whether a statement gave up waiting for a lock.
func lockTimeout(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == "55P03"
}

// again reports whether a PostgreSQL transaction that ended in err may succeed
// when it is run again.
func again(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01") {
		return true
	}
	return lostConnection(err)
}

// failing is a connector that never connects; see brokenRow.
type failing struct{ err error }

func (f failing) Connect(context.Context) (driver.Conn, error) { return nil, f.err }
func (f failing) Driver() driver.Driver                        { return nil }
