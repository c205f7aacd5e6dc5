package work

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

// Queue runs the jobs of one database in this process. Several queues, in
// several processes, may share the database.
type Queue struct {
	d     *db.DB
	clock clock.Clock
	log   *slog.Logger
	opts  Options
	store store

	mu       sync.Mutex
	handlers map[string]handler
	gaveUp   map[string]func(context.Context, *db.Tx, Job) error
	lanes    map[string]*lane   // by kind: what Run claimed
	running  map[string]running // by job id: leased to this queue, Run's and RunDue's
	chance   *rand.Rand
	changed  chan struct{} // closed and replaced when a job ends
	room     chan struct{} // tells Run that a lane can take more
}

// handler is one of the two ways to handle a kind.
type handler struct {
	plain func(context.Context, Job) error
	tx    func(context.Context, *db.Tx, Job) error
}

// lane is one kind's share of the workers.
type lane struct {
	buffer []Job // leased, not started, by (ready, id)
	busy   int
	most   int             // how many it was allowed to hold when jobs were last taken
	full   bool            // there were so many
	filled time.Time       // when, by the machine's clock
	keys   map[string]bool // keys being handled
}

// room is how many jobs the lane may hold: four times the workers, and up to
// thirty-two times while they are done with all of them within a second, because
// each look at the queue passes over what is done and not yet tidied away.
func (l *lane) room(now time.Time, workers int) int {
	if l.full && now.Sub(l.filled) < time.Second {
		return min(2*l.most, 32*workers)
	}
	return 4 * workers
}

// running is a leased job and how to stop its handler.
type running struct {
	job    Job
	cancel context.CancelFunc // nil while it is only buffered
}

// errLost says that another queue took the job over, or that it was cancelled.
var errLost = errors.New("work: the job is no longer ours")

// New makes a queue that takes due times from c. Register handlers, then call
// Run.
func New(d *db.DB, c clock.Clock, log *slog.Logger, opts Options) *Queue {
	opts.Attempts = cmp.Or(opts.Attempts, 10)
	opts.PerKind = cmp.Or(opts.PerKind, 12)
	opts.Lease = cmp.Or(opts.Lease, time.Minute)
	opts.Poll = cmp.Or(opts.Poll, time.Second)
	opts.Grace = cmp.Or(opts.Grace, 10*time.Second)
	if opts.Machine == nil {
		opts.Machine = clock.System{}
	}
	return &Queue{
		d: d, clock: c, log: log, opts: opts, store: storeFor(d),
		handlers: make(map[string]handler), gaveUp: make(map[string]func(context.Context, *db.Tx, Job) error), lanes: make(map[string]*lane), running: make(map[string]running),
		chance:  rand.New(rand.NewPCG(opts.Seed, 0x9e3779b97f4a7c15)),
		changed: make(chan struct{}), room: make(chan struct{}, 1),
	}
}

// Handle has h run the jobs of kind. It is called at least once per job: h
// makes its own effect idempotent by Job.ID. A second handler for a kind is a
// programming error and panics.
func (q *Queue) Handle(kind string, h func(ctx context.Context, j Job) error) {
	q.handle(kind, handler{plain: h})
}

// HandleTx has h run the jobs of kind inside a transaction that also completes
// the job: what h writes with tx happens exactly once. h is a Write function:
// quick, database work only; what takes long or leaves the database enqueues a
// job for a Handle.
func (q *Queue) HandleTx(kind string, h func(ctx context.Context, tx *db.Tx, j Job) error) {
	q.handle(kind, handler{tx: h})
}

// GaveUp has h told, in the transaction that makes a job of kind an incident,
// so that what waits for the job does not wait for ever: also when the process
// ended during each attempt and no handler saw the last. h is a Write function;
// when it fails, the job is given up again later.
func (q *Queue) GaveUp(kind string, h func(ctx context.Context, tx *db.Tx, j Job) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gaveUp[kind] = h
}

func (q *Queue) handle(kind string, h handler) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, twice := q.handlers[kind]; twice {
		panic("work: a second handler for " + kind)
	}
	q.handlers[kind] = h
	q.lanes[kind] = &lane{keys: make(map[string]bool)}
}

