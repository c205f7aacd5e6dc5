package work_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/work"
)

// BenchmarkJobs has 64 goroutines enqueue one job each per operation while the
// queue runs them in transactions; it ends when the last job is done. For
// PostgreSQL as in production, run it under pgtemp -durable.
func BenchmarkJobs(b *testing.B) {
	bench := func(open func(testing.TB) *db.DB) func(b *testing.B) {
		return func(b *testing.B) {
			d := open(b)
			if err := work.Migrate(b.Context(), d); err != nil {
				b.Fatal(err)
			}
			q := work.New(d, clock.System{}, slog.New(slog.DiscardHandler), work.Options{})
			var done, next atomic.Int64
			var ran sync.Map
			all := make(chan bool)
			for k := range 4 {
				q.HandleTx(fmt.Sprint(k), func(ctx context.Context, tx *db.Tx, j work.Job) error {
					if _, err := work.Once(ctx, tx, j.ID); err != nil {
						return err
					}
					if _, again := ran.LoadOrStore(j.ID, true); !again && done.Add(1) == int64(b.N) {
						close(all)
					}
					return nil
				})
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error)
			go func() { ended <- q.Run(ctx) }()
			before := d.Stats()
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := next.Add(1)
					err := d.Write(b.Context(), func(ctx context.Context, tx *db.Tx) error {
						return work.Enqueue(ctx, tx, work.Job{ID: fmt.Sprintf("%08d", n), Kind: fmt.Sprint(n % 4), Key: fmt.Sprint(n), Due: clock.System{}.Now()})
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			<-all
			b.StopTimer()
			after := d.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			b.ReportMetric(float64(after.Retries-before.Retries)/float64(b.N), "retries/job")
			cancel()
			if err := <-ended; err != nil {
				b.Error(err)
			}
		}
	}
	b.Run("sqlite", bench(dbtest.SQLite))
	b.Run("postgresql", bench(dbtest.PostgreSQL))
}
