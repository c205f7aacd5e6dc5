package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// RoleDesigner writes services, and may take their running cases to another
// version.
const RoleDesigner = "designer"

// Migration is a plan for running cases, its dry run, and its run.
type Migration struct {
	ID            string
	Account, Name string // who made the plan
	Plan          MigrationPlan
	State         MigrationState
	Why           string // when it has failed: the locale key of a sentence
	Sums          MigrationSums
	CreatedAt     time.Time
	CheckedAt     time.Time // the end of the dry run
	StartedAt     time.Time
	StartedBy     string // account, not that of the plan
	Starter       string // display name
	Reasons       string // of the start
	ContinuedAt   time.Time
	ContinuedBy   string // account that last went on with a stopped run
	Continuer     string // display name
	FinishedAt    time.Time
	Cases         map[CaseState]int // how many are in which state by now

	place  string
	starts int
}

// MigrationState is how far a migration is.
type MigrationState string

// The states of a migration.
const (
	MigrationChecking MigrationState = "checking" // the dry run is under way
	MigrationChecked  MigrationState = "checked"
	MigrationRunning  MigrationState = "running"
	MigrationStopped  MigrationState = "stopped" // by a person; it can go on
	MigrationDone     MigrationState = "done"
	MigrationFailed   MigrationState = "failed"
)

// MigrationCase is one case of a migration: what would change, or has changed.
type MigrationCase struct {
	Case, Number string
	State        CaseState
	Effect       MigrationEffect
}

// CaseState is how far a migration is with one case.
type CaseState string

// The states of a case in a migration.
const (
	CaseReady    CaseState = "ready"
	CaseRefused  CaseState = "refused" // by the dry run
	CaseMigrated CaseState = "migrated"
	CaseLeft     CaseState = "left" // it has moved since the dry run and no longer fits, or the run failed on it
)

// MigrationSums is what a dry run comes to over all cases.
type MigrationSums struct {
	Cases     int            `json:"cases"`
	Ready     int            `json:"ready"`
	Refused   int            `json:"refused"`
	Changing  int            `json:"changing"` // of the ready: more than the version changes
	Deadlines int            `json:"deadlines"`
	Outcomes  []MoveCount    `json:"outcomes,omitempty"` // From and To are outcome and amount
	Amounts   int            `json:"amounts"`            // the same outcome with another amount
	Steps     []MoveCount    `json:"steps,omitempty"`
	Timers    []TimerCount   `json:"timers,omitempty"`
	Why       []ProblemCount `json:"why,omitempty"` // a case can have several reasons
}

// MoveCount counts cases that go from one to another.
type MoveCount struct {
	From, To string
	Cases    int
}

// TimerCount counts timers.
type TimerCount struct {
	Element string
	How     TimerHow
	Timers  int
}

// ProblemCount counts cases with a problem.
type ProblemCount struct {
	Kind    MigrationProblemKind
	Element string
	Cases   int
}

func (s *MigrationSums) add(e MigrationEffect) {
	s.Cases++
	for _, m := range e.Steps {
		count(&s.Steps, func(c MoveCount) bool { return c.From == m.From && c.To == m.To }, MoveCount{From: m.From, To: m.To}).Cases++
	}
	if len(e.Problems) > 0 {
		s.Refused++
		for i, p := range e.Problems {
			if i == 0 || e.Problems[i-1].Kind != p.Kind || e.Problems[i-1].Element != p.Element {
				count(&s.Why, func(c ProblemCount) bool { return c.Kind == p.Kind && c.Element == p.Element }, ProblemCount{Kind: p.Kind, Element: p.Element}).Cases++
			}
		}
		return
	}
	s.Ready++
	if e.Changes() {
		s.Changing++
	}
	if e.DeadlineMoves() {
		s.Deadlines++
	}
	switch from, to := string(e.Outcome), string(e.NewOutcome); {
	case from != to:
		count(&s.Outcomes, func(c MoveCount) bool { return c.From == from && c.To == to }, MoveCount{From: from, To: to}).Cases++
	case e.OutcomeMoves():
		s.Amounts++
	}
	for _, t := range e.Timers {
		count(&s.Timers, func(c TimerCount) bool { return c.Element == t.Element && c.How == t.How }, TimerCount{Element: t.Element, How: t.How}).Timers++
	}
}

