package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passerelle/bench/internal/load"
	"passerelle/internal/module/cases"
)

// finished runs one instance to its end and returns the case.
func (w *world) finished(ctx context.Context) (string, error) {
	task, err := w.userTask(ctx)
	if err != nil {
		return "", err
	}
	id, err := w.start(ctx, round)
	if err != nil {
		return "", err
	}
	return id, w.Approve(ctx, officer, id, id+task, true, "")
}

// sweep stores n cases whose timers are due, lets the queue run, and meanwhile
// has four clients give a command every 20 ms each.
func (w *world) sweep(ctx context.Context, n int) (sweep, error) {
	out := sweep{Database: w.database, Timers: n}
	task, err := w.userTask(ctx)
	if err != nil {
		return out, err
	}
	id, err := w.start(ctx, wait)
	if err != nil {
		return out, err
	}
	d, err := w.Open(ctx, officer, id, "bench", true)
	if err != nil {
		return out, err
	}
	waits := d.File.Process.Waits()
	if len(waits) != 1 {
		return out, fmt.Errorf("the process waits for %d things", len(waits))
	}
	if err := fill(ctx, w.DB, id, 1, n); err != nil {
		return out, err
	}
	due := w.clock.Now().Add(time.Hour)
	w.clock.Advance(2 * time.Hour) // the timers of all are over, the first case's too
	if err := enqueueTimers(ctx, w.DB, n, waits[0].ID, due); err != nil {
		return out, err
	}

	before := load.OwnCPU()
	dbBefore, err := w.databaseCPU()
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start, ended := time.Now(), make(chan error, 1)
	go func() { ended <- w.Queue.Run(ctx) }()
	swept := make(chan struct{})
	commands := make(chan load.Figures, 1)
	go func() { commands <- w.commands(ctx, task, swept) }()
	for left := true; left; {
		time.Sleep(50 * time.Millisecond)
		if left, err = timersDue(ctx, w.DB, due); err != nil || ctx.Err() != nil {
			return out, errors.Join(err, ctx.Err())
		}
	}
	took := time.Since(start)
	out.CPU = load.Round(float64((load.OwnCPU()-before).Microseconds())/float64(n), 0)
	dbAfter, err := w.databaseCPU()
	if err != nil {
		return out, err
	}
	out.DBCPU = load.Round(float64((dbAfter-dbBefore).Microseconds())/float64(n), 0)
	close(swept)
	f := <-commands
	cancel()
	if err := <-ended; err != nil {
		return out, err
	}
	if f.Errors > 0 {
		return out, f.First
	}
	closed, err := count(context.WithoutCancel(ctx), w.DB, wait, string(cases.Closed))
	if err != nil || closed != n+1 {
		return out, errors.Join(fmt.Errorf("%d cases of %d were closed by their timer", closed, n+1), err)
	}
	out.Seconds, out.PerSecond = load.Round(took.Seconds(), 2), load.Round(float64(n)/took.Seconds(), 0)
	out.Commands, out.P50, out.P99, out.Max = f.Done, f.Quantile(0.5), f.Quantile(0.99), f.Quantile(1)
	return out, nil
}

// commands starts and completes instances, four side by side, one command
// every 20 ms each, until swept is closed.
func (w *world) commands(ctx context.Context, task string, swept <-chan struct{}) load.Figures {
	id := make([]string, 4)
	return load.RunUntil(len(id), 20*time.Millisecond, swept, func(k, _ int) (err error) {
		if id[k] == "" {
			id[k], err = w.start(ctx, round)
			return err
		}
		err = w.Approve(ctx, officer, id[k], id[k]+task, true, "")
		id[k] = ""
		return err
	})
}
