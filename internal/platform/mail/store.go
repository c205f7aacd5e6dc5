package mail

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate creates the table of the demonstration's mailbox.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "mail", files)
}

// Mailbox is the Sender of the demonstration: it keeps every message.
type Mailbox struct {
	d     *db.DB
	clock clock.Clock
}

// NewMailbox keeps messages in d, dated by c.
func NewMailbox(d *db.DB, c clock.Clock) *Mailbox { return &Mailbox{d, c} }

// Kept is a message in the mailbox.
type Kept struct {
	Message
	At time.Time
}

// Send keeps m, unless its ID is there already.
func (b *Mailbox) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	return b.d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO mail_message (id, recipient, subject, body, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO NOTHING`, m.ID, m.To, m.Subject, m.Text, db.Micros(b.clock.Now()))
		return err
	})
}

// List returns up to n messages to the address to, or to everybody when to is
// "", the newest first. before is the ID of the last message of the page
// before, "" for the first page.
func (b *Mailbox) List(ctx context.Context, to, before string, n int) ([]Kept, error) {
	rows, err := b.d.Read().QueryContext(ctx, `
		SELECT id, recipient, subject, body, at FROM mail_message
		WHERE ($1 = '' OR recipient = $1)
		  AND ($2 = '' OR (at, id) < (SELECT m.at, m.id FROM mail_message m WHERE m.id = $2))
		ORDER BY at DESC, id DESC LIMIT $3`, to, before, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Kept
	for rows.Next() {
		k, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// Get returns one message; errs.NotFound when it is unknown.
func (b *Mailbox) Get(ctx context.Context, id string) (Kept, error) {
	k, err := scan(b.d.Read().QueryRowContext(ctx, `SELECT id, recipient, subject, body, at FROM mail_message WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Kept{}, errs.New(errs.NotFound, "").Because("mail: no message %q", id)
	}
	return k, err
}

func scan(row interface{ Scan(...any) error }) (Kept, error) {
	var k Kept
	var at int64
	err := row.Scan(&k.ID, &k.To, &k.Subject, &k.Text, &at)
	k.At = db.Time(at)
	return k, err
}