// count returns the element of the list that fits, adding it first if need be.
func count[T any](all *[]T, fits func(T) bool, otherwise T) *T {
	i := slices.IndexFunc(*all, fits)
	if i < 0 {
		i = len(*all)
		*all = append(*all, otherwise)
	}
	return &(*all)[i]
}

// How many cases one job of a migration looks at: others wait for a worker no
// longer than that takes.
const (
	checkBatch   = 100
	migrateBatch = 50
)

const (
	checkJob   = "cases.migration.check"
	migrateJob = "cases.migration.run"
)

type migrationJob struct{ Migration string }

// handleMigrations registers the work of migrations with the queue.
func (s *Service) handleMigrations() {
	handleJob(s, checkJob, s.checkOn)
	handleJob(s, migrateJob, s.migrateOn)
	for _, kind := range []string{checkJob, migrateJob} {
		s.Queue.GaveUp(kind, func(ctx context.Context, tx *db.Tx, j work.Job) error {
			return s.store.endMigration(ctx, tx, j.Key, MigrationFailed, "cases.migration.gaveUp", s.now())
		})
	}
}

func enqueueMigration(ctx context.Context, tx *db.Tx, kind, id, place string, at time.Time) error {
	payload, err := json.Marshal(migrationJob{id})
	if err != nil {
		return err
	}
	return work.Enqueue(ctx, tx, work.Job{ID: kind + "/" + id + "/" + place, Kind: kind, Key: id, Due: at, Payload: payload})
}

func mayMigrate(a Actor) error {
	if !a.Has(RoleDesigner) && !a.Has("operator") {
		return errs.New(errs.Forbidden, "")
	}
	return nil
}

// InvalidMapping is the cause inside the errs.Invalid error of PlanMigration: what
// of the mapping can never serve.
type InvalidMapping struct{ Misfits []bpmn.Misfit }

func (e InvalidMapping) Error() string { return fmt.Sprint(e.Misfits) }

// PlanMigration stores a plan and begins its dry run, which changes no case. id
// makes a repetition the same migration; another plan under it is errs.Conflict.
// A plan that cannot be carried out is
// errs.Invalid, with an InvalidMapping inside if it is the mapping.
func (s *Service) PlanMigration(ctx context.Context, a Actor, id string, plan MigrationPlan) error {
	if err := mayMigrate(a); err != nil {
		return err
	}
	if id == "" || len(id) > 100 {
		return errs.New(errs.Invalid, "cases.key")
	}
	from, to, err := s.versions(plan)
	if err != nil {
		return err
	}
	plan.FromHash, plan.ToHash = from.Hash, to.Hash
	var wrong []bpmn.Misfit
	for _, m := range from.Process.Misfits(to.Process, plan.Mapping) {
		if m.Reason == bpmn.MisfitUnknown || m.Reason == bpmn.MisfitTwice {
			wrong = append(wrong, m)
		}
	}
	if len(wrong) > 0 {
		return errs.Wrap(errs.Invalid, "cases.migration.mapping", InvalidMapping{wrong})
	}
	m := &Migration{ID: id, Account: a.Account, Name: a.Name, Plan: plan, State: MigrationChecking, CreatedAt: s.now()}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		added, err := s.store.addMigration(ctx, tx, m)
		if err != nil {
			return err
		}
		if !added {
			return s.samePlan(ctx, tx, m)
		}
		return enqueueMigration(ctx, tx, checkJob, id, "", m.CreatedAt)
	})
}

