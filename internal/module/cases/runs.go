package cases

import (
	"context"
	"errors"
	"slices"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// Run is work over many cases: it goes batch by batch, each case in a
// transaction of its own, and on from where it was cut.
type Run struct {
	ID          string
	Kind        RunKind
	At          time.Time
	Actor, Name string // account and display name; "system" and "" for the calendar
	Detail      RunDetail
	Total       int64 // cases when it began
	Done        int64 // looked at so far
	Changed     int64 // of these: changed, or going on again
	Failed      int64 // of these: could not be changed, or stand still again
	EndedAt     time.Time

	place string // the last case that was looked at
}

// RunKind says what a run does.
type RunKind string

// The kinds of runs.
const (
	RunCalendar RunKind = "calendar" // counts time limits again
	RunResume   RunKind = "resume"   // repeats failed steps
	RunCorrect  RunKind = "correct"  // corrects what made steps fail, and repeats them
)

// RunDetail is what a run needs to know.
type RunDetail struct {
	Calendar   string     `json:"calendar,omitempty"` // hash
	Person     string     `json:"person,omitempty"`   // of the actor: nobody acts in their own case
	First      bool       `json:"first,omitempty"`    // calendar: nothing was counted with another one before
	Since      time.Time  `json:"since,omitzero"`     // calendar: cases decided before cannot be contested any more
	Cause      Cause      `json:"cause,omitzero"`
	Correction Correction `json:"correction,omitzero"`
}

// runBatch is how many cases a run looks at before it says how far it is, and
// lets others have the database.
const runBatch = 100

type runJob struct{ Run string }

func runJobOf(id, place string, now time.Time) work.Job {
	return work.Job{ID: "cases.run/" + id + "/" + place, Kind: "cases.run", Key: "cases.run/" + id, Due: now, Payload: []byte(`{"Run":"` + id + `"}`)}
}

// start stores a run with its first job; false when it is there already.
func (s *Service) start(ctx context.Context, r Run) (started bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if started, err = s.store.addRun(ctx, tx, r); err != nil || !started || !r.EndedAt.IsZero() {
			return err
		}
		return work.Enqueue(ctx, tx, runJobOf(r.ID, "", r.At))
	})
	return started, err
}

// goOn looks at the next batch of a run. A batch that was cut is looked at again:
// what was done to a case stays done, and is at most counted twice.
func (s *Service) goOn(ctx context.Context, job work.Job, payload runJob) error {
	r, err := s.store.run(ctx, s.DB.Read(), payload.Run)
	if err != nil || !r.EndedAt.IsZero() {
		return err
	}
	if r.Kind == RunCalendar && r.Detail.Calendar != s.calendar.Hash() {
		return s.notOurs(ctx, job, r)
	}
	ids, err := s.batch(ctx, r)
	if err != nil {
		return err
	}
	for _, id := range ids {
		changed, failed, err := s.touchCase(ctx, r, id)
		if err != nil {
			if ctx.Err() != nil || errs.KindOf(err) == errs.Unavailable && !errors.Is(err, errNoPackage) {
				return err
			}
			s.Log.Error("case not changed by a run over many", "run", r.ID, "case", id, "err", err)
			failed = true
		}
		r.place = id
		r.Done++
		if failed {
			r.Failed++
		} else if changed {
			r.Changed++
		}
	}
	if len(ids) < runBatch {
		r.EndedAt = s.now()
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.saveRun(ctx, tx, r); err != nil {
			return err
		}
		if err := job.Complete(ctx, tx); err != nil || !r.EndedAt.IsZero() {
			return err
		}
		return work.Enqueue(ctx, tx, runJobOf(r.ID, r.place, s.now()))
	})
}

// notOurs leaves a run to a process with the calendar that it counts with: in a
// rolling restart some have the old one. When a newer run has begun, there may be
// none; that run counts the same cases, and this one ends.
func (s *Service) notOurs(ctx context.Context, job work.Job, r Run) error {
	newest, err := s.store.runs(ctx, s.DB.Read(), RunCalendar, 1)
	if err != nil {
		return err
	}
	if newest[0].ID == r.ID {
		return errs.New(errs.Unavailable, "").Because("run %s counts with another calendar than this process has", r.ID)
	}
	r.EndedAt = s.now()
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.saveRun(ctx, tx, r); err != nil {
			return err
		}
		return job.Complete(ctx, tx)
	})
}

// batch are the next cases of a run.
func (s *Service) batch(ctx context.Context, r Run) ([]string, error) {
	if r.Kind == RunCalendar {
		return s.store.countableIDs(ctx, s.DB.Read(), r.Detail.Since, r.place, runBatch)
	}
	return s.store.stuckIDs(ctx, s.DB.Read(), r.Detail.Cause, r.place, runBatch)
}

// touchCase does to one case what the run is for.
func (s *Service) touchCase(ctx context.Context, r Run, id string) (changed, failed bool, err error) {
	who := Actor{Account: r.Actor, Person: r.Detail.Person, Name: r.Name}
	switch r.Kind {
	case RunCalendar:
		changed, err = s.recount(ctx, id)
		return changed, false, err
	case RunCorrect:
		err = s.correct(ctx, who, id, r.Detail.Cause.Element, r.Detail.Correction)
	default:
		err = s.resume(ctx, who, id)
	}
	if err != nil {
		return false, true, err
	}
	c, err := s.store.byID(ctx, s.DB.Read(), id)
	if err != nil {
		return false, true, err
	}
	return c.File.Incident == "", c.File.Incident != "", nil
}

// Runs lists the newest runs. Only an operator may.
func (s *Service) Runs(ctx context.Context, a Actor, limit int) ([]Run, error) {
	if !a.Has("operator") {
		return nil, errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	all, err := s.store.runs(ctx, s.DB.Read(), "", limit+1)
	all = slices.DeleteFunc(all, func(r Run) bool { return r.Detail.First }) // the first calendar moved nothing
	return all[:min(len(all), limit)], err
}
