package cases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"passerelle/engine/bpmn"
	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

var dora = Actor{Account: "a-dora", Name: "Dora", Roles: []web.Role{{Name: RoleDesigner}}}

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
	w.must(w.StartMigration(context.Background(), dora, id))
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
	if c.Version != "2026" || len(c.File.Migrations) != 1 || c.File.Migrations[0].From != "2025" || c.File.Migrations[0].By != dora.Account ||
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

// A timer that begins again counts from the migration, with the new time; one that
// is kept fires when it would have.
func TestMigrationOfTimers(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	kept := w.asks("100.00")
	w.run()
	w.pass(7 * day)
	w.plan("kept", toAssess)
	w.start("kept")
	if due := w.file(kept).File.Timers["late~1"].Due; !due.Equal(endOf(date(2025, 3, 24))) { // 20 days are the 23rd, a Sunday
		t.Errorf("kept: due %v", due)
	}
	again := w.asks("100.00")
	w.run()
	w.pass(day)
	p := toAssess
	p.Mapping.Restart = []string{"late"}
	w.plan("again", p)
	e := w.row("again", again).Effect
	if want := endOf(date(2025, 4, 22)); len(e.Timers) != 1 || e.Timers[0].How != TimerRestarted || !e.Timers[0].NewDue.Equal(want) { // 40 days are the 20th, Easter Sunday
		t.Errorf("%+v, want due %v", e.Timers, want)
	}
	w.start("again")
	w.wentOver(again)
	w.pass(15 * day) // to 26 March
	if c := w.file(kept); len(c.File.Timers) != 0 {
		t.Errorf("kept: it has not fired: %+v", c.File.Timers)
	}
	if c := w.file(again); len(c.File.Timers) != 1 || len(c.File.Process.Waits()) != 2 {
		t.Errorf("again: it has fired: %+v", c.File.Timers)
	}
}

// Who may not, what cannot be, and what is not ready.
func TestMigrationIsRefused(t *testing.T) {
	w, ctx := newAid(t, dbtest.SQLite(t)), context.Background()
	for _, who := range []Actor{alice, fritz, frieda} {
		refused(t, w.PlanMigration(ctx, who, "m", toAssess), errs.Forbidden, "")
		refused(t, w.StartMigration(ctx, who, "m"), errs.Forbidden, "")
	}
	wrong := toAssess
	wrong.To = "2030"
	refused(t, w.PlanMigration(ctx, dora, "m", wrong), errs.Invalid, "cases.migration.versions")
	wrong = toAssess
	wrong.Mapping.Elements = map[string]string{"examine": "nowhere"}
	err := w.PlanMigration(ctx, dora, "m", wrong)
	refused(t, err, errs.Invalid, "cases.migration.mapping")
	var mapping InvalidMapping
	if !errors.As(err, &mapping) || len(mapping.Misfits) != 1 || mapping.Misfits[0].Element != "examine" {
		t.Errorf("%+v", mapping)
	}

	id := w.asks("100.00")
	w.run()
	w.must(w.PlanMigration(ctx, dora, "m", MigrationPlan{Service: "aid", From: "2025", To: "2026"})) // nothing is mapped
	refused(t, w.StartMigration(ctx, dora, "m"), errs.Conflict, "cases.migration.state")
	w.run()
	if r := w.row("m", id); r.State != CaseRefused || len(r.Effect.Problems) != 2 || r.Effect.Problems[0].Kind != "gone" || r.Effect.Problems[0].Element != "examine" {
		t.Errorf("%+v", r)
	}
	refused(t, w.StopMigration(ctx, dora, "m"), errs.Conflict, "cases.migration.state")
	if m := w.start("m"); m.State != MigrationDone || m.Cases[CaseRefused] != 1 {
		t.Errorf("%+v", m)
	}
}

// A new deadline that is over already would decide by itself; a decision that
// stands, stands under its law.
func TestMigrationDecidesNothing(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	late := w.asks("100.00")
	w.run()
	w.pass(70 * day) // two months are over, three are not
	m := w.plan("late", toAssess)
	if r := w.row("late", late); r.State != CaseRefused || r.Effect.Problems[0].Kind != ProblemDeadline {
		t.Errorf("%+v", r)
	}
	if m.Sums.Refused != 1 {
		t.Errorf("%+v", m.Sums)
	}
	w.pass(40 * day) // silence has refused
	w.plan("silent", toAssess)
	if r := w.row("silent", late); r.State != CaseRefused || len(r.Effect.Problems) != 1 || r.Effect.Problems[0].Kind != ProblemDecided {
		t.Errorf("%+v", r)
	}
}

