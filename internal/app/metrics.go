package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
	health := func() (lag time.Duration, incidents int) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		h, err := a.queue.Health(ctx)
		if err != nil {
			return 0, 0
		}
		return h.Lag, h.Incidents
	}
	gauge("work_lag_seconds", "Age of the oldest job that is due and not done.", func() float64 { l, _ := health(); return l.Seconds() })
	gauge("work_incidents", "Jobs that wait for a person to mend their cause.", func() float64 { _, n := health(); return float64(n) })
	counter("db_writes_total", "Acknowledged write transactions.", func() int64 { return a.db.Stats().Writes })
	counter("db_commits_total", "Commits; on SQLite one holds several writes.", func() int64 { return a.db.Stats().Commits })
	counter("db_failed_total", "Writes that returned an error.", func() int64 { return a.db.Stats().Failed })
}
