package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"passerelle/engine/dmn"
)

type dmnEvalCmd struct {
	dmnInput
}

// Run prints the values; the exit code is 1 when one is null and there is a
// warning that says why.
func (c *dmnEvalCmd) Run(s *streams) error {
	_, outcomes, err := c.run(s)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(s, outcomes); err != nil {
			return err
		}
	}
	failed := false
	told := map[placed]bool{} // decisions that need one another have the same warnings
	for _, o := range outcomes {
		failed = failed || o.Value.IsNull() && len(o.Warnings) > 0
		if c.JSON {
			continue
		}
		fmt.Fprintf(s.out, "%s = %s\n", o.Name, o.Value)
		for _, w := range o.Warnings {
			if !told[w] {
				fmt.Fprintf(s.out, "    %s\n", w)
			}
			told[w] = true
		}
	}
	if failed {
		return exitError(1)
	}
	return nil
}

func printJSON(s *streams, v any) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type dmnCheckCmd struct {
	Models []string `arg:"" help:"DMN models."`
	Import []string `help:"A model that is imported; those beside a model are found by themselves." placeholder:"FILE"`
	JSON   bool     `help:"Print data instead of text."`
}

// dmnFinding is a finding with its file.
type dmnFinding struct {
	placed
	Kind    dmn.FindingKind `json:"kind,omitempty"`
	Element string          `json:"element,omitempty"`
	Rules   []int           `json:"rules,omitempty"`
	Example []dmn.Example   `json:"example,omitempty"`
}

// Run prints findings as file:line:column; the exit code is 1 when one is an
// error.
func (c *dmnCheckCmd) Run(s *streams) error {
	findings := []dmnFinding{}
	add := func(f dmnFinding) { // a model that several import is told once
		if !slices.ContainsFunc(findings, func(g dmnFinding) bool { return g.placed == f.placed }) {
			findings = append(findings, f)
		}
	}
	for _, file := range c.Models {
		m, err := loadDMN(file, c.Import)
		var pe *placedError
		if errors.As(err, &pe) {
			for _, p := range pe.list {
				add(dmnFinding{placed: p})
			}
			continue
		}
		if err != nil {
			return err
		}
		for _, f := range dmn.Check(m.Model) {
			msg := f.Element + ": " + f.Msg
			for i, e := range f.Example {
				sep := ", "
				if i == 0 {
					sep = "; for example "
				}
				msg += sep + e.String()
			}
			add(dmnFinding{placed{m.fileOf(f.Model), f.Pos, string(f.Severity), msg}, f.Kind, f.Element, f.Rules, f.Example})
		}
	}
	errorCount := 0
	for _, f := range findings {
		if f.Severity == string(dmn.SeverityError) {
			errorCount++
		}
	}
	if c.JSON {
		if err := printJSON(s, findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(s.out, f.placed)
		}
		fmt.Fprintf(s.out, "%d models, %d errors, %d other findings\n", len(c.Models), errorCount, len(findings)-errorCount)
	}
	if errorCount > 0 {
		return exitError(1)
	}
	return nil
}
