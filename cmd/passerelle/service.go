package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"passerelle/internal/module/services/pack"
)

type serviceCmd struct {
	Check serviceCheckCmd `cmd:"" help:"Find what would hurt at run time: types, texts, letters, gaps, unreachable pages."`
	Test  serviceTestCmd  `cmd:"" help:"Run the scenarios of service packages."`
}

type serviceCheckCmd struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder with all services, or one version of one (DIR/service/version)."`
	JSON bool   `help:"Print findings as JSON."`
}

func (c *serviceCheckCmd) Run() error {
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
		if err := json.NewEncoder(os.Stdout).Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Printf("%s:%d: %s: %s\n", f.File, f.Line, f.Severity, f.Msg)
		}
		fmt.Printf("%d packages, %d errors, %d warnings\n", len(packages), errors, len(findings)-errors)
	}
	if errors > 0 {
		return exitError(1)
	}
	return nil
}

type serviceTestCmd struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder with all services, or one version of one."`
	JSON bool   `help:"Print the report as JSON."`
}

func (c *serviceTestCmd) Run() error {
	packages, findings := load(c.Dir)
	passed, failed := 0, 0
	for _, f := range findings {
		if f.Severity == pack.Error {
			fmt.Fprintf(os.Stderr, "%s:%d: %s\n", f.File, f.Line, f.Msg)
			failed++
		}
	}
	reports := map[string]pack.TestReport{}
	for _, p := range packages {
		r := pack.Test(p)
		reports[p.ID+"/"+p.Version] = r
		passed, failed = passed+r.Passed, failed+r.Failed
		if c.JSON {
			continue
		}
		for _, f := range r.Failures {
			fmt.Println(f)
		}
		fmt.Printf("%s/%s: %d scenarios\n", p.ID, p.Version, r.Passed+r.Failed)
	}
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(reports); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 {
		return exitError(1)
	}
	return nil
}

// load reads one package when dir is one, else all packages below dir.
func load(dir string) ([]*pack.Package, []pack.Finding) {
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
