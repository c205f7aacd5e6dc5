// Command temporal measures start → activity → signal of a person → end on a
// running Temporal server: one line of JSON for each number of clients.
// Arguments: address, clients (1,8,32), seconds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const queue = "bench"

func round(ctx workflow.Context, size int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var paper int
	if err := workflow.ExecuteActivity(ctx, service, size).Get(ctx, &paper); err != nil {
		return 0, err
	}
	workflow.GetSignalChannel(ctx, "user").Receive(ctx, nil)
	return paper, nil
}

func service(_ context.Context, size int) (int, error) { return size, nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	length, err := time.ParseDuration(os.Args[3] + "s")
	if err != nil {
		return err
	}
	c, err := dial(os.Args[1])
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(round)
	w.RegisterActivity(service)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	for text := range strings.SplitSeq(os.Args[2], ",") {
		clients, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if _, err := measure(c, clients, 3*time.Second); err != nil { // warm-up
			return err
		}
		start := time.Now()
		all, err := measure(c, clients, length)
		if err != nil {
			return err
		}
		took := time.Since(start).Seconds()
		slices.Sort(all)
		ms := func(q float64) float64 { return all[int(q*float64(len(all)-1))].Seconds() * 1000 }
		if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"clients": clients,
			"instances_per_second": float64(len(all)) / took, "p50_ms": ms(0.5), "p99_ms": ms(0.99)}); err != nil {
			return err
		}
	}
	return nil
}

// dial waits up to a minute for the server.
func dial(address string) (client.Client, error) {
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	for tries := 0; ; tries++ {
		c, err := client.Dial(client.Options{HostPort: address, Logger: quiet})
		if err == nil || tries == 60 {
			return c, err
		}
		time.Sleep(time.Second)
	}
}

// measure runs whole instances with so many clients.
func measure(c client.Client, clients int, length time.Duration) ([]time.Duration, error) {
	until := time.Now().Add(length)
	each, failed := make([][]time.Duration, clients), make([]error, clients)
	var wg sync.WaitGroup
	for k := range clients {
		wg.Go(func() {
			for start := time.Now(); start.Before(until); start = time.Now() {
				if failed[k] = one(c); failed[k] != nil {
					return
				}
				each[k] = append(each[k], time.Since(start))
			}
		})
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(each...), nil
}

func one(c client.Client) error {
	ctx := context.Background()
	r, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: queue}, round, 7)
	if err != nil {
		return err
	}
	if err := c.SignalWorkflow(ctx, r.GetID(), r.GetRunID(), "user", nil); err != nil {
		return err
	}
	return r.Get(ctx, nil)
}
