package simulation

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// RoleDesigner writes services and tries them out.
const RoleDesigner = "designer"

// State of a run.
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Run is one simulation that somebody asked for.
type Run struct {
	ID         string
	Account    string
	Name       string // of whoever started it
	Service    string
	State      State
	Total      int // applications, exactly; 0: not known. For the progress only
	Done       int // of them, so far
	Plan       Plan
	Result     *Result // when it is done
	Why        string  // when it has failed: the locale key of a sentence
	CreatedAt  time.Time
	FinishedAt time.Time
}

// Plan is what is tried. Equal plans on the same people give equal results.
type Plan struct {
	Base     string        `json:"base"`    // version
	Variant  string        `json:"variant"` // version
	Date     string        `json:"date"`    // ISO 8601: the day of the applications
	Changes  []pack.Change `json:"changes,omitempty"`
	BaseHash string        `json:"base_hash"`
	Hash     string        `json:"hash"` // of the variant with its changes
}

// Deps is what the module stands on; all are needed, People and Applied may be
// nil.
type Deps struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *work.Queue
	Packages *pack.Set
	People   Population // nil: no population is connected
	// Applied returns the identification numbers of those who have applied for a
	// service since a moment; nil: nobody knows.
	Applied func(ctx context.Context, service string, since time.Time) (map[string]bool, error)
	Log     *slog.Logger
}

// Service is the use cases. It is safe for concurrent use.
type Service struct {
	Deps
	store store
}

// jobKind is the kind of the jobs.
const jobKind = "simulation/run"

// New registers the work of runs with the queue.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.Queue.Handle(jobKind, s.work)
	s.Queue.GaveUp(jobKind, func(ctx context.Context, tx *db.Tx, j work.Job) error {
		return s.store.finish(ctx, tx, j.Key, Failed, "simulation.wrong.gaveUp", s.Clock.Now())
	})
	return s
}

// Services returns the services that can be simulated on a day: the version in
// force, else the one that ended last.
func (s *Service) Services(day time.Time) []*pack.Package {
	var out []*pack.Package
	for _, p := range s.Packages.All() {
		if n := len(out); n > 0 && out[n-1].ID == p.ID {
			continue
		}
		if now, ok := s.Packages.Nearest(p.ID, day); ok && now.Simulated() {
			out = append(out, now)
		}
	}
	return out
}

func may(who web.Identity) error {
	if !who.Has(RoleDesigner) {
		return errs.New(errs.Forbidden, "")
	}
	return nil
}

// How many runs one account may have: each keeps the processors busy, and many
// that differ a little are how one would look for what the figures do not tell.
const (
	mostUnfinished = 3
	mostADay       = 50
)

// Start begins a run and returns its id. The same key with the same plan by the
// same account is the same run; with another plan, or by another account, it is
// another one. A plan that cannot be carried out is errs.Invalid, one run too
// many errs.TooMany.
func (s *Service) Start(ctx context.Context, who web.Identity, key, service string, plan Plan) (string, error) {
	if err := may(who); err != nil {
		return "", err
	}
	if s.People == nil {
		return "", errs.New(errs.Unavailable, "simulation.noPeople")
	}
	base, variant, _, err := s.versions(service, &plan)
	if err != nil {
		return "", err
	}
	plan.BaseHash, plan.Hash = base.Hash, variant.Hash
	r := &Run{ID: db.NewID(s.Clock), Account: who.Account, Name: who.Name, Service: service, Plan: plan, Total: s.People.Len(), CreatedAt: s.Clock.Now()}
	if key != "" {
		if r.ID, err = idOf(who.Account, key, service, plan); err != nil {
			return "", err
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		stored, err := s.store.insert(ctx, tx, r)
		if err != nil || !stored {
			return err
		}
		unfinished, recent, err := s.store.started(ctx, tx, r.Account, r.CreatedAt.Add(-24*time.Hour))
		switch {
		case err != nil:
			return err
		case unfinished > mostUnfinished:
			return errs.New(errs.TooMany, "simulation.tooMany.unfinished").With("n", mostUnfinished)
		case recent > mostADay:
			return errs.New(errs.TooMany, "simulation.tooMany.day").With("n", mostADay)
		}
		return work.Enqueue(ctx, tx, work.Job{ID: "simulation/" + r.ID, Kind: jobKind, Key: r.ID, Due: r.CreatedAt})
	})
	return r.ID, err
}

