package db_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
)

// BenchmarkWrite is 64 goroutines each writing five small rows per Write.
// For PostgreSQL as in production, run it under pgtemp -durable.
func BenchmarkWrite(b *testing.B) {
	bench := func(open func(testing.TB) *db.DB) func(b *testing.B) {
		return func(b *testing.B) {
			d := open(b)
			migrated(b, d)
			var next atomic.Int64
			before := d.Stats()
			b.SetParallelism(32) // times GOMAXPROCS 2
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := next.Add(1)
					err := d.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error {
						for i := range 5 {
							if err := insert(fmt.Sprintf("%08d-%d", n, i), i)(ctx, tx); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			after := d.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(b.N)/float64(after.Commits-before.Commits), "writes/commit")
			b.ReportMetric(float64(after.Commits-before.Commits)/b.Elapsed().Seconds(), "commits/s")
			b.ReportMetric(float64(after.Retries-before.Retries), "retries")
			b.ReportMetric((after.InCommit-before.InCommit).Seconds()/b.Elapsed().Seconds(), "in-commit")
		}
	}
	b.Run("sqlite", bench(dbtest.SQLite))
	b.Run("postgresql", bench(dbtest.PostgreSQL))
}