// Run takes and runs due jobs until ctx is done; then it lets running handlers
// finish within Options.Grace, gives back what it did not start, and returns
// nil. It looks for work when a transaction of this process enqueued some, when
// workers become free, and every Options.Poll.
func (q *Queue) Run(ctx context.Context) error {
	wake, stop := q.d.Listen(topic)
	defer stop()
	// Handlers outlive ctx by the grace.
	work, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	defer q.renewing(work)()

	poll := time.NewTicker(q.opts.Poll)
	defer poll.Stop()
	for {
		if err := q.fill(ctx, work); err != nil && ctx.Err() == nil {
			q.log.ErrorContext(ctx, "work: cannot take jobs", "error", err)
			select { // not at once again, whoever wakes us
			case <-poll.C:
			case <-ctx.Done():
			}
		}
		select {
		case <-ctx.Done():
			return q.wind(work, kill)
		case <-wake:
		case <-q.room:
		case <-poll.C:
		}
	}
}

// fill leases jobs for the kinds that have free workers and starts them.
func (q *Queue) fill(ctx, work context.Context) error {
	want, most := make(map[string]int), make(map[string]int)
	now := q.opts.Machine.Now()
	q.mu.Lock()
	for kind, l := range q.lanes {
		// Take several times the workers at once, so that a lease is not one
		// commit per job; refill when the workers are about to idle.
		if have := len(l.buffer) + l.busy; have < q.opts.PerKind {
			most[kind] = l.room(now, q.opts.PerKind)
			want[kind] = most[kind] - have
		}
	}
	q.mu.Unlock()
	kinds := make([]string, 0, len(want))
	for kind := range want {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	kinds, err := q.store.dueKinds(ctx, q.d.Read(), kinds, q.clock.Now(), q.opts.Machine.Now())
	if err != nil || len(kinds) == 0 {
		return err
	}
	var jobs []Job
	err = q.d.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error {
		jobs = nil
		for _, kind := range kinds {
			got, err := q.claim(ctx, tx, []string{kind}, want[kind])
			if err != nil {
				return err
			}
			jobs = append(jobs, got...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	got := make(map[string]int)
	for _, j := range jobs {
		q.running[j.ID] = running{job: j}
		q.lanes[j.Kind].buffer = append(q.lanes[j.Kind].buffer, j)
		got[j.Kind]++
	}
	for _, kind := range kinds {
		l := q.lanes[kind]
		l.most, l.full, l.filled = most[kind], got[kind] == want[kind], now
		q.start(work, kind)
	}
	return nil
}

func (q *Queue) claim(ctx context.Context, tx *db.Tx, kinds []string, n int) ([]Job, error) {
	machine := q.opts.Machine.Now()
	return q.store.claim(ctx, tx, kinds, n, db.NewID(q.opts.Machine), q.clock.Now(), machine, machine.Add(q.opts.Lease))
}

// start gives the free workers of kind jobs from its buffer, skipping those
// whose key is being handled. The caller holds the lock.
func (q *Queue) start(work context.Context, kind string) {
	l := q.lanes[kind]
	for i := 0; i < len(l.buffer) && l.busy < q.opts.PerKind; {
		j := l.buffer[i]
		if j.Key != "" && l.keys[j.Key] {
			i++
			continue
		}
		l.buffer = slices.Delete(l.buffer, i, i+1)
		l.busy++
		if j.Key != "" {
			l.keys[j.Key] = true
		}
		go func() {
			q.execute(work, j)
			q.mu.Lock()
			defer q.mu.Unlock()
			l.busy--
			delete(l.keys, j.Key)
			if work.Err() == nil {
				q.start(work, kind)
			}
			if len(l.buffer)+l.busy < q.opts.PerKind {
				select {
				case q.room <- struct{}{}:
				default:
				}
			}
		}()
	}
}

// wind ends Run: gives back the buffers, waits for the handlers, and stops
// them when the grace is over.
func (q *Queue) wind(work context.Context, kill func()) error {
	var back []Job
	q.mu.Lock()
	for _, l := range q.lanes {
		for _, j := range l.buffer {
			back = append(back, j)
			delete(q.running, j.ID)
		}
		l.buffer = nil
	}
	q.mu.Unlock()
	err := q.d.WriteGuarded(work, func(ctx context.Context, tx *db.Tx) error {
		for _, j := range back {
			if err := release(ctx, tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	grace := time.AfterFunc(q.opts.Grace, kill)
	defer grace.Stop()
	// A handler that ignores its context is left to the end of the process; its
	// lease will expire.
	last, cancel := context.WithTimeout(context.WithoutCancel(work), 2*q.opts.Grace)
	defer cancel()
	q.wait(last)
	return err
}

// wait returns when no handler is running, or ctx is done.
func (q *Queue) wait(ctx context.Context) {
	for {
		q.mu.Lock()
		idle, changed := len(q.running) == 0, q.changed
		q.mu.Unlock()
		if idle {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// RunDue runs everything that is due now, including what the handlers enqueue
// for now, and returns how many runs that took. Jobs with the same Key run in
// the order of their due times, whatever their kind. It is for tests and for
// the clock of the demonstration; err is the database's, never a handler's.
func (q *Queue) RunDue(ctx context.Context) (n int, err error) {
	defer q.renewing(ctx)()
	q.mu.Lock()
	kinds := make([]string, 0, len(q.handlers))
	for kind := range q.handlers {
		kinds = append(kinds, kind)
	}
	q.mu.Unlock()
	if len(kinds) == 0 {
		return 0, nil
	}
	slices.Sort(kinds)
	for ctx.Err() == nil {
		var jobs []Job
		err := q.d.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			jobs, err = q.claim(ctx, tx, kinds, 64)
			return err
		})
		if err != nil {
			return n, err
		}
		if len(jobs) == 0 {
			q.mu.Lock()
			idle, changed := len(q.running) == 0, q.changed
			q.mu.Unlock()
			if idle {
				return n, nil
			}
			select { // Run has some; what they enqueue is ours as well
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		q.inOrder(ctx, jobs)
		n += len(jobs)
	}
	return n, ctx.Err()
}

// inOrder runs jobs side by side, those with the same key in sequence.
func (q *Queue) inOrder(ctx context.Context, jobs []Job) {
	var keys []string
	by := make(map[string][]Job)
	q.mu.Lock()
	for _, j := range jobs {
		q.running[j.ID] = running{job: j}
		key := "key " + j.Key
		if j.Key == "" {
			key = "id " + j.ID
		}
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], j)
	}
	q.mu.Unlock()
	var wg sync.WaitGroup
	free := make(chan struct{}, 8)
	for _, key := range keys {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			for _, j := range by[key] {
				q.execute(ctx, j)
			}
		})
	}
	wg.Wait()
}

// execute runs one leased job to its end: done, to be tried again, an incident,
// or lost.
func (q *Queue) execute(ctx context.Context, j Job) {
	jctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q.mu.Lock()
	_, ours := q.running[j.ID]
	if ours {
		q.running[j.ID] = running{job: j, cancel: cancel}
	}
	h, gaveUp := q.handlers[j.Kind], q.gaveUp[j.Kind]
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.running, j.ID)
		close(q.changed)
		q.changed = make(chan struct{})
	}()
	if !ours { // the lease was lost while it was buffered
		return
	}
	err := q.attempt(jctx, h, j)
	switch {
	case err == nil:
		return
	case errors.Is(err, errLost):
		q.log.InfoContext(ctx, "work: job taken over or cancelled while it ran", "job", j.ID, "kind", j.Kind)
		return
	}
	// The outcome is written even when ctx is over.
	outcome := context.WithoutCancel(ctx)
	stopped := ctx.Err() != nil
	err2 := q.d.Write(outcome, func(ctx context.Context, tx *db.Tx) error {
		now := q.clock.Now()
		switch {
		case stopped:
			return release(ctx, tx, j)
		case j.Attempt >= q.opts.Attempts:
			held, err := giveUp(ctx, tx, j, now, shorten(err.Error()))
			if err != nil || !held || gaveUp == nil {
				return err
			}
			return gaveUp(ctx, tx, j)
		default:
			return retryAt(ctx, tx, j, now.Add(q.pause(j.Attempt)), now, shorten(err.Error()))
		}
	})
	q.log.WarnContext(ctx, "work: job failed", "job", j.ID, "kind", j.Kind, "attempt", j.Attempt,
		"incident", !stopped && j.Attempt >= q.opts.Attempts, "error", err)
	if err2 != nil { // the lease will expire and the job run again
		q.log.ErrorContext(ctx, "work: cannot record the failure", "job", j.ID, "error", err2)
	}
}

// attempt calls the handler and completes the job.
func (q *Queue) attempt(ctx context.Context, h handler, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if j.Attempt > q.opts.Attempts {
		return errors.New("the process ended each time while the job ran")
	}
	if h.plain != nil {
		completed := false
		j.completed = &completed
		if err := h.plain(ctx, j); err != nil || completed {
			return err
		}
		return q.d.WriteGuarded(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
			return finish(ctx, tx, j) // not held: rescheduled, cancelled or run again elsewhere
		})
	}
	return q.d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := renew(ctx, tx, j, q.opts.Machine.Now().Add(q.opts.Lease))
		if err != nil {
			return err
		}
		if !held {
			return errLost
		}
		if err := h.tx(ctx, tx, j); err != nil {
			return err
		}
		return finish(ctx, tx, j) // not held: the handler rescheduled it
	})
}

func (q *Queue) pause(attempt int) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return backoff(attempt, q.chance)
}

// shorten makes an error's text fit to be stored.
func shorten(text string) string {
	const most = 2000
	if len(text) > most {
		text = text[:most] + " …"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
}

// renewing prolongs the leases of this queue's jobs until the returned
// function is called.
func (q *Queue) renewing(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(q.opts.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				q.renewAll(ctx)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// renewAll prolongs every lease; a handler whose lease is lost is told to stop.
func (q *Queue) renewAll(ctx context.Context) {
	q.mu.Lock()
	jobs := make([]Job, 0, len(q.running))
	for _, r := range q.running {
		jobs = append(jobs, r.job)
	}
	q.mu.Unlock()
	if len(jobs) == 0 {
		return
	}
	slices.SortFunc(jobs, func(a, b Job) int { return cmp.Compare(a.ID, b.ID) })
	var lost []Job
	err := q.d.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error {
		lost = nil
		until := q.opts.Machine.Now().Add(q.opts.Lease)
		for _, j := range jobs {
			held, err := renew(ctx, tx, j, until)
			if err != nil {
				return err
			}
			if !held {
				lost = append(lost, j)
			}
		}
		return nil
	})
	if err != nil {
		if ctx.Err() == nil {
			q.log.ErrorContext(ctx, "work: cannot renew the leases", "error", err)
		}
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range lost {
		r, still := q.running[j.ID]
		switch {
		case !still || r.job.lease != j.lease: // ended meanwhile
		case r.cancel != nil:
			r.cancel()
		default:
			delete(q.running, j.ID)
		}
	}
}

// Incidents lists the jobs that wait for a person, by id, starting behind
// after ("" for the first page).
func (q *Queue) Incidents(ctx context.Context, after string, n int) ([]Incident, error) {
	return incidents(ctx, q.d.Read(), after, n)
}

// Failed reports whether a job is an incident.
func (q *Queue) Failed(ctx context.Context, id string) (bool, error) {
	return isIncident(ctx, q.d.Read(), id)
}

// Resume gives an incident all its attempts again, at once. errs.NotFound when
// there is no such incident (any more).
func (q *Queue) Resume(ctx context.Context, id string) error {
	return q.d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return resume(ctx, tx, id, q.clock.Now()) })
}

// Discard ends an incident without its effect. The row stays, with the reason,
// and the same id cannot be enqueued again. errs.NotFound when there is no such
// incident, errs.Invalid without a reason.
func (q *Queue) Discard(ctx context.Context, id, reason string) error {
	if reason == "" {
		return errs.New(errs.Invalid, "").Because("work: discarding %q needs a reason", id)
	}
	return q.d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return discard(ctx, tx, id, reason) })
}

// Health is what /metrics and the operator's page show.
type Health struct {
	Lag       time.Duration // how long the oldest due job has waited; 0 when none is due
	Incidents int
	Running   int // handlers and leased jobs of this process
}

// Health measures the queue.
func (q *Queue) Health(ctx context.Context) (Health, error) {
	q.mu.Lock()
	h := Health{Running: len(q.running)}
	kinds := make([]string, 0, len(q.handlers))
	for kind := range q.handlers {
		kinds = append(kinds, kind)
	}
	q.mu.Unlock()
	now := q.clock.Now()
	due, some, err := oldest(ctx, q.d.Read(), kinds, now)
	if err != nil {
		return Health{}, err
	}
	if some {
		h.Lag = now.Sub(due)
	}
	h.Incidents, err = countIncidents(ctx, q.d.Read())
	return h, err
}
