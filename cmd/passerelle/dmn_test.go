package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write what the commands print into testdata")

// command runs the program with arguments and returns what it prints, with its
// error or exit code at the end.
func command(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var c cli
	var out bytes.Buffer
	k, err := kong.New(&c, kong.Name("passerelle"), kong.Vars{"version": "test"}, kong.BindTo(context.Background(), (*context.Context)(nil)),
		kong.Bind(&streams{strings.NewReader(stdin), &out, &out}))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := k.Parse(args)
	if err == nil {
		err = parsed.Run()
	}
	var code exitError
	switch {
	case errors.As(err, &code):
		fmt.Fprintf(&out, "exit code %d\n", int(code))
	case err != nil:
		fmt.Fprintln(&out, err)
	}
	return filepath.ToSlash(out.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/dmn/" + name + ".txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestDmnCommands(t *testing.T) {
	const dir = "../../engine/dmn/testdata/"
	household, err := os.ReadFile("testdata/dmn/household.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, stdin string
		args        []string
	}{
		{"eval", "", []string{"eval", dir + "allowance.dmn", "--input", "testdata/dmn/household.json"}},
		{"eval-decision", string(household), []string{"eval", dir + "allowance.dmn", "--decision", "Is resident", "--input", "-", "--json"}},
		{"eval-missing", "", []string{"eval", dir + "allowance.dmn", "--decision", "Is resident"}},
		{"eval-wrong-name", "", []string{"eval", dir + "allowance.dmn", "--decision", "Nothing"}},
		{"eval-service", `{"a": 4, "b": 3}`, []string{"eval", dir + "services.dmn", "--service", "multiply", "--input", "-"}},
		{"eval-date", "", []string{"eval", "testdata/dmn/today.dmn", "--date", "2025-02-28"}},
		{"eval-limit", "", []string{"eval", "testdata/dmn/today.dmn", "--decision", "Long", "--date", "2025-02-28", "--max-steps", "1000"}},
		{"explain", "", []string{"explain", dir + "allowance.dmn", "--decision", "Allowance", "--input", "testdata/dmn/household.json"}},
		{"explain-json", "", []string{"explain", "testdata/dmn/today.dmn", "--decision", "Tomorrow", "--date", "2025-02-28", "--json"}},
		{"explain-nothing", `{"n": 0}`, []string{"explain", dir + "hitpolicies.dmn", "--decision", "unique", "--input", "-"}},
		{"check", "", []string{"check", dir + "allowance.dmn", dir + "rates.dmn", dir + "hitpolicies.dmn"}},
		{"check-json", "", []string{"check", dir + "boxed.dmn", "--json"}},
		{"check-broken", "", []string{"check", "testdata/dmn/broken.dmn", "testdata/dmn/circle.dmn"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			golden(t, c.name, command(t, c.stdin, append([]string{"dmn"}, c.args...)...))
		})
	}
}

func TestCoverageOfScenarios(t *testing.T) {
	golden(t, "service-coverage", command(t, "", "service", "test", "--coverage", "../../internal/module/services/pack/testdata/set"))
}
