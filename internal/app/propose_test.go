package app

import (
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"passerelle/internal/module/people"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
	packages "passerelle/services"
)

// A version that is proposed from the command line while the installation runs is
// approved there by a second person, and is served at once.
func TestAVersionIsProposedFromTheCommandLine(t *testing.T) {
	ctx, log := t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil))
	cfg := config.Demo(t.TempDir(), "localhost:0")
	a, err := New(ctx, cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	sub, err := fs.Sub(packages.Luxembourg(), "certificate-of-residence/2025")
	if err != nil {
		t.Fatal(err)
	}
	f, err := pack.ReadDir(sub)
	if err != nil {
		t.Fatal(err)
	}
	f.Version = "2030"
	f.Files["service.yaml"] = []byte(strings.NewReplacer(`version: "2025"`, `version: "2030"`, "{from: 2025-01-01}", "{from: 2030-01-01}").Replace(string(f.Files["service.yaml"])))

	designers := map[string]web.Identity{}
	for name, authority := range map[string]string{"Claire Wagener": "population", "Rui Marques": ""} { // who has the role in an authority is one too
		if _, _, err := Propose(ctx, cfg, log, f, name, "x"); err == nil || !strings.Contains(err.Error(), "no designer called") {
			t.Errorf("in the name of somebody unknown: %v", err)
		}
		designers[name], err = a.accounts.SignIn(ctx, people.Claims{Issuer: "test", Subject: name, Name: name, Roles: []web.Role{{Authority: authority, Name: simulation.RoleDesigner}}}, i18n.EN)
		if err != nil {
			t.Fatal(err)
		}
	}
	id, v, err := Propose(ctx, cfg, log, f, "Claire Wagener", "From 2030 on")
	if err != nil || id == "" {
		t.Fatalf("%v %v %v", err, v.Findings, v.Tests.Failures)
	}
	if p, err := a.published.Find(ctx, designers["Rui Marques"], id); err != nil || p.ProposedAt.Year() != demoBegins.Year() {
		t.Errorf("proposed on %v, by the machine's clock and not the demonstration's (%v)", p.ProposedAt, err)
	}
	if err := a.published.Approve(ctx, designers["Claire Wagener"], id, ""); err == nil {
		t.Error("who proposed it approves it")
	}
	if err := a.published.Approve(ctx, designers["Rui Marques"], id, ""); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.packages.Version(f.Service, "2030"); !ok {
		t.Error("it is not served")
	}

	back, err := ProposeWithdrawal(ctx, cfg, log, f.Service, "2030", "Claire Wagener", "The law was put off.")
	if err != nil || back == "" {
		t.Fatal(err)
	}
	if err := a.published.Approve(ctx, designers["Rui Marques"], back, ""); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.packages.Version(f.Service, "2030"); ok {
		t.Error("it is withdrawn, and served")
	}
	_, _, err = Propose(ctx, cfg, log, f, "Rui Marques", "again")
	if err == nil || !strings.HasPrefix(Sentence(err), f.Service+" 2030 was withdrawn. ") {
		t.Errorf("a command line says %v", err)
	}
	_, err = ProposeWithdrawal(ctx, cfg, log, f.Service, "2031", "Claire Wagener", "x")
	if err == nil || Sentence(err) != "There is no such version. ("+f.Service+"/2031 is not published here)" {
		t.Errorf("a command line says %v", err)
	}
	if _, err := ProposeWithdrawal(ctx, cfg, log, f.Service, "2025", "Claire Wagener", "x"); err == nil {
		t.Error("what is in force is taken back")
	}
}
