package cases

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"passerelle/engine/bpmn"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// The run: cut, continued, beside cases that move and nodes that know less.

// A node that does not serve a version yet leaves the migration to those that do;
// another package under the name ends it.
func TestMigrationWhereAVersionIsNotKnown(t *testing.T) {
	w, ctx := newAid(t, dbtest.SQLite(t)), context.Background()
	w.asks("100.00")
	w.run()
	p, _ := w.Packages.Version("aid", "2026")
	w.must(w.PlanMigration(ctx, dora, "m", toAssess))
	w.Packages.Drop("aid", "2026")
	refused(t, w.checkOn(ctx, work.Job{}, migrationJob{"m"}), errs.Unavailable, "")
	m, err := w.FindMigration(ctx, dora, "m")
	if err != nil || m.State != MigrationChecking {
		t.Fatalf("%+v %v", m, err)
	}
	w.Packages.Put(p)
	w.run()
	if m, err = w.FindMigration(ctx, dora, "m"); err != nil || m.State != MigrationChecked {
		t.Fatalf("%+v %v", m, err)
	}
	w.must(w.StartMigration(ctx, otto, "m", agreed))
	other := *p
	other.Hash = "another"
	w.Packages.Put(&other)
	w.run()
	if m, err = w.FindMigration(ctx, dora, "m"); err != nil || m.State != MigrationFailed || m.Why != "cases.migration.changed" {
		t.Errorf("%+v %v", m, err)
	}
}

// A job that outlived stop and start has skipped a case: it does not end the run
// that the next start began.
func TestNoRunEndsBeforeItsCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		id := w.asks("100.00")
		w.run()
		w.plan("m", toAssess)
		w.must(w.StartMigration(ctx, otto, "m", agreed))
		w.must(w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return w.store.finishMigration(ctx, tx, "m", w.now()) }))
		if m, err := w.FindMigration(ctx, dora, "m"); err != nil || m.State != MigrationRunning {
			t.Fatalf("%+v %v", m, err)
		}
		w.run()
		if m, err := w.FindMigration(ctx, dora, "m"); err != nil || m.State != MigrationDone || m.FinishedAt.IsZero() {
			t.Errorf("%+v %v", m, err)
		}
		w.wentOver(id)
	})
}

// A case that moves between dry run and run goes over from where it is; if it no
// longer fits it stays, and that is reported. One that came since is not touched.
func TestCasesThatMoveMeanwhile(t *testing.T) {
	w, ctx := newAid(t, dbtest.SQLite(t)), context.Background()
	moves, ends := w.asks("100.00"), w.asks("200.00")
	w.run()
	w.plan("m", toAssess)
	w.examines(moves, "examine")
	w.must(w.Withdraw(ctx, alice, ends))
	later := w.asks("300.00")
	w.run()
	m := w.start("m")
	if m.State != MigrationDone || m.Cases[CaseMigrated] != 1 || m.Cases[CaseLeft] != 1 {
		t.Fatalf("%s %+v", m.State, m.Cases)
	}
	w.wentOver(moves)
	if r := w.row("m", moves); r.Effect.Steps[0] != (StepMove{"approve", "approve"}) {
		t.Errorf("the record tells the step of the dry run: %+v", r.Effect.Steps)
	}
	if r := w.row("m", ends); r.State != CaseLeft || r.Effect.Problems[0].Kind != ProblemEnded {
		t.Errorf("%+v", r)
	}
	if c := w.file(later); c.Version != "2025" {
		t.Errorf("a case that came since is on %s", c.Version)
	}
}

// alarm is a clock that calls somebody at the n-th look.
type alarm struct {
	clock.Clock
	left atomic.Int64
	ring func()
}

func (a *alarm) Now() time.Time {
	if a.left.Add(-1) == 0 {
		a.ring()
	}
	return a.Clock.Now()
}