// samePlan refuses another plan under an id that is known.
func (s *Service) samePlan(ctx context.Context, tx *db.Tx, m *Migration) error {
	known, err := s.store.migration(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	a, err := json.Marshal(known.Plan)
	if err != nil {
		return err
	}
	b, err := json.Marshal(m.Plan)
	if err == nil && !bytes.Equal(a, b) {
		err = errs.New(errs.Conflict, "cases.migration.other")
	}
	return err
}

// versions returns the packages of a plan.
func (s *Service) versions(plan MigrationPlan) (from, to *pack.Package, err error) {
	from, ok1 := s.Packages.Kept(plan.Service, plan.From)
	to, ok2 := s.Packages.Version(plan.Service, plan.To)
	switch {
	case !ok1 || !ok2 || plan.From == plan.To:
		return nil, nil, errs.New(errs.Invalid, "cases.migration.versions")
	case plan.FromHash != "" && (plan.FromHash != from.Hash || plan.ToHash != to.Hash):
		return nil, nil, errs.New(errs.Invalid, "cases.migration.changed")
	}
	return from, to, nil
}

// FindMigration returns one migration with the counts of its cases.
func (s *Service) FindMigration(ctx context.Context, a Actor, id string) (*Migration, error) {
	if err := mayMigrate(a); err != nil {
		return nil, err
	}
	m, err := s.store.migration(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	m.Cases, err = s.store.countMigrationCases(ctx, s.DB.Read(), id)
	return m, err
}

// ListMigrations returns migrations, the newest first, before one that
// FindMigration returned (nil: from the newest).
func (s *Service) ListMigrations(ctx context.Context, a Actor, before *Migration, limit int) ([]*Migration, error) {
	if err := mayMigrate(a); err != nil {
		return nil, err
	}
	at, id := time.UnixMicro(1<<62), ""
	if before != nil {
		at, id = before.CreatedAt, before.ID
	}
	return s.store.migrationsBefore(ctx, s.DB.Read(), at, id, limit)
}

// MigrationFilter narrows the cases of a migration.
type MigrationFilter struct {
	States   []CaseState // none: all
	Changing bool        // only those in which more than the version changes
	After    string      // keyset: cases after this one
	Limit    int
}

// MigrationCases lists the cases of a migration. They carry numbers and no names:
// who migrates has no right to look into them.
func (s *Service) MigrationCases(ctx context.Context, a Actor, id string, f MigrationFilter) ([]MigrationCase, error) {
	if err := mayMigrate(a); err != nil {
		return nil, err
	}
	return s.store.migrationCases(ctx, s.DB.Read(), id, f.States, f.Changing, f.After, f.Limit)
}

// MigrationStart is what a run is started with.
type MigrationStart struct {
	Reasons   string
	Confirmed bool // that so many cases go over, to which version, with no way back as a whole
}

// StartMigration begins the run after a finished dry run. It is errs.Forbidden for
// who made the plan, errs.Invalid without reasons or confirmation, and
// errs.Conflict in any other state.
func (s *Service) StartMigration(ctx context.Context, a Actor, id string, with MigrationStart) error {
	return s.runMigration(ctx, a, id, func(ctx context.Context, tx *db.Tx, m *Migration) error {
		switch {
		case !m.MustStart():
			return errs.New(errs.Conflict, "cases.migration.state")
		case a.Account == m.Account:
			return errs.New(errs.Forbidden, "cases.migration.fourEyes")
		}
		if err := checkReasons(with.Reasons, true); err != nil {
			return err
		}
		if !with.Confirmed {
			return errs.New(errs.Invalid, "cases.migration.sure")
		}
		return s.store.startMigration(ctx, tx, id, a.Account, a.Name, strings.TrimSpace(with.Reasons), s.now())
	})
}

// ContinueMigration goes on with a stopped run, for whoever may migrate: what
// goes over was agreed when it was started. It is errs.Conflict in any other state.
func (s *Service) ContinueMigration(ctx context.Context, a Actor, id string) error {
	return s.runMigration(ctx, a, id, func(ctx context.Context, tx *db.Tx, m *Migration) error {
		if m.State != MigrationStopped || m.MustStart() {
			return errs.New(errs.Conflict, "cases.migration.state")
		}
		return s.store.continueMigration(ctx, tx, id, a.Account, a.Name, s.now())
	})
}

// MustStart reports whether a second person has to start the run: after the dry
// run, and when it was stopped before that was asked for.
func (m *Migration) MustStart() bool {
	return m.State == MigrationChecked || m.State == MigrationStopped && m.Reasons == ""
}

func (s *Service) runMigration(ctx context.Context, a Actor, id string, record func(context.Context, *db.Tx, *Migration) error) error {
	if err := mayMigrate(a); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := s.store.migration(ctx, tx, id)
		if err != nil || m.State == MigrationRunning { // a double click
			return err
		}
		if _, _, err := s.versions(m.Plan); err != nil {
			return err
		}
		if err := record(ctx, tx, m); err != nil {
			return err
		}
		moved, err := s.store.moveMigration(ctx, tx, id, MigrationChecked, MigrationStopped, MigrationRunning)
		if err != nil {
			return err
		}
		if !moved {
			return errs.New(errs.Conflict, "cases.migration.state")
		}
		return enqueueMigration(ctx, tx, migrateJob, id, itoa(m.starts+1)+"/", s.now())
	})
}

