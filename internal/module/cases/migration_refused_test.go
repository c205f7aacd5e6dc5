package cases

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// Cases that a migration leaves where they are, and why.

// Who may not, what cannot be, and what is not ready.
func TestMigrationIsRefused(t *testing.T) {
	w, ctx := newAid(t, dbtest.SQLite(t)), context.Background()
	for _, who := range []Actor{alice, fritz, frieda} {
		refused(t, w.PlanMigration(ctx, who, "m", toAssess), errs.Forbidden, "")
		refused(t, w.StartMigration(ctx, who, "m", agreed), errs.Forbidden, "")
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
	refused(t, w.StartMigration(ctx, otto, "m", agreed), errs.Conflict, "cases.migration.state")
	w.run()
	if r := w.row("m", id); r.State != CaseRefused || len(r.Effect.Problems) != 2 || r.Effect.Problems[0].Kind != "gone" || r.Effect.Problems[0].Element != "examine" {
		t.Errorf("%+v", r)
	}
	refused(t, w.StopMigration(ctx, dora, "m"), errs.Conflict, "cases.migration.state")
	if m := w.start("m"); m.State != MigrationDone || m.Cases[CaseRefused] != 1 {
		t.Errorf("%+v", m)
	}
}

// Who made the plan does not start it, nor does anybody without reasons or
// without confirming; stopping and going on need no second person.
func TestMigrationNeedsTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newAid(t, d), context.Background()
		id := w.asks("100.00")
		w.run()
		w.plan("m", toAssess)
		refused(t, w.StartMigration(ctx, dora, "m", agreed), errs.Forbidden, "cases.migration.fourEyes")
		refused(t, w.StartMigration(ctx, otto, "m", MigrationStart{Reasons: "  short  ", Confirmed: true}), errs.Invalid, "cases.reasons.needed")
		refused(t, w.StartMigration(ctx, otto, "m", MigrationStart{Reasons: agreed.Reasons}), errs.Invalid, "cases.migration.sure")
		refused(t, w.ContinueMigration(ctx, otto, "m"), errs.Conflict, "cases.migration.state")
		w.must(w.StartMigration(ctx, otto, "m", agreed))
		w.must(w.StopMigration(ctx, dora, "m"))
		refused(t, w.StartMigration(ctx, otto, "m", agreed), errs.Conflict, "cases.migration.state")
		w.must(w.ContinueMigration(ctx, dora, "m"))
		w.run()
		m, err := w.FindMigration(ctx, dora, "m")
		if err != nil || m.State != MigrationDone || m.Account != dora.Account || m.StartedBy != otto.Account || m.Starter != "Otto" ||
			m.Reasons != agreed.Reasons || m.ContinuedBy != dora.Account || m.ContinuedAt.IsZero() {
			t.Errorf("%+v %v", m, err)
		}
		w.wentOver(id)
		e := w.file(id).Timeline[3]
		if e.Kind != "migratedDeadline" || e.Name != "Otto" || e.Data["planner"] != "Dora" || e.Data["text"] != agreed.Reasons {
			t.Errorf("%+v", e)
		}

		// One that a single person started, and stopped, before two were needed.
		w.asks("200.00")
		w.run()
		w.plan("old", toAssess)
		w.must(w.StartMigration(ctx, otto, "old", agreed))
		w.must(w.StopMigration(ctx, otto, "old"))
		w.must(w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			return db.Send(ctx, tx, `UPDATE cases_migration SET reasons = '', started_by = account WHERE id = 'old'`)
		}))
		refused(t, w.ContinueMigration(ctx, dora, "old"), errs.Conflict, "cases.migration.state")
		refused(t, w.StartMigration(ctx, dora, "old", agreed), errs.Forbidden, "cases.migration.fourEyes")
		if m := w.start("old"); m.State != MigrationDone || m.StartedBy != otto.Account {
			t.Errorf("%+v", m)
		}
	})
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
