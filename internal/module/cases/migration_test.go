package cases

import (
	"context"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// The plan, its dry run, and the run that does what the dry run said.

// Dora makes the plans, Otto starts them.
var (
	dora   = Actor{Account: "a-dora", Name: "Dora", Roles: []web.Role{{Name: RoleDesigner}}}
	otto   = Actor{Account: "a-otto", Name: "Otto", Roles: []web.Role{{Name: "operator"}}}
	agreed = MigrationStart{Reasons: "The old version is unlawful.", Confirmed: true}
)

// aid adds the two versions of a service to those of the tests: in the second, the
// examination is called assess, somebody judges before the second pair of eyes,
// the authority has two months instead of three, more than 5,000 is left to a
// person, and more than 8,000 cannot be asked for.
func aid(t *testing.T) (*pack.Set, []pack.Finding) {
	t.Helper()
	all := completed(t, os.DirFS("testdata")).(fstest.MapFS)
	for _, version := range []string{"2025", "2026"} {
		dir := "aid/" + version
		for name, f := range all {
			if rest, ok := strings.CutPrefix(name, "grant/2025/"); ok {
				all[dir+"/"+rest] = f
			}
		}
		own, err := fs.Glob(os.DirFS("testdata"), dir+"/*")
		if err != nil || len(own) == 0 {
			t.Fatal("testdata/"+dir, err)
		}
		for _, name := range own {
			b, err := os.ReadFile(path.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			all[name] = &fstest.MapFile{Data: b}
		}
		words, _, _ := strings.Cut(string(all[dir+"/texts/fr.yaml"].Data), "process:\n")
		if version == "2026" {
			words = strings.Replace(words, "form:\n", "form:\n  remark.label: \"Remark\"\n", 1)
		}
		words += "process:\n"
		for _, m := range named.FindAllStringSubmatch(string(all[dir+"/process.bpmn"].Data), -1) {
			words += "  " + m[1] + ": \"" + m[1] + "\"\n"
		}
		for _, lang := range i18n.Langs {
			all[dir+"/texts/"+string(lang)+".yaml"] = &fstest.MapFile{Data: []byte(words)}
		}
	}
	return pack.LoadSet(all)
}

func newAid(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := newWorld(t, d)
	set, findings := aid(t)
	for _, f := range findings {
		if f.Severity == pack.Error {
			t.Fatalf("%s:%d: %s", f.File, f.Line, f.Msg)
		}
	}
	w.Packages = set
	return w
}

var toAssess = MigrationPlan{Service: "aid", From: "2025", To: "2026", Mapping: bpmn.Mapping{Elements: map[string]string{"examine": "assess"}}}

// asks submits an application for an amount and lets the rules run.
func (w *world) asks(amount string) string {
	w.t.Helper()
	a := wish("granted", amount)
	delete(a, "name")
	r, err := w.Submit(context.Background(), w.submission(alice, "aid", db.NewID(w.clock), a))
	w.must(err)
	return r.Case
}

var frieda = official("a-frieda", "Frieda", "fund", RoleHeadOfUnit)

func (w *world) examines(id, element string) {
	w.t.Helper()
	w.must(w.Decide(context.Background(), fritz, id, w.task(id, element), pack.Granted, "", "as the rules propose"))
}

// plan makes a plan and its dry run.
func (w *world) plan(id string, p MigrationPlan) *Migration {
	w.t.Helper()
	w.must(w.PlanMigration(context.Background(), dora, id, p))
	w.run()
	m, err := w.FindMigration(context.Background(), dora, id)
	w.must(err)
	if m.State != MigrationChecked {
		w.t.Fatalf("the dry run is %s: %s", m.State, m.Why)
	}
	return m
}

func (w *world) start(id string) *Migration {
	w.t.Helper()
	w.must(w.StartMigration(context.Background(), otto, id, agreed))
	w.run()
	m, err := w.FindMigration(context.Background(), dora, id)
	w.must(err)
	return m
}

// row is one case of a migration.
func (w *world) row(migration, id string) MigrationCase {
	w.t.Helper()
	rows, err := w.MigrationCases(context.Background(), dora, migration, MigrationFilter{Limit: 10_000})
	w.must(err)
	for _, r := range rows {
		if r.Case == id {
			return r
		}
	}
	w.t.Fatalf("case %s is not in the migration", id)
	return MigrationCase{}
}

// stored is everything about the cases that a dry run must leave alone.
func (w *world) stored() string {
	w.t.Helper()
	var all []string
	for _, query := range []string{
		`SELECT id || version || rev || file FROM cases_case ORDER BY id`,
		`SELECT id || element || role || status || due_at FROM cases_task ORDER BY id`,
		`SELECT case_id || seq || kind FROM cases_entry ORDER BY case_id, seq`,
		`SELECT id || due FROM work_job WHERE kind NOT LIKE 'cases.migration%' ORDER BY id`,
	} {
		rows, err := list(context.Background(), w.DB.Read(), func(row scanner) (s string, err error) { return s, row.Scan(&s) }, query)
		w.must(err)
		all = append(all, rows...)
	}
	return strings.Join(all, "\n")
}

// The dry run tells what would change, case by case and in sum, and changes
// nothing; then the cases go over, with a record, and go on as the new version
// says.
func TestMigration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		plain, large, tooLarge, approved, asked, over, withdrawn := w.asks("1817.00"), w.asks("6000.00"), w.asks("9000.00"), w.asks("100.00"), w.asks("200.00"), w.asks("300.00"), w.asks("400.00")
		w.run()
		w.examines(approved, "examine")
		w.must(w.Ask(ctx, fritz, asked, "Please send the invoice again."))
		w.examines(over, "examine")
		w.must(w.Approve(ctx, frieda, over, w.task(over, "approve"), true, ""))
		w.run()
		w.must(w.Withdraw(ctx, alice, withdrawn))
		w.pass(7 * day) // Monday 10 March

		before := w.stored()
		m := w.plan("m1", toAssess)
		if after := w.stored(); after != before {
			t.Fatalf("the dry run has changed something:\n%s\n%s", before, after)
		}
		want := MigrationSums{Cases: 5, Ready: 4, Refused: 1, Changing: 4, Deadlines: 4,
			Outcomes: []MoveCount{{From: "granted", To: "judgement", Cases: 1}},
			Steps:    []MoveCount{{From: "examine", To: "assess", Cases: 4}, {From: "approve", To: "approve", Cases: 1}},
			Timers:   []TimerCount{{Element: "late", How: TimerKept, Timers: 3}},
			Why:      []ProblemCount{{Kind: ProblemForm, Element: "amount", Cases: 1}}}
		if !reflect.DeepEqual(m.Sums, want) {
			t.Errorf("sums\n%+v, want\n%+v", m.Sums, want)
		}
		e := w.row("m1", large).Effect
		if len(e.Problems) > 0 || e.Outcome != pack.Granted || e.Amount != "6000.00" || e.NewOutcome != pack.Judgement || e.NewAmount != "" ||
			!e.Deadline.Equal(endOf(date(2025, 6, 3))) || !e.NewDeadline.Equal(endOf(date(2025, 5, 5))) {
			t.Errorf("large: %+v", e)
		}
		if r := w.row("m1", tooLarge); r.State != CaseRefused || len(r.Effect.Problems) != 1 || r.Effect.Problems[0] != (MigrationProblem{ProblemForm, "amount", "max"}) {
			t.Errorf("too large: %+v", r)
		}

		if m = w.start("m1"); m.State != MigrationDone || m.Cases[CaseMigrated] != 4 || m.Cases[CaseRefused] != 1 || m.Cases[CaseLeft] != 0 {
			t.Fatalf("the run is %s: %+v", m.State, m.Cases)
		}
		for _, id := range []string{plain, large, approved} {
			w.wentOver(id)
		}
		if c := w.file(tooLarge); c.Version != "2025" || strings.Contains(kinds(c), "migrated") {
			t.Errorf("refused, and yet %s: %s", c.Version, kinds(c))
		}
		if c := w.file(asked); c.Version != "2026" || c.File.Clock.Running() || c.File.Clock.Limit.Months != 2 || kinds(c) != "submitted fetched ruled asked migratedLimit" {
			t.Errorf("while something was asked for: %s %+v %s", c.Version, c.File.Clock, kinds(c))
		}
		if c := w.file(large); kinds(c) != "submitted fetched ruled migratedDeadline ruled" || c.File.Proposal.Outcome != pack.Judgement || c.File.Proposal.Package != "aid/2026" {
			t.Errorf("large: %s %+v", kinds(c), c.File.Proposal)
		}
		// Whoever decided before the migration is known to the second pair of eyes.
		refused(t, w.Approve(ctx, official("a-fritz", "Fritz", "fund", RoleHeadOfUnit), approved, w.task(approved, "approve"), true, ""), errs.Forbidden, "cases.task.fourEyes")

		// The rest of the story.
		w.must(w.Approve(ctx, frieda, approved, w.task(approved, "approve"), true, ""))
		w.examines(plain, "assess")
		w.must(w.Judge(ctx, fiona, plain, w.task(plain, "plausible"), true, "It is plausible, as far as one sees."))
		w.must(w.Approve(ctx, frieda, plain, w.task(plain, "approve"), true, ""))
		w.run()
		for _, id := range []string{plain, approved} {
			if c := w.file(id); c.Status != Closed || c.Outcome != pack.Granted || w.bank.paid[id+"/payout/payOut:1"] == 0 {
				t.Errorf("the end: %s %s %v", c.Status, c.Outcome, w.bank.paid)
			}
		}
		w.must(w.Answer(ctx, alice, asked, w.file(asked).Requests[0].ID, "Here it is.", nil))
		if c := w.file(asked); !c.deadline().Equal(endOf(date(2025, 5, 12))) {
			t.Errorf("answered: %+v", c.File.Clock)
		}
		// The same application once more is still the same one.
		a := wish("granted", "1817.00")
		delete(a, "name")
		c := w.file(plain)
		sub := w.submission(alice, "aid", c.Idempotency, a)
		sub.Version = "2025"
		if r, err := w.Submit(ctx, sub); err != nil || r.Case != plain {
			t.Errorf("sent again: %+v %v", r, err)
		}
	})
}

