package cases

import (
	"context"
	"testing"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
)

// TestACaseGoesOnOnAWithdrawnVersion: one that came to it before its node had
// heard of the withdrawal. No other comes to it, and it can be taken elsewhere.
func TestACaseGoesOnOnAWithdrawnVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, w := context.Background(), newAid(t, d)
		id := w.asks("1817.00")
		w.run()
		p, ok := w.Packages.Version("aid", "2025")
		if !ok {
			t.Fatal("aid/2025 is not served")
		}
		w.Packages.Shelve(p)
		x, err := w.Open(ctx, alice, id, "test", false)
		w.must(err)
		if x.Package != p || len(x.Deadlines(w.clock.Now())) == 0 {
			t.Errorf("the case has the package %+v", x.Package)
		}
		late := w.submission(bob, "aid", db.NewID(w.clock), form.Answers{})
		late.Version = "2025"
		_, err = w.Submit(ctx, late)
		refused(t, err, errs.NotFound, "cases.service")
		refused(t, w.PlanMigration(ctx, dora, "there", MigrationPlan{Service: "aid", From: "2026", To: "2025"}), errs.Invalid, "cases.migration.versions")
		w.must(w.PlanMigration(ctx, dora, "away", toAssess))
		w.run()
		m, err := w.FindMigration(ctx, dora, "away")
		if err != nil || m.State != MigrationChecked || m.Sums.Cases != 1 {
			t.Errorf("%+v %v", m, err)
		}
		var set pack.Set
		if _, ok := set.Kept("aid", "2025"); ok {
			t.Error("an empty set keeps it")
		}
	})
}
