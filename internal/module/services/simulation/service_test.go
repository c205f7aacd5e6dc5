package simulation

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"passerelle/engine/feel"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

func TestTextsAreComplete(t *testing.T) { i18ntest.Complete(t, Locales) }

var (
	claire = web.Identity{Account: "a-claire", Name: "Claire", Roles: []web.Role{{Name: RoleDesigner}}}
	fritz  = web.Identity{Account: "a-fritz", Name: "Fritz", Roles: []web.Role{{Authority: "fns", Name: "case-worker"}}}
)

// broken is people whom a register cannot tell about, for a while.
type broken struct {
	Population
	down bool
}

func (b *broken) Each(ctx context.Context, base, variant *pack.Package, yield func(Applicant) error) error {
	if b.down {
		return errs.New(errs.Unavailable, "exchange.unavailable")
	}
	return b.Population.Each(ctx, base, variant, yield)
}

func world(t *testing.T, d *db.DB, people Population) (*Service, *clock.Shifted) {
	t.Helper()
	ctx := context.Background()
	for _, migrate := range []func(context.Context, *db.DB) error{work.Migrate, Migrate} {
		if err := migrate(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	set, _ := pack.LoadSet(os.DirFS("../../../../services/lu"))
	now := &clock.Shifted{Base: clock.Fixed(day.Add(10 * time.Hour))}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	q := work.New(d, now, log, work.Options{Machine: now})
	return New(Deps{DB: d, Clock: now, Queue: q, Packages: set, People: people, Log: log}), now
}

func runDue(t *testing.T, s *Service) {
	t.Helper()
	if _, err := s.Queue.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
}

var plan = Plan{Base: "2025", Variant: "2025", Date: "2025-11-24", Changes: []pack.Change{fivePercent}}

func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		people := &broken{Population: file(t, household(1, 1, "2000.00", "2010-01-01")), down: true}
		s, now := world(t, d, people)
		id, err := s.Start(ctx, claire, "00000000-0000-7000-8000-000000000001", "cost-of-living-allowance", plan)
		if err != nil {
			t.Fatal(err)
		}
		runDue(t, s) // the registers do not answer
		if r, err := s.Find(ctx, claire, id); err != nil || r.State != Running || r.Result != nil {
			t.Errorf("while the registers are down: %+v %v", r, err)
		}
		people.down = false
		now.Advance(time.Hour)
		runDue(t, s)
		r, err := s.Find(ctx, claire, id)
		if err != nil || r.State != Done || r.Result.Applications != Hidden || r.FinishedAt.IsZero() {
			t.Fatalf("%+v %v", r, err)
		}
		runs, more, err := s.List(ctx, claire, nil)
		if err != nil || len(runs) != 1 || more || runs[0].ID != id {
			t.Errorf("list: %v %v %v", runs, more, err)
		}
		if runs, _, err := s.List(ctx, claire, r); err != nil || len(runs) != 0 {
			t.Errorf("before the only one: %v %v", runs, err)
		}
	})
}

// The key of a form stands for one plan of one account.
func TestTheSameKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s, _ := world(t, d, demo())
		start := func(who web.Identity, p Plan) string {
			t.Helper()
			id, err := s.Start(ctx, who, "key", "cost-of-living-allowance", p)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		claude := claire
		claude.Account = "a-claude"
		first, again, other, foreign := start(claire, plan), start(claire, plan), start(claire, Plan{Base: "2025", Variant: "2025", Date: "2025-11-24"}), start(claude, plan)
		if first != again || first == other || first == foreign {
			t.Errorf("a double click %s and %s, another plan %s, another account %s", first, again, other, foreign)
		}
		if r, err := s.Find(ctx, claire, other); err != nil || len(r.Plan.Changes) != 0 {
			t.Errorf("%+v %v", r, err)
		}
	})
}

func TestRunsAreLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s, now := world(t, d, file(t, household(1, 1, "2000.00", "2010-01-01")))
		start := func() error {
			_, err := s.Start(ctx, claire, "", "cost-of-living-allowance", plan)
			return err
		}
		for range mostUnfinished {
			if err := start(); err != nil {
				t.Fatal(err)
			}
		}
		if err := start(); !errors.Is(err, errs.New(errs.TooMany, "simulation.tooMany.unfinished")) {
			t.Errorf("one more than may run: %v", err)
		}
		runDue(t, s)
		for range mostADay - mostUnfinished {
			if err := start(); err != nil {
				t.Fatal(err)
			}
			runDue(t, s)
		}
		if err := start(); !errors.Is(err, errs.New(errs.TooMany, "simulation.tooMany.day")) {
			t.Errorf("one more than a day may have: %v", err)
		}
		now.Advance(25 * time.Hour)
		if err := start(); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

// Registers that stay silent, and a fault of ours: the run says that it failed.
func TestARunThatCannotBeDoneFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		people := &broken{Population: demo(), down: true}
		s, now := world(t, d, people)
		id, err := s.Start(ctx, claire, "", "cost-of-living-allowance", plan)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			runDue(t, s)
			now.Advance(time.Hour)
		}
		if r, err := s.Find(ctx, claire, id); err != nil || r.State != Failed || r.Why != "simulation.wrong.gaveUp" || r.FinishedAt.IsZero() {
			t.Errorf("%+v %v", r, err)
		}
		s.People = faulty{}
		if id, err = s.Start(ctx, claire, "", "cost-of-living-allowance", plan); err != nil {
			t.Fatal(err)
		}
		runDue(t, s)
		if r, err := s.Find(ctx, claire, id); err != nil || r.State != Failed || r.Why != "simulation.wrong.fault" {
			t.Errorf("%+v %v", r, err)
		}
	})
}

// faulty is people about whom a package cannot even say whom to ask.
type faulty struct{}

func (faulty) Len() int { return 1 }

func (faulty) Each(context.Context, *pack.Package, *pack.Package, func(Applicant) error) error {
	return errs.New(errs.Internal, "").Because("evidence x: no subject")
}

// Every node of an installation protects with the same secret.
func TestOneKeyForEachInstallation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := world(t, d, demo())
		keys := make([][]byte, 8)
		var group sync.WaitGroup
		for i := range keys {
			group.Go(func() {
				var err error
				if keys[i], err = s.key(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, key := range keys {
			if len(key) != 32 || !bytes.Equal(key, keys[0]) {
				t.Errorf("%x and %x", key, keys[0])
			}
		}
	})
	a, _ := world(t, dbtest.SQLite(t), demo())
	b, _ := world(t, dbtest.SQLite(t), demo())
	x, _ := a.key(context.Background())
	if y, _ := b.key(context.Background()); bytes.Equal(x, y) {
		t.Error("two installations have one key")
	}
}

// The page tells what the run tries: the variant's values, with the changes.
func TestThePageTellsThePlanOfTheVariant(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../../services/lu")); err != nil {
		t.Fatal(err)
	}
	service := filepath.Join(dir, "cost-of-living-allowance")
	if err := os.CopyFS(filepath.Join(service, "2026"), os.DirFS(filepath.Join(service, "2025"))); err != nil {
		t.Fatal(err)
	}
	replace := func(version, file, old, new string) {
		t.Helper()
		path := filepath.Join(service, version, file)
		text, err := os.ReadFile(path)
		if err != nil || strings.Count(string(text), old) != 1 {
			t.Fatalf("%s: %q stands %d times, %v", file, old, strings.Count(string(text), old), err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace("2026", "service.yaml", `version: "2025"`, `version: "2026"`)
	replace("2026", "service.yaml", `inForce: {from: 2018-01-01, to: 2025-12-31}`, `inForce: {from: 2025-12-01, to: 2025-12-31}`)
	replace("2025", "service.yaml", `inForce: {from: 2018-01-01, to: 2025-12-31}`, `inForce: {from: 2018-01-01, to: 2025-11-30}`)
	replace("2026", "parameters.yaml", "value: [600, 750, 900, 1050, 1200]", "value: [700, 750, 900, 1050, 1200]")
	set, findings := pack.LoadSet(os.DirFS(dir))
	if _, ok := set.Version("cost-of-living-allowance", "2026"); !ok {
		t.Fatal(findings)
	}
	run := &Run{Service: "cost-of-living-allowance", Plan: Plan{Base: "2025", Variant: "2026", Date: "2025-11-24", Changes: []pack.Change{{Parameter: "monthlyLimit", Value: "value + 100"}, {Parameter: "energyPremium", Value: "value + 1"}}}}
	page := runPage{view{i18ntest.Locale(t, i18n.EN, Locales), set}, run}
	first := map[string]string{}
	for _, c := range page.changed() {
		if c.was.Kind() == feel.KindList {
			first[c.label] = c.was.Items()[0].String() + " " + c.is.Items()[0].String()
		}
	}
	p, _ := set.Version("cost-of-living-allowance", "2026")
	for parameter, want := range map[string]string{"monthlyLimit": "2710.51 2810.51", "reducedUntil": "2861.92 2961.93", "energyPremium": "600 701"} {
		if got := first[p.T(i18n.EN, "parameters."+parameter)]; got != want {
			t.Errorf("%s: %q, want %q, of %v", parameter, got, want, first)
		}
	}
}

func TestOnlyDesigners(t *testing.T) {
	s, _ := world(t, dbtest.SQLite(t), demo())
	ctx := context.Background()
	if _, err := s.Start(ctx, fritz, "", "cost-of-living-allowance", plan); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("start: %v", err)
	}
	if _, err := s.Find(ctx, fritz, "x"); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("find: %v", err)
	}
	if _, _, err := s.List(ctx, fritz, nil); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("list: %v", err)
	}
}

