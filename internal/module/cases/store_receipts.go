package cases

import (
	"context"
	"database/sql"
	"errors"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
)

// addReceipt keeps a receipt. One that is there already is the same.
func (store) addReceipt(ctx context.Context, tx db.Querier, caseID string, r *pack.Receipt) error {
	text, err := r.JSON()
	if err != nil {
		return err
	}
	return db.Send(ctx, tx, `INSERT INTO cases_receipt (hash, case_id, receipt) VALUES ($1,$2,$3) ON CONFLICT (hash) DO NOTHING`, r.Hash, caseID, string(text))
}

// receipt returns the receipt with a hash, nil when none is kept.
func (store) receipt(ctx context.Context, q db.Querier, hash string) (*pack.Receipt, error) {
	var text string
	err := q.QueryRowContext(ctx, `SELECT receipt FROM cases_receipt WHERE hash = $1`, hash).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := pack.ReadReceipt([]byte(text))
	return &r, err
}
