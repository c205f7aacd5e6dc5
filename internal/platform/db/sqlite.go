package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
)

const (
	sqliteReaders    = 8    // reading connections; each keeps its own page cache
	sqliteStatements = 1000 // prepared statements kept per pool
)

type sqliteDB struct {
	path    string
	writer  *writer
	copies  *checkpointer
	readers *sql.DB
	reading *prepared
}

// sqliteDSN is the address of the file with the settings every connection
// gets. Writing connections begin with IMMEDIATE, so that two processes queue
// instead of failing half way.
func sqliteDSN(path string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}}
	for _, p := range append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyMillis),
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit is on the disk before it is acknowledged
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		"trusted_schema(0)",
	}, pragmas...) {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// busyMillis is how long SQLite waits for another process's lock.
var busyMillis = 5000

// wrapConnector lets a test stand between database/sql and the writer's
// driver, to make statements fail.
var wrapConnector = func(c driver.Connector) driver.Connector { return c }

func openSQLite(ctx context.Context, path string, c *counters) (_ *sqliteDB, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	// fdatasync keeps a commit as durable as fsync, without journaling the
	// file's timestamps; systems that lack it keep fsync.
	_, _ = sqlite.Fdatasync(true)

	w, err := openWriter(ctx, path, sqliteDSN(path,
		"cache_size(-16384)",            // 16 MiB
		"wal_autocheckpoint(0)",         // see checkpointer
		"journal_size_limit(67108864)"), // give a log that grew under long reads back to the disk
		c)
	if err != nil {
		return nil, err
	}
	copying, err := sql.Open("sqlite", sqliteDSN(path, "wal_autocheckpoint(0)"))
	if err != nil {
		w.close()
		return nil, err
	}
	copies := newCheckpointer(w, copying)
	readers, err := sql.Open("sqlite", sqliteDSN(path, "query_only(1)", "cache_size(-4096)"))
	if err != nil {
		w.close()
		return nil, errors.Join(err, copies.close())
	}
	readers.SetMaxOpenConns(sqliteReaders)
	readers.SetMaxIdleConns(sqliteReaders)
	return &sqliteDB{path: path, writer: w, copies: copies, readers: readers, reading: &prepared{on: readers}}, nil
}

func (s *sqliteDB) dialect() Dialect { return SQLite }
func (s *sqliteDB) read() Querier    { return s.reading }
func (s *sqliteDB) touch() string    { return "PRAGMA user_version = 0" }

// room writes a file beside the database and removes it: on a full disk a small
// row may still fit where a larger one was refused.
func (s *sqliteDB) room() error {
	f, err := os.CreateTemp(filepath.Dir(s.path), "room-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 1<<20))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func (s *sqliteDB) write(ctx context.Context, _ bool, fn func(context.Context, *Tx) error) error {
	return s.writer.write(ctx, fn)
}

func (s *sqliteDB) commit(ctx context.Context, statements []statement) error {
	return s.writer.commit(ctx, statements)
}

func (s *sqliteDB) ping(ctx context.Context) error {
	var one int
	return s.reading.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

func (s *sqliteDB) close() error {
	s.writer.close()
	s.reading.forget()
	return errors.Join(s.copies.close(), s.readers.Close())
}

// prepared runs statements on a pool or a connection and keeps them prepared
// (database/sql prepares a pool's statement once per connection).
type prepared struct {
	on sqlRunner

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.stmts[query]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	st, err := p.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil { // another goroutine was quicker
		_ = st.Close()
		return first, nil
	}
	if p.stmts == nil || len(p.stmts) >= sqliteStatements {
		// Stores have a bounded number of texts; one that builds texts freely
		// only costs a fresh start. Statements in use finish before they close.
		go closeAll(p.stmts)
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[query] = st
	return st, nil
}

func closeAll(stmts map[string]*sql.Stmt) {
	for _, st := range stmts {
		_ = st.Close()
	}
}

func (p *prepared) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	closeAll(p.stmts)
	p.stmts = nil
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	args, err := normalise(args)
	if err != nil {
		return nil, err
	}
	st, err := p.stmt(ctx, query)
	if err != nil {
		return nil, explain(err)
	}
	res, err := st.ExecContext(ctx, args...)
	return res, explain(err)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args, err := normalise(args)
	if err != nil {
		return nil, err
	}
	st, err := p.stmt(ctx, query)
	if err != nil {
		return nil, explain(err)
	}
	rows, err := st.QueryContext(ctx, args...)
	return rows, explain(err)
}

func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	args, err := normalise(args)
	if err != nil {
		return brokenRow(ctx, err)
	}
	st, err := p.stmt(ctx, query)
	if err != nil {
		return brokenRow(ctx, explain(err))
	}
	return explained(ctx, st.QueryRowContext(ctx, args...))
}

// sqliteConnector is the writer's way to the driver.
func sqliteConnector(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return wrapConnector(c), nil
}
