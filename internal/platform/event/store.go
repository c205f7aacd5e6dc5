package event

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate creates the table of this package; package work migrates its own.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "event", files)
}

const insertText = `
	INSERT INTO event_log (id, type, subject, at, payload) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (id) DO NOTHING`

// insert stores e; a known id ends the transaction.
func insert(ctx context.Context, tx *db.Tx, e Event) error {
	known := errs.New(errs.Conflict, "").Because("event: %s was published before", e.ID)
	return db.SendOne(ctx, tx, known, insertText, e.ID, e.Type, e.Subject, db.Micros(e.At), string(e.Payload))
}

func load(ctx context.Context, q db.Querier, id string) (Event, error) {
	e := Event{ID: id}
	var at int64
	var payload string
	err := q.QueryRowContext(ctx, `SELECT type, subject, at, payload FROM event_log WHERE id = $1`, id).Scan(&e.Type, &e.Subject, &at, &payload)
	if errors.Is(err, sql.ErrNoRows) {
		return Event{}, errs.Wrap(errs.NotFound, "", err).Because("event: no event %q", id)
	}
	e.At, e.Payload = db.Time(at), json.RawMessage(payload)
	return e, err
}