// StopMigration stops a run after the case it is at. Cases that went over stay
// there; ContinueMigration goes on with the rest.
func (s *Service) StopMigration(ctx context.Context, a Actor, id string) error {
	if err := mayMigrate(a); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		moved, err := s.store.moveMigration(ctx, tx, id, MigrationRunning, MigrationStopped, MigrationStopped)
		if err == nil && !moved {
			err = errs.New(errs.Conflict, "cases.migration.state")
		}
		return err
	})
}

// ofMigration is what a job of a migration works on; nil when there is nothing to
// do any more.
func (s *Service) ofMigration(ctx context.Context, id string, state MigrationState) (*Migration, *pack.Package, error) {
	m, err := s.store.migration(ctx, s.DB.Read(), id)
	if err != nil || m.State != state {
		return nil, nil, err
	}
	_, to, err := s.versions(m.Plan)
	switch {
	case errors.Is(err, errs.New(errs.Invalid, "cases.migration.versions")): // this node has not heard of it yet, or another will serve it
		return nil, nil, errs.New(errs.Unavailable, "").Because("migration %s: %s %s or %s is not served here", id, m.Plan.Service, m.Plan.From, m.Plan.To)
	case err != nil: // other packages than those that were looked at
		return nil, nil, s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			return s.store.endMigration(ctx, tx, id, MigrationFailed, "cases.migration.changed", s.now())
		})
	}
	return m, to, nil
}

// checkOn looks at the next cases of a dry run. What it found, how far it is, and
// the job that goes on are stored together: a batch that was cut is looked at
// again.
func (s *Service) checkOn(ctx context.Context, job work.Job, j migrationJob) error {
	m, to, err := s.ofMigration(ctx, j.Migration, MigrationChecking)
	if err != nil || m == nil {
		return err
	}
	ids, err := s.store.runningIDs(ctx, s.DB.Read(), m.Plan.Service, m.Plan.From, m.place, checkBatch)
	if err != nil {
		return err
	}
	var rows []MigrationCase
	was := m.place
	for _, id := range ids {
		m.place = id
		ch, err := s.read(ctx, s.DB.Read(), Actor{}, id, func(*Case) error { return nil })
		if err != nil {
			return err
		}
		r := MigrationCase{Case: id, Number: ch.c.Number, State: CaseReady, Effect: ch.migrate(m, to)}
		if slices.ContainsFunc(r.Effect.Problems, func(p MigrationProblem) bool { return p.Kind == ProblemEnded || p.Kind == ProblemMoved }) {
			continue // since the list was read
		}
		if len(r.Effect.Problems) > 0 {
			r.State = CaseRefused
		}
		m.Sums.add(r.Effect)
		rows = append(rows, r)
	}
	if len(ids) < checkBatch {
		m.State, m.CheckedAt = MigrationChecked, s.now()
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := job.Complete(ctx, tx); err != nil {
			return err
		}
		here, err := s.store.checkedOn(ctx, tx, m, was)
		if err != nil || !here {
			return err
		}
		for _, r := range rows {
			if err := s.store.addMigrationCase(ctx, tx, m.ID, r); err != nil {
				return err
			}
		}
		if m.State == MigrationChecked {
			return nil
		}
		return enqueueMigration(ctx, tx, checkJob, m.ID, m.place, s.now())
	})
}

