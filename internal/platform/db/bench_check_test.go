package db_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
)

// BenchmarkCheckThenWrite is a command with an idempotency key: look it up,
// and when it is new, write two rows.
func BenchmarkCheckThenWrite(b *testing.B) {
	bench := func(open func(testing.TB) *db.DB) func(b *testing.B) {
		return func(b *testing.B) {
			d := open(b)
			migrated(b, d)
			before := d.Stats()
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := uuid.NewString() // as a client sends it: random
					err := d.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error {
						var known int
						if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM note WHERE id = $1", id).Scan(&known); err != nil || known > 0 {
							return err
						}
						if err := insert(id, 1)(ctx, tx); err != nil {
							return err
						}
						return insert(id+"-case", 1)(ctx, tx)
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			after := d.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(after.Retries-before.Retries)/float64(b.N), "retries/write")
		}
	}
	b.Run("sqlite", bench(dbtest.SQLite))
	b.Run("postgresql", bench(dbtest.PostgreSQL))
}
