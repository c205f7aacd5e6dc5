package web

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"passerelle/internal/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings this package's table up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "web", sub)
}

// record is a stored session. It is shared by the cache and never changed.
type record struct {
	Identity *Identity         `json:"identity,omitempty"`
	Values   map[string]string `json:"values,omitempty"`

	seen, deadline time.Time
}

func (rec *record) account() string {
	if rec.Identity == nil {
		return ""
	}
	return rec.Identity.Account
}

// findSession returns nil when there is no such session.
func findSession(ctx context.Context, q db.Querier, hash string) (*record, error) {
	var data string
	var seen, deadline int64
	err := q.QueryRowContext(ctx, `SELECT data, seen, deadline FROM web_session WHERE hash = $1`, hash).Scan(&data, &seen, &deadline)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec := &record{seen: db.Time(seen), deadline: db.Time(deadline)}
	if err := json.Unmarshal([]byte(data), rec); err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return rec, nil
}

func saveSession(ctx context.Context, q db.Querier, hash string, rec *record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO web_session (hash, account, data, seen, deadline) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET account = excluded.account, data = excluded.data, seen = excluded.seen, deadline = excluded.deadline`,
		hash, rec.account(), string(data), db.Micros(rec.seen), db.Micros(rec.deadline))
	return err
}

func touchSession(ctx context.Context, q db.Querier, hash string, seen time.Time) error {
	_, err := q.ExecContext(ctx, `UPDATE web_session SET seen = $1 WHERE hash = $2`, db.Micros(seen), hash)
	return err
}

func deleteSession(ctx context.Context, q db.Querier, hash string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM web_session WHERE hash = $1`, hash)
	return err
}

func deleteSessionsOf(ctx context.Context, q db.Querier, account string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM web_session WHERE account = $1`, account)
	return err
}

// purgeSessions removes those that ended or were last seen before idle.
func purgeSessions(ctx context.Context, q db.Querier, now, idle time.Time) error {
	_, err := q.ExecContext(ctx, `DELETE FROM web_session WHERE deadline < $1 OR seen < $2`, db.Micros(now), db.Micros(idle))
	return err
}

// answers tells whether the database can be read.
func answers(ctx context.Context, q db.Querier) error {
	var one int
	return q.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}