// migrateOn takes the next cases over, each in a transaction of its own, which
// also says that it is done with. So a run that was cut goes on where it was, and
// no case goes over twice.
func (s *Service) migrateOn(ctx context.Context, job work.Job, j migrationJob) error {
	m, to, err := s.ofMigration(ctx, j.Migration, MigrationRunning)
	if err != nil || m == nil {
		return err
	}
	rows, err := s.store.migrationCases(ctx, s.DB.Read(), m.ID, []CaseState{CaseReady}, false, "", migrateBatch)
	if err != nil {
		return err
	}
	place := ""
	for _, r := range rows {
		place = r.Case
		switch err := s.migrateCase(ctx, m, to, r); {
		case errors.Is(err, errNotRunning):
			if now, err := s.store.migration(ctx, s.DB.Read(), m.ID); err != nil || now.State != MigrationRunning {
				return err
			}
		case err != nil && (ctx.Err() != nil || errs.KindOf(err) == errs.Unavailable):
			return err
		case err != nil:
			s.Log.Error("case not migrated", "migration", m.ID, "case", r.Case, "err", err)
			r.Effect.Problems = []MigrationProblem{{Kind: ProblemFault}}
			if err := s.leaveCase(ctx, m.ID, r); err != nil {
				return err
			}
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := job.Complete(ctx, tx); err != nil {
			return err
		}
		if len(rows) == migrateBatch {
			return enqueueMigration(ctx, tx, migrateJob, m.ID, itoa(m.starts)+"/"+place, s.now())
		}
		return s.store.finishMigration(ctx, tx, m.ID, s.now())
	})
}

// errNotRunning: the migration was stopped, or somebody else is done with the
// case.
var errNotRunning = errors.New("cases: the migration does not run, or is done with the case")

// cannotMigrate: the case has moved since the dry run and no longer fits.
type cannotMigrate struct{ effect MigrationEffect }

func (cannotMigrate) Error() string { return "cases: the case cannot be migrated any more" }

func (s *Service) migrateCase(ctx context.Context, m *Migration, to *pack.Package, r MigrationCase) error {
	who := Actor{Account: m.StartedBy, Name: m.Starter}
	err := s.change(ctx, who, r.Case, func(*Case) error { return nil }, func(ch *change) error {
		done := r
		done.State, done.Effect = CaseMigrated, ch.migrate(m, to)
		if len(done.Effect.Problems) > 0 {
			return cannotMigrate{done.Effect}
		}
		ch.also = func(ctx context.Context, tx *db.Tx) error {
			ours, err := s.store.settleMigrationCase(ctx, tx, m.ID, done)
			if err == nil && !ours {
				err = errNotRunning
			}
			return err
		}
		return nil
	})
	var cannot cannotMigrate
	if !errors.As(err, &cannot) {
		return err
	}
	r.Effect = cannot.effect
	return s.leaveCase(ctx, m.ID, r)
}

// leaveCase records why a case stays where it is.
func (s *Service) leaveCase(ctx context.Context, migration string, r MigrationCase) error {
	r.State = CaseLeft
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.store.settleMigrationCase(ctx, tx, migration, r)
		return err
	})
}
