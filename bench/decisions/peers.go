package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed peers
var sources embed.FS

// peer is a family of engines on one runtime.
type peer struct {
	name    string
	needs   string     // program
	install [][]string // in its folder
	run     func(models, seconds, people string) []string
}

var families = []peer{
	{name: "node", needs: "npm", install: [][]string{{"npm", "install", "--no-audit", "--no-fund", "--silent"}},
		run: func(models, seconds, _ string) []string { return []string{"node", "bench.mjs", models, seconds} }},
	{name: "jvm", needs: "mvn", install: [][]string{{"mvn", "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath"}},
		run: func(models, seconds, _ string) []string {
			return []string{"sh", "-c", `exec java -XX:+UseSerialGC -Xmx2g -cp "target/classes:$(cat classpath)" Bench "$0" "$1"`, models, seconds}
		}},
	{name: "python", needs: "python3", install: [][]string{{"python3", "-m", "venv", "venv"}, {"venv/bin/pip", "-q", "install", "-r", "requirements.txt"}},
		run: func(_, _, people string) []string { return []string{"venv/bin/python", "bench.py", people} }},
}

// runPeers installs and measures every family, one after the other, pinned to
// one processor where taskset is there. A family that cannot be is skipped.
func runPeers(dir string, ms []model, seconds float64, people int, skipped map[string]string) []row {
	var all []row
	for _, f := range families {
		rows, err := f.measure(dir, ms, seconds, people)
		if err != nil {
			skipped[f.name] = err.Error()
		}
		all = append(all, rows...)
	}
	return all
}

func (f peer) measure(dir string, ms []model, seconds float64, people int) ([]row, error) {
	if _, err := exec.LookPath(f.needs); err != nil {
		return nil, fmt.Errorf("%s is not installed", f.needs)
	}
	home, err := filepath.Abs(filepath.Join(dir, f.name))
	if err != nil {
		return nil, err
	}
	if err := unpack("peers/"+f.name, home); err != nil {
		return nil, err
	}
	path, err := work(home, ms)
	if err != nil {
		return nil, err
	}
	for _, c := range f.install {
		if out, err := command(home, c).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", strings.Join(c, " "), err, last(out))
		}
	}
	args := f.run(path, strconv.FormatFloat(seconds, 'f', -1, 64), strconv.Itoa(people))
	if taskset, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{taskset, "-c", "0"}, args...)
	}
	fmt.Fprintln(os.Stderr, "measuring", f.name)
	c := command(home, args)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, runErr := c.Output()
	var rows []row
	for line := range bytes.Lines(out) {
		var r row
		if err := json.Unmarshal(line, &r); err == nil && r.Engine != "" {
			rows = append(rows, r)
		}
	}
	if runErr != nil {
		return rows, fmt.Errorf("%w: %s", runErr, last(stderr.Bytes()))
	}
	return rows, nil
}

func command(dir string, args []string) *exec.Cmd {
	c := exec.Command(args[0], args[1:]...)
	c.Dir = dir
	return c
}

// unpack writes a peer's sources where it is installed.
func unpack(from, to string) error {
	return fs.WalkDir(sources, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(name, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := sources.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// last is the end of what a program printed.
func last(out []byte) string {
	s := strings.TrimSpace(string(out))
	return s[max(0, len(s)-400):]
}

// compare notes where a peer's results are not ours.
func compare(ours, theirs []row) {
	for i := range theirs {
		name, _, _ := strings.Cut(theirs[i].Row, ",")
		for _, o := range ours {
			if o.Row != name || len(theirs[i].Results) == 0 {
				continue
			}
			for k := range o.Results {
				if k >= len(theirs[i].Results) || !same(o.Results[k], theirs[i].Results[k]) {
					theirs[i].Differs = fmt.Sprintf("result %d is %s, ours is %s", k, at(theirs[i].Results, k), o.Results[k])
					break
				}
			}
		}
	}
}

func at(all []json.RawMessage, i int) string {
	if i < len(all) {
		return string(all[i])
	}
	return "missing"
}

// same compares two results: numbers by value, to nine digits, because some
// peers compute in binary.
func same(a, b json.RawMessage) bool {
	x, okX := new(big.Float).SetString(strings.Trim(string(a), `"`))
	y, okY := new(big.Float).SetString(strings.Trim(string(b), `"`))
	if !okX || !okY {
		return bytes.Equal(a, b)
	}
	diff := new(big.Float).Abs(new(big.Float).Sub(x, y))
	bound := new(big.Float).Mul(new(big.Float).Abs(x), big.NewFloat(1e-9))
	return diff.Cmp(bound) <= 0 || x.Cmp(y) == 0
}