// While something is asked for no deadline can be named; the answer would let the
// clock run again, and silence decide at once.
func TestMigrationWhileTheClockStandsStill(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	late, early := w.asks("100.00"), ""
	w.run()
	w.pass(65 * day)
	early = w.asks("200.00")
	w.run()
	w.pass(5 * day)
	for _, id := range []string{late, early} {
		w.must(w.Ask(context.Background(), fritz, id, "Please send the invoice again."))
	}
	w.plan("m", toAssess)
	if r := w.row("m", late); r.State != CaseRefused || r.Effect.Problems[0].Kind != ProblemDeadline {
		t.Errorf("%+v", r)
	}
	if e := w.row("m", early).Effect; len(e.Problems) > 0 || e.Deadline.IsZero() || !e.NewDeadline.Before(e.Deadline) {
		t.Errorf("%+v", e)
	}
}

// Silence that means something only in the new version does not decide what is
// late.
func TestMigrationLetsNoSilenceDecide(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	p, _ := w.Packages.Version("aid", "2025")
	quiet := *p
	quiet.Service.Deadlines.Silence = "none"
	w.Packages.Put(&quiet)
	late := w.asks("100.00")
	w.run()
	w.pass(120 * day)
	w.plan("m", toAssess)
	if r := w.row("m", late); r.State != CaseRefused || r.Effect.Problems[0].Kind != ProblemDeadline {
		t.Errorf("%+v", r)
	}
}

// Who did the work is not forgotten on the way, and what is called alike is not
// taken for the same.
func TestMigrationKeepsFourEyes(t *testing.T) {
	w := newAid(t, dbtest.SQLite(t))
	examined := w.asks("100.00")
	w.run()
	w.examines(examined, "examine")
	p := toAssess
	p.Mapping.Elements = nil // nobody names the step that is done
	w.plan("forgets", p)
	if r := w.row("forgets", examined); r.State != CaseRefused || len(r.Effect.Problems) != 1 || r.Effect.Problems[0] != (MigrationProblem{"fourEyes", "approve", ""}) {
		t.Errorf("%+v", r)
	}
	w.must(w.Approve(context.Background(), frieda, examined, w.task(examined, "approve"), false, "The amount is not what was asked for."))
	p.Mapping.Elements = map[string]string{"examine": "assess", "approve": ""} // another step of the same name
	w.plan("reuses", p)
	w.start("reuses")
	results := w.file(examined).File.Results
	if r, there := results["approve"]; there {
		t.Errorf("the new step has inherited %+v", r)
	}
	if results["approve@2025"].By != frieda.Account || results["assess"].By != fritz.Account {
		t.Errorf("%+v", results)
	}
	was, _ := w.Packages.Version("aid", "2025")
	l := w.Texts.For(i18n.EN)
	if got, want := w.file(examined).StepTitle(l, "approve@2025"), was.T(i18n.EN, "process.approve")+" (version 2025 of the service)"; got != want || !was.Has("process.approve") {
		t.Errorf("what was set aside is called %q, not %q", got, want)
	}
}

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
	w.must(w.StartMigration(ctx, dora, "m"))
	other := *p
	other.Hash = "another"
	w.Packages.Put(&other)
	w.run()
	if m, err = w.FindMigration(ctx, dora, "m"); err != nil || m.State != MigrationFailed || m.Why != "cases.migration.changed" {
		t.Errorf("%+v %v", m, err)
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

// A job that outlived stop and start has skipped a case: it does not end the run
// that the next start began.
func TestNoRunEndsBeforeItsCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		id := w.asks("100.00")
		w.run()
		w.plan("m", toAssess)
		w.must(w.StartMigration(ctx, dora, "m"))
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
		w.must(w.StartMigration(context.Background(), dora, "m"))
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
		done := w.start("m")
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
	w.must(w.StartMigration(ctx, dora, "m"))
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
	p.ok(p.StartMigration(ctx, dora, id))
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

// leaves are two versions of the leave, of which the second is edited, file by file.
func leaves(t *testing.T, edit func(name, text string) (string, string)) *pack.Set {
	t.Helper()
	all := completed(t, os.DirFS("testdata")).(fstest.MapFS)
	for name, f := range all {
		rest, ok := strings.CutPrefix(name, "leave/2025/")
		if !ok {
			continue
		}
		text := string(f.Data)
		if rest == "service.yaml" {
			text = strings.NewReplacer(`version: "2025"`, `version: "2026"`, "from: 2025-01-01", "from: 2026-01-01").Replace(text)
			all[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), "to: 2026-12-31", "to: 2025-12-31", 1))}
		}
		rest, text = edit(rest, text)
		all["leave/2026/"+rest] = &fstest.MapFile{Data: []byte(text)}
	}
	set, findings := pack.LoadSet(all)
	for _, f := range findings {
		if f.Severity == pack.Error {
			t.Fatalf("%s:%d: %s", f.File, f.Line, f.Msg)
		}
	}
	return set
}

