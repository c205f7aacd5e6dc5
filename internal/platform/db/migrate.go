package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"

	"github.com/pressly/goose/v3"
)

// migration is one module's migrations on their way to a database.
type migration struct {
	module string
	fsys   fs.FS
}

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Migrate brings the tables of module up to date: it runs the goose files
// (NNNNN_name.sql at the root of fsys) that table goose_<module> does not know
// yet, each in its own transaction. The texts are the same for both databases.
// Several processes may call it at once.
func (d *DB) Migrate(ctx context.Context, module string, fsys fs.FS) error {
	if !moduleName.MatchString(module) {
		return fmt.Errorf("db: %q is not a module name", module)
	}
	if err := d.backend.migrate(ctx, migration{module, fsys}); err != nil {
		return fmt.Errorf("migrate %s: %w", module, explain(err))
	}
	return nil
}

// LeaveRoom has PostgreSQL fill the pages of a table only so far, in per cent, so
// that the new version of a row finds room beside the old one and no index need
// learn of it. It changes nothing on SQLite, which writes in place, nor where
// the operator has set another figure.
func (d *DB) LeaveRoom(ctx context.Context, table string, fill int) error {
	if d.Dialect() != PostgreSQL {
		return nil
	}
	return d.Write(ctx, func(ctx context.Context, tx *Tx) error {
		var set bool
		err := tx.QueryRowContext(ctx, `SELECT COALESCE(array_to_string(reloptions, ' '), '') LIKE '%fillfactor=%' FROM pg_class WHERE oid = to_regclass($1)`, table).Scan(&set)
		if err != nil || set {
			return err
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf("ALTER TABLE %s SET (fillfactor = %d)", table, fill))
		return err
	})
}

func (m migration) run(ctx context.Context, dialect goose.Dialect, on *sql.DB) error {
	p, err := goose.NewProvider(dialect, on, m.fsys,
		goose.WithTableName("goose_"+m.module),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	if errors.Is(err, goose.ErrNoMigrations) {
		return errors.New("no NNNNN_name.sql files found")
	}
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migrate runs on a connection of its own; the writer's readers see the new schema
// by themselves. Processes queue on the file's write lock, for each migration
// alone: whoever looked before another had finished fails on what it has made, and
// looks again.
func (s *sqliteDB) migrate(ctx context.Context, m migration) error {
	on, err := sql.Open("sqlite", sqliteDSN(s.path))
	if err != nil {
		return err
	}
	defer on.Close()
	on.SetMaxOpenConns(1)
	files, err := fs.Glob(m.fsys, "*.sql")
	if err != nil {
		return err
	}
	for range len(files) + 1 {
		if err = m.run(ctx, goose.DialectSQLite3, on); err == nil {
			return nil
		}
	}
	return err
}

// migrate holds an advisory lock of the module, so that nodes that start
// together migrate one after the other.
func (p *postgresDB) migrate(ctx context.Context, m migration) error {
	conn, err := p.writes.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext(current_schema() || '.' || $1))", "goose_"+m.module); err != nil {
		return err
	}
	defer func() { // the lock goes with the connection in any case
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtext(current_schema() || '.' || $1))", "goose_"+m.module)
	}()
	return m.run(ctx, goose.DialectPostgres, p.writes)
}
