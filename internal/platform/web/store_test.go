package web

import (
	"context"
	"testing"

	"passerelle/internal/platform/db"
)

const (
	wholeRow = `SELECT hash || data FROM web_session`
	lastSeen = `SELECT seen FROM web_session`
)

// one returns the single value of a query.
func one[V any](t *testing.T, d *db.DB, query string) (v V) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// rows counts the stored sessions.
func rows(t *testing.T, d *db.DB) int {
	t.Helper()
	return one[int](t, d, `SELECT count(*) FROM web_session`)
}

// dropTable makes every use of the store fail.
func dropTable(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `DROP TABLE web_session`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
