package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"passerelle/internal/app"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
)

type simulateCmd struct {
	Base       string   `arg:"" type:"existingdir" help:"The version of today: DIR/service/version."`
	Variant    string   `type:"existingdir" help:"Another version to compare with, DIR/service/version."`
	Set        []string `sep:"none" placeholder:"NAME=FEEL" help:"A changed legal value, such as 'monthlyLimit=round half up(value * 1.05, 2)'. May be given several times."`
	Date       string   `default:"2025-11-24" help:"Day of the applications; the demonstration's registers stand at the default."`
	Population string   `type:"existingfile" help:"File of JSON lines with applicant, application and evidence; without it the demonstration's invented people. The same file gives the same figures; they are protected against those to whom they are passed on, not against whoever holds the file."`
	Applied    string   `type:"existingfile" help:"File with the identification numbers of those who have applied, one a line: the take-up is told as well."`
	JSON       bool     `help:"Print the result as JSON."`
	CSV        bool     `name:"csv" help:"Print the groups as CSV."`
}

// Run compares two versions on a population. Progress goes to the standard
// error, the result to the standard output.
func (c *simulateCmd) Run(ctx context.Context) error {
	day, err := time.Parse(time.DateOnly, c.Date)
	if err != nil {
		return fmt.Errorf("--date: %q is no date like 2025-03-09", c.Date)
	}
	base, err := c.version(c.Base)
	if err != nil {
		return err
	}
	variant := base
	if c.Variant != "" {
		if variant, err = c.version(c.Variant); err != nil {
			return err
		}
	}
	if _, err := base.Parameters.Context(day); err != nil {
		return fmt.Errorf("--date: the law of %s is not known on that day: %w", base.ID, err)
	}
	var changes []pack.Change
	for _, s := range c.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--set %q: write NAME=FEEL", s)
		}
		changes = append(changes, pack.Change{Parameter: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	if variant, _, err = variant.Adjust(day, changes); err != nil {
		return err
	}
	people, key := app.Population(day), []byte("invented people are nobody's secret")
	if c.Population != "" {
		file, err := simulation.OpenFile(c.Population)
		if err != nil {
			return err
		}
		people, key = file, file.Key()
	}
	applied, err := identifiers(c.Applied)
	if err != nil {
		return err
	}
	result, err := simulation.Compare(ctx, simulation.Options{Base: base, Variant: variant, Date: day, People: people, Applied: applied, Key: key,
		Progress: func(done int) { fmt.Fprintf(os.Stderr, "\r%d %%", done*100/max(people.Len(), done)) }})
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	report := simulation.Report{Service: base.ID, Result: result, Note: simulation.Note,
		Plan: simulation.Plan{Base: base.Version, Variant: variant.Version, Date: c.Date, Changes: changes, BaseHash: base.Hash, Hash: variant.Hash}}
	switch {
	case c.JSON:
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	case c.CSV:
		return result.WriteCSV(csv.NewWriter(os.Stdout))
	}
	fmt.Print(result.Text())
	return nil
}

// identifiers reads a file with one identification number a line; no file gives
// nil.
func identifiers(path string) (map[string]bool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if id := strings.TrimSpace(line); id != "" {
			all[id] = true
		}
	}
	return all, nil
}

// version loads one version, which must be without errors and tell how it is
// simulated.
func (c *simulateCmd) version(dir string) (*pack.Package, error) {
	packages, findings := load(dir)
	for _, f := range findings {
		if f.Severity == pack.Error {
			return nil, fmt.Errorf("%s:%d: %s", f.File, f.Line, f.Msg)
		}
	}
	if len(packages) != 1 {
		return nil, fmt.Errorf("%s is not one version of a service (DIR/service/version)", dir)
	}
	if !packages[0].Simulated() {
		return nil, fmt.Errorf("%s has no simulation.yaml: it does not say on whom it is tried", dir)
	}
	return packages[0], nil
}