// A part that somebody is asked for, or has given, goes over only where the new
// version asks the same person by the same form.
func TestMigrationOfParties(t *testing.T) {
	same := func(name, text string) (string, string) { return name, text }
	longer := func(name, text string) (string, string) {
		if name == "parties/employer.yaml" {
			text += "      - {id: since, type: date}\n"
		}
		return name, strings.Replace(text, "form:\n", "form:\n  since.label: \"Since\"\n", 1)
	}
	renamed := func(name, text string) (string, string) {
		return strings.Replace(name, "partner", "spouse", 1), strings.ReplaceAll(text, "partner", "spouse")
	}
	plan := MigrationPlan{Service: "leave", From: "2025", To: "2026"}
	toSpouse := plan
	toSpouse.Mapping.Elements = map[string]string{"partnerAnswers": "spouseAnswers", "partnerSilent": "spouseSilent", "partnerDone": "spouseDone"}
	for _, c := range []struct {
		name   string
		edit   func(name, text string) (string, string)
		plan   MigrationPlan
		before func(w *world, id string)
		at     string // element of the party for whom it is refused, "" when it goes over
	}{
		{"the same form, written on", same, plan, func(w *world, id string) {
			w.must(w.Accept(context.Background(), firm, w.part(id, "employer")))
		}, ""},
		{"another form, not opened", longer, plan, func(*world, string) {}, "employerAnswers"},
		{"another form, written on", longer, plan, func(w *world, id string) {
			w.must(w.Accept(context.Background(), firm, w.part(id, "employer")))
		}, "employerAnswers"},
		{"another form, answered", longer, plan, func(w *world, id string) { w.answers(firm, id, "employer", agrees) }, ""},
		{"no party, answered", renamed, toSpouse, func(w *world, id string) {
			w.answers(bob, id, "partner", confirms)
			w.answers(firm, id, "employer", form.Answers{"agrees": false})
		}, "partnerAnswers"},
		{"no party, silent", renamed, toSpouse, func(w *world, id string) {
			w.answers(firm, id, "employer", form.Answers{"agrees": false})
			w.pass(25 * day)
		}, "partnerAnswers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, dbtest.SQLite(t))
			w.Packages = leaves(t, c.edit)
			id := w.apply(alice, "leave", "granted")
			c.before(w, id)
			w.plan("m", c.plan)
			var parties []string
			for _, p := range w.row("m", id).Effect.Problems {
				if p.Kind == ProblemParty {
					parties = append(parties, p.Element)
				}
			}
			if w.start("m"); c.at != "" {
				if len(parties) != 1 || parties[0] != c.at || w.versionOf(id) != "2025" {
					t.Fatalf("refused for %v, want %s; the case is on %s: %+v", parties, c.at, w.versionOf(id), w.row("m", id))
				}
				return
			}
			if w.versionOf(id) != "2026" {
				t.Fatalf("it stays: %+v", w.row("m", id).Effect)
			}
			if w.part(id, "employer").Open() {
				w.answers(firm, id, "employer", agrees)
			}
			w.answers(bob, id, "partner", confirms)
			if d := w.file(id); d.Status != Closed || d.Outcome != pack.Granted {
				t.Errorf("the end: %s %s", d.Status, d.Outcome)
			}
		})
	}
}
