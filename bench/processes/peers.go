package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// measurePeers is filled in with the peers.
func (r *report) measurePeers(context.Context, options) {}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench measures the server with its own program: three statements and a
// commit a transaction (-N), scale 10.
func pgbench(ctx context.Context, url string, clients int, length time.Duration) (float64, error) {
	program, err := exec.LookPath("pgbench")
	if err != nil {
		return 0, err
	}
	if out, err := exec.CommandContext(ctx, program, "-i", "-q", "-s", "10", url).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("pgbench -i: %w: %s", err, last(out))
	}
	n := strconv.Itoa(clients)
	out, err := exec.CommandContext(ctx, program, "-N", "-n", "-M", "prepared", "-c", n, "-j", "2", "-T", strconv.Itoa(int(length.Seconds())), url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, last(out))
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said: %s", last(out))
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// last is the end of what a program printed.
func last(out []byte) string {
	s := string(bytes.TrimSpace(out))
	return s[max(0, len(s)-400):]
}