func TestWrongPlans(t *testing.T) {
	s, _ := world(t, dbtest.SQLite(t), demo())
	with := func(change func(*Plan)) Plan {
		p := plan
		change(&p)
		return p
	}
	for _, c := range []struct {
		service string
		plan    Plan
		key     string
	}{
		{"cost-of-living-allowance", with(func(p *Plan) { p.Date = "24.11.2025" }), "simulation.wrong.date"},
		{"cost-of-living-allowance", with(func(p *Plan) { p.Date = "1999-01-01" }), "simulation.wrong.day"},
		{"cost-of-living-allowance", with(func(p *Plan) { p.Variant = "2031" }), "simulation.wrong.service"},
		{"nothing", plan, "simulation.wrong.service"},
		{"cost-of-living-allowance", with(func(p *Plan) { p.Changes = []pack.Change{{Parameter: "nothing", Value: "1"}} }), "pack.adjust.unknown"},
		{"cost-of-living-allowance", with(func(p *Plan) { p.Changes = []pack.Change{{Parameter: "monthlyLimit", Value: "value *"}} }), "pack.adjust.wrong"},
		{"cost-of-living-allowance", with(func(p *Plan) { p.Changes = []pack.Change{{Parameter: "monthlyLimit", Value: `"much"`}} }), "pack.adjust.wrong"},
	} {
		_, err := s.Start(context.Background(), claire, "", c.service, c.plan)
		var e *errs.Error
		if !errors.As(err, &e) || e.Kind != errs.Invalid || e.Key != c.key {
			t.Errorf("%s %+v: %v, want %s", c.service, c.plan, err, c.key)
		}
	}
	s.People = nil
	if _, err := s.Start(context.Background(), claire, "", "cost-of-living-allowance", plan); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("without people: %v", err)
	}
}

func TestPercentages(t *testing.T) {
	for text, want := range map[string]string{
		"5": "round half up(value * 105 / 100, 2)", "+5 %": "round half up(value * 105 / 100, 2)", "−10": "round half up(value * 90 / 100, 2)",
		"-90": "round half up(value * 10 / 100, 2)", "200\u202f%": "round half up(value * 300 / 100, 2)", "0": "round half up(value * 100 / 100, 2)",
		"-91": "", "201": "", "five": "", "": "", "1/0": "", "5)": "", "1e9": "", "1-5": "", "5-": "", "--5": "", "1.2.3": "", "1 000": "", "5%%": "", "+ 5": "",
		"-2,5": "", "2.5": "", "5+5": "",
	} {
		if got, ok := byPercent(text, "EUR/month"); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
	if got, _ := byPercent("50", "months"); got != "round half up(value * 150 / 100, 0)" {
		t.Error(got)
	}
}
