// Command testreport reads `go test -json` and says what matters: a line for
// each package, everything a failed test printed, and last, which tests were
// skipped and why. Its closing line counts. It fails when a test failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

func main() {
	if !report(os.Stdin, os.Stdout) {
		os.Exit(1)
	}
}

// report copies what matters of in to out and returns whether all went well.
func report(in io.Reader, out io.Writer) bool {
	var passed, failed, skipped int
	broken := false // a package that did not compile or whose test program died
	printed := map[string][]string{}
	reasons := map[string]int{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text()) // not from the test program
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "build-fail":
			broken = true
		case "output":
			printed[key] = append(printed[key], e.Output)
		case "pass", "fail", "skip":
			if e.Test == "" {
				broken = broken || e.Action == "fail"
				if e.Action == "fail" {
					fmt.Fprint(out, strings.Join(printed[key], ""))
				}
				if e.Action != "skip" { // a package without tests
					fmt.Fprintf(out, "%-5s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
				}
				break
			}
			switch e.Action {
			case "pass":
				passed++
			case "skip":
				skipped++
				reasons[reason(printed[key])]++
			case "fail":
				failed++
				fmt.Fprintf(out, "FAILED %s %s\n%s", e.Package, e.Test, strings.Join(printed[key], ""))
			}
		}
		if e.Action != "output" && e.Test != "" {
			delete(printed, key)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(out, "testreport:", err)
		broken = true
	}
	if len(reasons) > 0 {
		fmt.Fprintln(out, "\nSkipped, and why:")
		var all []string
		for r, n := range reasons {
			all = append(all, fmt.Sprintf("  %3d  %s", n, r))
		}
		slices.Sort(all)
		fmt.Fprintln(out, strings.Join(all, "\n"))
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed == 0 && !broken
}

// reason is the text a test gave to Skip.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, after, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok := strings.Cut(after, ": "); ok {
				line = text
			}
		}
		return strings.TrimPrefix(line, "SKIP: ")
	}
	return "no reason given"
}