// A thousand running cases, cut in dry run and run, stopped by a person and
// continued: every case goes over once, none twice, and no timer is lost.
func TestAThousandCasesAreCut(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 120
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newAid(t, d)
		var ids []string
		for i := range n {
			ids = append(ids, w.asks(fmt.Sprintf("%d.00", 100+i*8)))
		}
		w.run()
		for _, id := range ids[:n/10] {
			w.examines(id, "examine")
		}
		w.pass(7 * day)
		timers := w.count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.timer'`)

		// cut runs the queue and takes its context away at some look at the clock.
		cuts := 0
		cut := func(looks int64) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			a := &alarm{Clock: w.clock, ring: cancel}
			a.left.Store(looks)
			w.Service.Clock = a
			if _, err := w.Queue.RunDue(ctx); err != nil {
				cuts++
			}
			w.Service.Clock = w.clock
		}
		w.must(w.PlanMigration(context.Background(), dora, "m", toAssess))
		for looks := range int64(3) {
			cut(5 + 37*looks)
		}
		w.run()
		m, err := w.FindMigration(context.Background(), dora, "m")
		w.must(err)
		if m.State != MigrationChecked || m.Sums.Cases != n || m.Sums.Ready+m.Sums.Refused != n || m.Cases[CaseReady] != m.Sums.Ready || m.Sums.Refused != m.Cases[CaseRefused] {
			t.Fatalf("%s %+v %+v", m.State, m.Sums, m.Cases)
		}
		w.must(w.StartMigration(context.Background(), otto, "m", agreed))
		for looks := range int64(5) {
			cut(3 + 17*looks)
			w.noneInBetween("m")
		}
		w.must(w.StopMigration(context.Background(), dora, "m"))
		w.run()
		stopped, err := w.FindMigration(context.Background(), dora, "m")
		w.must(err)
		if stopped.State != MigrationStopped || stopped.Cases[CaseReady] == 0 || stopped.Cases[CaseMigrated] == 0 {
			t.Fatalf("stopped: %s %+v", stopped.State, stopped.Cases)
		}
		w.must(w.ContinueMigration(context.Background(), dora, "m"))
		w.run()
		done, err := w.FindMigration(context.Background(), dora, "m")
		w.must(err)
		if done.State != MigrationDone || done.Cases[CaseMigrated] != m.Sums.Ready || done.Cases[CaseLeft]+done.Cases[CaseReady] != 0 {
			t.Fatalf("%s %+v", done.State, done.Cases)
		}
		if cuts < 5 {
			t.Errorf("only %d cuts", cuts)
		}
		w.noneInBetween("m")
		over := 0
		for _, id := range ids {
			if w.versionOf(id) == "2026" {
				over++
				if over%25 == 0 { // each costs many queries
					w.wentOver(id)
				}
			}
		}
		if over != m.Sums.Ready {
			t.Errorf("%d went over, %d were ready", over, m.Sums.Ready)
		}
		if now := w.count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.timer'`); now != timers {
			t.Errorf("%d timers were set, %d are now", timers, now)
		}
		t.Logf("%d cases, %d migrated, %d refused, %d cuts", n, over, m.Sums.Refused, cuts)
	})
}

func (w *world) versionOf(id string) (version string) {
	w.t.Helper()
	w.must(w.DB.Read().QueryRowContext(context.Background(), `SELECT version FROM cases_case WHERE id = $1`, id).Scan(&version))
	return version
}

// noneInBetween checks that what the migration says of each case is what the case
// says of itself.
func (w *world) noneInBetween(migration string) {
	w.t.Helper()
	if n := w.count(`SELECT COUNT(*) FROM cases_case c JOIN cases_migration_case m ON m.case_id = c.id
		WHERE m.migration = $1 AND (m.state = 'migrated') <> (c.version = '2026')`, migration); n != 0 {
		w.t.Fatalf("%d cases and their rows disagree", n)
	}
	if n := w.count(`SELECT COUNT(*) FROM cases_entry e JOIN cases_case c ON c.id = e.case_id WHERE e.kind LIKE 'migrated%' AND c.version <> '2026'`); n != 0 {
		w.t.Fatalf("%d records in cases that did not go over", n)
	}
	over := w.count(`SELECT COUNT(*) FROM cases_case WHERE version = '2026'`)
	if n := w.count(`SELECT COUNT(*) FROM cases_entry WHERE kind LIKE 'migrated%'`); n != over {
		w.t.Fatalf("%d records for %d cases", n, over)
	}
	if n := w.count(`SELECT COUNT(*) FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE (t.element = 'assess' AND c.version <> '2026') OR (t.element = 'examine' AND c.version = '2026')`); n != 0 {
		w.t.Fatalf("%d tasks stand at an element that their version does not have", n)
	}
}

