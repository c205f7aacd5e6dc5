package app

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerelle/internal/platform/work"
)

// measure adds what an operator watches to /metrics: how far the queue is
// behind, what waits for a person, and how the database writes.
func (a *App) measure(r prometheus.Registerer) {
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "passerelle", Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() int64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "passerelle", Name: name, Help: help}, func() float64 { return float64(value()) }))
	}
	// A queue that cannot be asked is not a healthy one: then there is no figure.
	health := func(figure func(work.Health) float64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			h, err := a.queue.Health(ctx)
			if err != nil {
				return math.NaN()
			}
			return figure(h)
		}
	}
	gauge("work_lag_seconds", "Age of the oldest job that is due and not done; NaN when the queue cannot be asked.",
		health(func(h work.Health) float64 { return h.Lag.Seconds() }))
	gauge("work_incidents", "Jobs that wait for a person to mend their cause; NaN when the queue cannot be asked.",
		health(func(h work.Health) float64 { return float64(h.Incidents) }))
	gauge("db_writable", "1 while the database takes writes, 0 while it refuses them: a full disk, a disk that fails.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if a.db.Writable(ctx) != nil {
			return 0
		}
		return 1
	})
	counter("db_writes_total", "Acknowledged write transactions.", func() int64 { return a.db.Stats().Writes })
	counter("db_commits_total", "Commits; on SQLite one holds several writes.", func() int64 { return a.db.Stats().Commits })
	counter("db_failed_total", "Writes that returned an error.", func() int64 { return a.db.Stats().Failed })
}