// wentOver checks that a case is wholly on the new version: once, with one record,
// tasks, legal clock and timers agreeing.
func (w *world) wentOver(id string) {
	w.t.Helper()
	c := w.file(id)
	if c.Version != "2026" || len(c.File.Migrations) != 1 || c.File.Migrations[0].From != "2025" || c.File.Migrations[0].By != otto.Account ||
		c.File.Migrations[0].Planner != dora.Account || c.File.Migrations[0].Reasons != agreed.Reasons ||
		strings.Count(kinds(c), "migrated") != 1 {
		w.t.Fatalf("%s: version %s, %+v, %s", c.Number, c.Version, c.File.Migrations, kinds(c))
	}
	if err := c.Package.Process.Verify(c.File.Process); err != nil {
		w.t.Error(err)
	}
	deadline, ok := c.File.Clock.Deadline()
	if !ok || c.File.Clock.Limit.Months != 2 {
		w.t.Errorf("clock %+v", c.File.Clock)
	}
	if n := w.count(`SELECT COUNT(*) FROM cases_case WHERE id = $1 AND version = '2026' AND due_at = $2`, id, db.Micros(deadline)); n != 1 {
		w.t.Error("the row of the case has another deadline or version")
	}
	if n := w.count(`SELECT COUNT(*) FROM work_job WHERE job_key = $1 AND kind = 'cases.deadline' AND due = $2`, id, db.Micros(deadline.Add(time.Microsecond))); n != 1 {
		w.t.Errorf("%d jobs wait for the new deadline", n)
	}
	if n := w.count(`SELECT COUNT(*) FROM work_job WHERE job_key = $1 AND kind = 'cases.deadline'`, id); n != 1 {
		w.t.Errorf("%d jobs wait for a deadline", n)
	}
	open := 0
	for _, t := range c.Tasks {
		if t.Status != TaskOpen {
			continue
		}
		open++
		if e, ok := c.Package.Process.Element(t.Element); !ok || e.Attrs["role"] != t.Role || !t.DueAt.Equal(deadline) {
			w.t.Errorf("task %+v", t)
		}
	}
	timers := 0
	for _, x := range c.File.Process.Waits() {
		if x.Kind != bpmn.WaitTimer {
			continue
		}
		timers++
		if n := w.count(`SELECT COUNT(*) FROM work_job WHERE id = $1 AND due = $2`, id+"/timer/"+x.ID, db.Micros(c.File.Timers[x.ID].fires())); n != 1 {
			w.t.Errorf("%d jobs for timer %s", n, x.ID)
		}
	}
	if n := w.count(`SELECT COUNT(*) FROM work_job WHERE job_key = $1 AND kind = 'cases.timer'`, id); open != 1 || n != timers || len(c.File.Timers) != timers {
		w.t.Errorf("%d open tasks, %d timers, %d jobs, %d on record", open, timers, n, len(c.File.Timers))
	}
}

// The same plan again is the same migration; another one under its id is not.
func TestAPlanIsNotReplaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		w.must(w.PlanMigration(ctx, dora, "m", toAssess))
		w.must(w.PlanMigration(ctx, dora, "m", toAssess))
		other := toAssess
		other.Mapping.Restart = []string{"late"}
		refused(t, w.PlanMigration(ctx, dora, "m", other), errs.Conflict, "cases.migration.other")
	})
}
