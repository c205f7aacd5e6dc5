package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"passerelle/internal/app"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
)

type serviceNewCmd struct {
	Dir       string `arg:"" type:"path" help:"Folder to make, FOLDER/service/version."`
	Authority string `help:"Competent authority, by its id in FOLDER/authorities.yaml; by default that of the version before, or the first there."`
	From      string `help:"First day in force, such as 2027-01-01; the next first of January by default."`
}

func (c *serviceNewCmd) Run(s *streams) error {
	from := time.Date(clock.System{}.Now().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	if c.From != "" {
		var err error
		if from, err = time.Parse(time.DateOnly, c.From); err != nil {
			return fmt.Errorf("--from: %q is no date like 2027-01-01", c.From)
		}
	}
	if _, err := os.Lstat(c.Dir); err == nil { // what stands there is not written over
		return fmt.Errorf("%s exists", c.Dir)
	}
	service, version := filepath.Base(filepath.Dir(c.Dir)), filepath.Base(c.Dir)
	root := filepath.Dir(filepath.Dir(c.Dir))
	beside, err := besides(root)
	if err != nil {
		return err
	}
	set, findings := pack.LoadSet(os.DirFS(root))
	f, before, err := c.begin(set, service, version, from)
	if err != nil {
		return err
	}
	if before == "" { // one that cannot be read is no reason to begin anew beside it
		for _, x := range findings {
			if x.Severity == pack.Error && strings.HasPrefix(x.File, service+"/") {
				return fmt.Errorf("%s:%d: %s: mend it first, the new version begins with what stands there", x.File, x.Line, x.Msg)
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(c.Dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(c.Dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(f.Files)) {
		if err := write(filepath.Join(c.Dir, filepath.FromSlash(name)), f.Files[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(beside)) {
		if err := write(filepath.Join(root, name), beside[name]); err != nil {
			return err
		}
	}
	if before != "" {
		fmt.Fprintf(s.out, "%s: %s, as in version %s, in force from %s. Change what changes; passerelle service check %s and service test %s say what does not fit.\n",
			c.Dir, count(len(f.Files), "file"), before, from.Format(time.DateOnly), c.Dir, c.Dir)
		return nil
	}
	fmt.Fprintf(s.out, "%s: %s. Begin with service.yaml; passerelle service check %s says what lacks.\n", c.Dir, count(len(f.Files), "file"), c.Dir)
	return nil
}

// begin returns the files of the new version: those of the service's newest one
// there, whose version it names, or an empty service.
func (c *serviceNewCmd) begin(set *pack.Set, service, version string, from time.Time) (f pack.Folder, before string, err error) {
	var newest *pack.Package
	for _, p := range set.All() {
		if p.ID == service && (newest == nil || p.Service.InForce.From.After(newest.Service.InForce.From)) {
			newest = p
		}
	}
	if newest != nil {
		f, err = newest.Next(version, c.Authority, from)
		return f, newest.Version, err
	}
	authority := c.Authority
	if authority == "" {
		authority = "authority"
		if len(set.Authorities) > 0 {
			authority = set.Authorities[0].ID
		}
	}
	f, err = pack.New(service, version, authority, from)
	return f, "", err
}

// besides are the two files that stand beside the services, if they are missing.
func besides(root string) (map[string][]byte, error) {
	missing := map[string][]byte{
		"authorities.yaml": []byte("authorities:\n  - {id: authority, kind: state, name: {fr: TODO, de: TODO, lb: TODO, en: TODO, pt: TODO}}\n"),
		"life-events.yaml": []byte("lifeEvents: []\n"),
	}
	for name := range missing {
		_, err := os.Stat(filepath.Join(root, name))
		switch {
		case err == nil:
			delete(missing, name)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return missing, nil
}

func write(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

type servicePublishCmd struct {
	Dir    string `arg:"" type:"existingdir" help:"Folder of the version."`
	By     string `required:"" help:"Name of the designer who proposes it, as the installation knows it."`
	Remark string `required:"" help:"What changes, and why: the second person reads it."`
	JSON   bool   `help:"Print what came of it as JSON."`
	installed
}

// installed names the installation that a command speaks to.
type installed struct {
	Config   string `type:"existingfile" help:"Configuration file of the installation."`
	Data     string `default:"data/demo" help:"Folder of a demonstration's data, without --config."`
	Database string `help:"Database URL of a demonstration, without --config."`
}

// published is what came of a proposal.
type published struct {
	Proposal string          `json:"proposal,omitempty"` // absent: it was refused
	Service  string          `json:"service"`
	Version  string          `json:"version"`
	Findings []pack.Finding  `json:"findings"`
	Tests    pack.TestReport `json:"tests"`
}

func (c *servicePublishCmd) Run(ctx context.Context, s *streams) error {
	cfg, err := c.installation()
	if err != nil {
		return err
	}
	f, err := pack.ReadDir(os.DirFS(c.Dir))
	if err != nil {
		return err
	}
	id, v, err := app.Propose(ctx, cfg, logger(cfg), f, c.By, c.Remark)
	if err != nil {
		return err
	}
	c.print(s, published{id, f.Service, f.Version, v.Findings, v.Tests}, v)
	if id == "" {
		return exitError(1)
	}
	return nil
}

func (c installed) installation() (config.Config, error) {
	if c.Config != "" {
		return config.Load(c.Config)
	}
	cfg := config.Demo(c.Data, "localhost:8080")
	cfg.Database.URL = c.Database
	return cfg, cfg.Validate()
}

func (c *servicePublishCmd) print(s *streams, p published, v versions.Verdict) {
	if c.JSON {
		_ = json.NewEncoder(s.out).Encode(p)
		return
	}
	for _, x := range slices.Concat(p.Findings, p.Tests.Problems) {
		fmt.Fprintf(s.out, "%s:%d: %s: %s\n", x.File, x.Line, x.Severity, x.Msg)
	}
	for _, x := range p.Tests.Failures {
		fmt.Fprintln(s.out, x)
	}
	switch {
	case p.Proposal != "":
		fmt.Fprintf(s.out, "%s/%s is proposed: %d scenarios pass. A second designer finds it at /versions/proposals/%s\n", p.Service, p.Version, p.Tests.Passed, p.Proposal)
	case v.Package != nil && p.Tests.Passed+p.Tests.Failed == 0:
		fmt.Fprintf(s.out, "%s/%s is not proposed: it has no scenarios\n", p.Service, p.Version)
	default:
		fmt.Fprintf(s.out, "%s/%s is not proposed: errors, or scenarios that fail\n", p.Service, p.Version)
	}
}

type serviceWithdrawCmd struct {
	Service string `arg:"" help:"Id of the service."`
	Version string `arg:"" help:"Version that is published and not in force yet."`
	By      string `required:"" help:"Name of the designer who proposes it, as the installation knows it."`
	Reason  string `required:"" help:"Why it is withdrawn: the second person reads it."`
	JSON    bool   `help:"Print what came of it as JSON."`
	installed
}

func (c *serviceWithdrawCmd) Run(ctx context.Context, s *streams) error {
	cfg, err := c.installation()
	if err != nil {
		return err
	}
	id, err := app.ProposeWithdrawal(ctx, cfg, logger(cfg), c.Service, c.Version, c.By, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(map[string]string{"proposal": id, "service": c.Service, "version": c.Version})
	}
	fmt.Fprintf(s.out, "It is proposed to withdraw %s/%s. A second designer finds it at /versions/proposals/%s\n", c.Service, c.Version, id)
	return nil
}
