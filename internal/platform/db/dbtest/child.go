package dbtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const childEnv = "PASSERELLE_TEST_CHILD"

// Child starts the calling top-level test again in a process of its own, for
// tests that kill: there child runs with the path of a database file, and the
// process ends when it returns. The parent gets the running process, the lines
// it writes to standard output, and the path.
func Child(t *testing.T, child func(file string)) (cmd *exec.Cmd, out *bufio.Scanner, file string) {
	t.Helper()
	if file := os.Getenv(childEnv); file != "" {
		child(file)
		os.Exit(0)
	}
	file = t.TempDir() + "/child.db"
	cmd = exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childEnv+"="+file)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, bufio.NewScanner(pipe), file
}

// Must ends a child process whose err is not nil.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}
