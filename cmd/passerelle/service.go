package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"passerelle/internal/module/services/pack"
)

type serviceCmd struct {
	New     serviceNewCmd     `cmd:"" help:"Begin a service: a folder that checks clean and whose texts are yours to write; or the next version of one, from its newest."`
	Check   serviceCheckCmd   `cmd:"" help:"Find what would hurt at run time: types, texts, letters, gaps, unreachable pages."`
	Test    serviceTestCmd    `cmd:"" help:"Run the scenarios of service packages."`
	Publish servicePublishCmd `cmd:"" help:"Propose a version to an installation; a second designer approves it on the pages."`

	Withdraw serviceWithdrawCmd `cmd:"" help:"Propose to take back a published version before its first day; a second designer approves it on the pages."`
}

type serviceCheckCmd struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder with all services, or one version of one (DIR/service/version)."`
	JSON bool   `help:"Print findings as JSON."`
}

func (c *serviceCheckCmd) Run(s *streams) error {
	packages, findings := load(c.Dir)
	for _, p := range packages {
		findings = append(findings, pack.Check(p)...)
	}
	errors := 0
	for _, f := range findings {
		if f.Severity == pack.Error {
			errors++
		}
	}
	if c.JSON {
		if err := json.NewEncoder(s.out).Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(s.out, "%s:%d: %s: %s\n", f.File, f.Line, f.Severity, f.Msg)
		}
		fmt.Fprintf(s.out, "%s, %s, %s\n", count(len(packages), "package"), count(errors, "error"), count(len(findings)-errors, "warning"))
	}
	if errors > 0 {
		return exitError(1)
	}
	return nil
}

// count is a number of things that take an s.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

type serviceTestCmd struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder with all services, or one version of one."`
	JSON bool   `help:"Print the report as JSON."`

	Coverage bool `help:"List the rules of decision tables and the branches of conditions that no scenario uses."`
}

// testOfPackage is the report of one package, with its coverage if asked for.
type testOfPackage struct {
	pack.TestReport
	Coverage *pack.Coverage `json:"coverage,omitempty"`
}

func (c *serviceTestCmd) Run(s *streams) error {
	packages, findings := load(c.Dir)
	passed, failed := 0, 0
	for _, f := range findings {
		if f.Severity == pack.Error {
			fmt.Fprintf(s.err, "%s:%d: %s\n", f.File, f.Line, f.Msg)
			failed++
		}
	}
	reports := map[string]testOfPackage{}
	for _, p := range packages {
		r, cover := pack.TestAndCover(p)
		report := testOfPackage{TestReport: r}
		if c.Coverage {
			report.Coverage = &cover
		}
		reports[p.ID+"/"+p.Version] = report
		passed, failed = passed+r.Passed, failed+r.Failed
		if c.JSON {
			continue
		}
		for _, f := range r.Failures {
			fmt.Fprintln(s.out, f)
		}
		fmt.Fprintf(s.out, "%s/%s: %s\n", p.ID, p.Version, count(r.Passed+r.Failed, "scenario"))
		if c.Coverage {
			printCoverage(s, p, cover)
		}
	}
	if c.JSON {
		if err := json.NewEncoder(s.out).Encode(reports); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.out, "%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 {
		return exitError(1)
	}
	return nil
}

// printCoverage lists what no scenario uses, then the sum.
func printCoverage(s *streams, p *pack.Package, c pack.Coverage) {
	for _, x := range c.Missing {
		what := fmt.Sprintf("rule %d", x.Rule)
		if x.ID != "" {
			what += " (" + x.ID + ")"
		}
		text := x.Description
		if x.Kind != "rule" {
			what, text = x.Kind, "if "+x.Condition
		}
		fmt.Fprintf(s.out, "  %s/decision.dmn:%s: %s: no scenario uses %s: %s\n", p.Dir, x.Pos, x.Element, what, text)
	}
	fmt.Fprintf(s.out, "  %d of %d rules, %d of %d branches\n", c.Rules.Used, c.Rules.Of, c.Branches.Used, c.Branches.Of)
}

// load reads one package when dir is one, all versions of a service when dir is
// a service's folder, else all packages below dir.
func load(dir string) ([]*pack.Package, []pack.Finding) {
	if versions, _ := filepath.Glob(filepath.Join(dir, "*", "service.yaml")); len(versions) > 0 {
		var all []*pack.Package
		var findings []pack.Finding
		for _, v := range versions {
			some, found := load(filepath.Dir(v))
			all, findings = append(all, some...), append(findings, found...)
		}
		return all, findings
	}
	if _, err := os.Stat(filepath.Join(dir, "service.yaml")); err == nil {
		version := filepath.Clean(dir)
		service := filepath.Dir(version)
		p, findings := pack.Load(os.DirFS(filepath.Dir(service)), filepath.Base(service)+"/"+filepath.Base(version))
		if p == nil {
			return nil, findings
		}
		return []*pack.Package{p}, findings
	}
	set, findings := pack.LoadSet(os.DirFS(dir))
	return set.All(), findings
}
