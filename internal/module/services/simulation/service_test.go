package simulation

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
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

func (b *broken) Each(ctx context.Context, p *pack.Package, yield func(pack.Facts) error) error {
	if b.down {
		return errs.New(errs.Unavailable, "exchange.unavailable")
	}
	return b.Population.Each(ctx, p, yield)
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
		if again, err := s.Start(ctx, claire, id, "cost-of-living-allowance", plan); err != nil || again != id {
			t.Errorf("a double click: %s %v", again, err)
		}
		runDue(t, s) // the registers do not answer
		if r, err := s.Find(ctx, claire, id); err != nil || r.State != Running || r.Result != nil {
			t.Errorf("while the registers are down: %+v %v", r, err)
		}
		people.down = false
		now.Advance(time.Hour)
		runDue(t, s)
		r, err := s.Find(ctx, claire, id)
		if err != nil || r.State != Done || r.Result.Applications != 1 || r.Done != 1 || r.FinishedAt.IsZero() {
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
		"5": "round half up(value * 1.05, 2)", "+5 %": "round half up(value * 1.05, 2)", "-2,5": "round half up(value * 0.975, 2)",
		"−10": "round half up(value * 0.9, 2)", "-100": "round half up(value * 0, 2)",
		"-101": "", "five": "", "": "", "1/0": "", "5)": "", "1e9": "",
	} {
		if got, ok := byPercent(text, "EUR/month"); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", text, got, ok, want)
		}
	}
	if got, _ := byPercent("50", "months"); got != "round half up(value * 1.5, 0)" {
		t.Error(got)
	}
}