// One case whose transaction is cut between any two of its writes is as it was;
// then it goes over.
func TestMigrationIsCutBetweenAnyTwoWrites(t *testing.T) {
	w, ctx := newAid(t, dbtest.SQLite(t)), context.Background()
	id := w.asks("6000.00")
	w.run()
	w.pass(7 * day)
	w.plan("m", toAssess)
	k := newKnife(w)
	w.must(w.StartMigration(ctx, otto, "m", agreed))
	m, err := w.store.migration(ctx, w.DB.Read(), "m")
	w.must(err)
	_, to, err := w.versions(m.Plan)
	w.must(err)
	row, before, cuts := w.row("m", id), w.stored(), 0
	for writes := 0; ; writes++ {
		k.set(writes)
		err := w.migrateCase(ctx, m, to, row)
		k.set(-1)
		if err == nil {
			break
		}
		if cuts++; w.stored() != before {
			t.Fatalf("cut after %d writes, something has changed", writes)
		}
		if r := w.row("m", id); r.State != CaseReady {
			t.Fatalf("cut after %d writes, the case is %s", writes, r.State)
		}
		if cuts > 100 {
			t.Fatal(err)
		}
	}
	if cuts < 5 {
		t.Errorf("only %d cuts", cuts)
	}
	w.wentOver(id)
	// A second run finds the case where it is, and leaves the record alone.
	w.must(w.migrateCase(ctx, m, to, row))
	if r := w.row("m", id); r.State != CaseMigrated {
		t.Errorf("done twice: %+v", r)
	}
	w.wentOver(id)
}

// Whatever happens in a case, and whenever it is taken to another version and
// back: it waits for something by name or has ended, and tasks, timers, deadline
// and clock agree with its process.
func TestWhateverMigrates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, came := newAid(t, d), map[CaseState]int{}
		rapid.Check(t, func(rt *rapid.T) {
			w.at(monday)
			w.Service.Payments = w.bank
			w.reg.set(rapid.Bool().Draw(rt, "register down"))
			p := &play{world: w, rt: rt}
			p.world.t = t
			a := wish(rapid.SampledFrom([]string{"granted", "refused", "judgement"}).Draw(rt, "hoped"), rapid.SampledFrom([]string{"1817.00", "6000.00", "9000.00"}).Draw(rt, "amount"))
			delete(a, "name")
			r, err := w.Submit(context.Background(), w.submission(alice, "aid", db.NewID(w.clock), a))
			p.ok(err)
			p.ids = []string{r.Case}
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				if rapid.IntRange(0, 3).Draw(rt, "migrate") > 0 {
					p.check(p.step())
					continue
				}
				for state := range p.migrates() {
					came[state]++
				}
				p.check("migration")
			}
		})
		t.Logf("cases: %v", came)
		if came[CaseMigrated] == 0 || came[CaseRefused] == 0 {
			t.Error("one of the ends never came")
		}
	})
}

// migrates takes the story's case to the version that it is not on, with
// something else happening between dry run and run, and returns what became of it.
func (p *play) migrates() map[CaseState]bool {
	ctx, id := context.Background(), db.NewID(p.clock)
	plan := toAssess
	if p.versionOf(p.ids[0]) == plan.To {
		plan = MigrationPlan{Service: "aid", From: "2026", To: "2025", Mapping: bpmn.Mapping{Elements: map[string]string{"assess": "examine"}}}
	}
	if rapid.Bool().Draw(p.rt, "restart") {
		plan.Mapping.Restart = []string{"late"}
	}
	p.ok(p.PlanMigration(ctx, dora, id, plan))
	_, err := p.Queue.RunDue(ctx)
	p.ok(err)
	if rapid.Bool().Draw(p.rt, "something between") {
		p.check(p.step())
	}
	p.ok(p.StartMigration(ctx, otto, id, agreed))
	_, err = p.Queue.RunDue(ctx)
	p.ok(err)
	rows, err := p.MigrationCases(ctx, dora, id, MigrationFilter{Limit: 10_000})
	p.ok(err)
	came := map[CaseState]bool{}
	for _, r := range rows {
		if r.Case != p.ids[0] {
			continue
		}
		came[r.State] = true
		if now := p.versionOf(r.Case); (r.State == CaseMigrated) != (now == plan.To) {
			p.rt.Fatalf("the case is %s, and on version %s: %+v", r.State, now, r.Effect)
		}
	}
	return came
}

// TestUses: a version is needed by its cases, and by a migration that may go on.
func TestUses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		uses := func(version string) bool {
			t.Helper()
			used, err := Uses(ctx, d.Read(), "aid", version)
			w.must(err)
			return used
		}
		if uses("2025") || uses("2026") {
			t.Error("nothing uses them")
		}
		w.asks("100.00")
		w.run()
		if !uses("2025") || uses("2026") {
			t.Error("a case uses 2025 alone")
		}
		w.must(w.PlanMigration(ctx, dora, "m", toAssess))
		if !uses("2026") {
			t.Error("a dry run looks at it")
		}
		w.run()
		if uses("2026") {
			t.Error("a plan that nobody runs holds it")
		}
		w.must(w.StartMigration(ctx, otto, "m", agreed))
		if !uses("2026") {
			t.Error("a migration goes there")
		}
		w.run()
		if uses("2025") || !uses("2026") {
			t.Error("its case went over")
		}
	})
}
