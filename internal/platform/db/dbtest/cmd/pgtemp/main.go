// Command pgtemp starts a temporary PostgreSQL server and runs a command with
// its address in PASSERELLE_TEST_POSTGRES, or, without a command, prints the
// address and waits for a signal.
//
//	pgtemp [-durable] [-- command arguments…]
//
// With -durable the server syncs to the disk, for benchmarks. Where PostgreSQL
// is not installed, pgtemp says so and runs the command all the same: the
// tests then skip what needs it. It exits with the command's code.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"passerelle/internal/platform/db/dbtest"
)

func main() {
	durable := flag.Bool("durable", false, "sync to the disk, as in production")
	flag.Parse()
	os.Exit(run(*durable, flag.Args()))
}

func run(durable bool, command []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	mode := dbtest.Quick
	if durable {
		mode = dbtest.Durable
	}
	env := os.Environ()
	cluster, err := dbtest.StartCluster(mode)
	switch {
	case errors.Is(err, dbtest.ErrNoBinaries) && len(command) > 0:
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 1
	default:
		defer func() { _ = cluster.Stop() }()
		env = append(env, "PASSERELLE_TEST_POSTGRES="+cluster.URL)
	}
	if len(command) == 0 {
		fmt.Println(cluster.URL)
		<-signals
		return 0
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 127
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 1
	}
}