// idOf is the id of a run that was asked for with a key.
func idOf(of ...any) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// versions resolves a plan.
func (s *Service) versions(service string, plan *Plan) (base, variant *pack.Package, day time.Time, err error) {
	if day, err = time.Parse(time.DateOnly, plan.Date); err != nil {
		return nil, nil, day, errs.New(errs.Invalid, "simulation.wrong.date")
	}
	base, ok := s.Packages.Version(service, plan.Base)
	if !ok || !base.Simulated() {
		return nil, nil, day, errs.New(errs.Invalid, "simulation.wrong.service")
	}
	if variant, ok = s.Packages.Version(service, plan.Variant); !ok {
		return nil, nil, day, errs.New(errs.Invalid, "simulation.wrong.service")
	}
	if _, err := base.Parameters.Context(day); err != nil {
		return nil, nil, day, errs.New(errs.Invalid, "simulation.wrong.day").Because("%w", err)
	}
	if variant, _, err = variant.Adjust(day, plan.Changes); err != nil {
		return nil, nil, day, err
	}
	return base, variant, day, nil
}

// Find returns one run.
func (s *Service) Find(ctx context.Context, who web.Identity, id string) (*Run, error) {
	if err := may(who); err != nil {
		return nil, err
	}
	return s.store.run(ctx, s.DB.Read(), id)
}

// pageSize is how many runs a list shows.
const pageSize = 20

// List returns the runs of everybody, the newest first, before a run that Find
// returned (nil: from the newest), and whether there are older ones.
func (s *Service) List(ctx context.Context, who web.Identity, before *Run) (runs []*Run, more bool, err error) {
	if err := may(who); err != nil {
		return nil, false, err
	}
	at, id := time.UnixMicro(1<<62), ""
	if before != nil {
		at, id = before.CreatedAt, before.ID
	}
	runs, err = s.store.runs(ctx, s.DB.Read(), at, id, pageSize+1)
	if len(runs) > pageSize {
		return runs[:pageSize], true, err
	}
	return runs, false, err
}

// work carries out a run. It may be done twice, with the same result.
func (s *Service) work(ctx context.Context, j work.Job) error {
	r, err := s.store.run(ctx, s.DB.Read(), j.Key)
	if errs.KindOf(err) == errs.NotFound && err != nil {
		return nil // results from before the protection were deleted
	}
	if err != nil {
		return err
	}
	if r.State == Done || r.State == Failed {
		return nil
	}
	result, err := s.carryOut(ctx, r)
	if err == nil {
		text, err := json.Marshal(result)
		if err != nil {
			return err
		}
		return s.end(ctx, r.ID, Done, string(text))
	}
	var e *errs.Error
	if ctx.Err() != nil || !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case errs.Invalid, errs.Internal: // no second try would help
		s.Log.ErrorContext(ctx, "simulation failed", "run", r.ID, "error", err)
		return s.end(ctx, r.ID, Failed, cmp.Or(e.Key, "simulation.wrong.fault"))
	}
	return err
}

func (s *Service) end(ctx context.Context, id string, state State, result string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.finish(ctx, tx, id, state, result, s.Clock.Now())
	})
}

// key returns the secret of this installation. It is made when it is first
// needed; of several that make one at once, one wins.
func (s *Service) key(ctx context.Context) ([]byte, error) {
	key, err := s.store.key(ctx, s.DB.Read())
	if err != nil || key != nil {
		return key, err
	}
	offer := make([]byte, 32)
	if _, err := rand.Read(offer); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.offerKey(ctx, tx, offer); err != nil {
			return err
		}
		key, err = s.store.key(ctx, tx)
		return err
	})
	return key, err
}

func (s *Service) carryOut(ctx context.Context, r *Run) (Result, error) {
	base, variant, day, err := s.versions(r.Service, &r.Plan)
	if err != nil {
		return Result{}, err
	}
	if base.Hash != r.Plan.BaseHash || variant.Hash != r.Plan.Hash {
		return Result{}, errs.New(errs.Invalid, "simulation.wrong.changed")
	}
	if len(r.Plan.Changes) == 0 && base.Hash == variant.Hash {
		variant = base
	}
	key, err := s.key(ctx)
	if err != nil {
		return Result{}, err
	}
	var applied map[string]bool
	if s.Applied != nil {
		if applied, err = s.Applied(ctx, r.Service, yearOf(day)); err != nil {
			return Result{}, err
		}
	}
	total := s.People.Len()
	report := func(done int) {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.progress(ctx, tx, r.ID, done, total) })
		if err != nil {
			s.Log.Warn("progress of a simulation not kept", "run", r.ID, "cause", err)
		}
	}
	report(0)
	return Compare(ctx, Options{Base: base, Variant: variant, Date: day, People: s.People, Applied: applied, Key: key, Progress: report})
}

// yearOf is when the year of a day began: who has applied since then has.
func yearOf(day time.Time) time.Time {
	return time.Date(day.Year(), 1, 1, 0, 0, 0, 0, i18n.Luxembourg)
}
