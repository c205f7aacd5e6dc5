package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

var monday = time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC)

// world is a queue on an empty database, with a clock the test moves.
type world struct {
	*work.Queue
	d     *db.DB
	clock *clock.Shifted
	t     *testing.T
}

func each(t *testing.T, opts work.Options, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := work.Migrate(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		c := &clock.Shifted{Base: clock.Fixed(monday)}
		fn(t, &world{work.New(d, c, slog.New(slog.DiscardHandler), opts), d, c, t})
	})
}

func (w *world) write(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) enqueue(jobs ...work.Job) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		for _, j := range jobs {
			if j.Due.IsZero() {
				j.Due = w.clock.Now()
			}
			if err := work.Enqueue(ctx, tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) runDue() int {
	w.t.Helper()
	n, err := w.RunDue(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// journal notes ids from several goroutines.
type journal struct {
	mu  sync.Mutex
	ids []string
}

func (j *journal) note(_ context.Context, job work.Job) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ids = append(j.ids, job.ID)
	return nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.ids, " ")
}

func TestAJobRunsWhenItsTransactionCommitsAndOnlyThen(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		var seen journal
		w.Handle("mail", seen.note)
		_ = w.d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_ = work.Enqueue(ctx, tx, work.Job{ID: "never", Kind: "mail", Due: monday})
			return errors.New("rolled back")
		})
		w.enqueue(work.Job{ID: "once", Kind: "mail"}, work.Job{ID: "once", Kind: "mail"})
		w.runDue()
		w.runDue()
		if got := seen.String(); got != "once" {
			t.Errorf("ran %q, want %q", got, "once")
		}
	})
}

func TestTimersFireInTheOrderOfTheirDues(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		var seen journal
		w.Handle("remind", seen.note)
		w.Handle("expire", seen.note)
		day := 24 * time.Hour
		w.enqueue(
			work.Job{ID: "expire-3", Kind: "expire", Key: "case", Due: monday.Add(3 * day)},
			work.Job{ID: "remind-1", Kind: "remind", Key: "case", Due: monday.Add(1 * day)},
			work.Job{ID: "remind-2", Kind: "remind", Key: "case", Due: monday.Add(2 * day)},
			work.Job{ID: "expire-9", Kind: "expire", Key: "case", Due: monday.Add(9 * day)},
		)
		w.runDue()
		if got := seen.String(); got != "" {
			t.Fatalf("before their time: %q", got)
		}
		w.clock.Advance(7 * day)
		w.runDue()
		if got := seen.String(); got != "remind-1 remind-2 expire-3" {
			t.Errorf("after a week: %q", got)
		}
	})
}

func TestCancelledAndRescheduledJobs(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		var seen journal
		w.Handle("k", seen.note)
		w.enqueue(work.Job{ID: "a", Kind: "k"}, work.Job{ID: "b", Kind: "k"})
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(work.Cancel(ctx, tx, "a"), work.Reschedule(ctx, tx, "b", monday.Add(time.Hour)), work.Cancel(ctx, tx, "unknown"))
		})
		w.runDue()
		w.clock.Advance(2 * time.Hour)
		w.runDue()
		if got := seen.String(); got != "b" {
			t.Errorf("ran %q, want b alone", got)
		}
		err := w.d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return work.Reschedule(ctx, tx, "b", monday)
		})
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("rescheduling a finished job: %v", err)
		}
	})
}

func TestAJobThatReschedulesItselfComesBack(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		var seen journal
		w.HandleTx("nightly", func(ctx context.Context, tx *db.Tx, j work.Job) error {
			_ = seen.note(ctx, j)
			return work.Reschedule(ctx, tx, j.ID, j.Due.Add(24*time.Hour))
		})
		w.enqueue(work.Job{ID: "sweep", Kind: "nightly"})
		for range 3 {
			w.runDue()
			w.clock.Advance(24 * time.Hour)
		}
		if got := seen.String(); got != "sweep sweep sweep" {
			t.Errorf("ran %q, want three times", got)
		}
	})
}

func TestAJobThatKeepsFailingBecomesAnIncidentAPersonEnds(t *testing.T) {
	each(t, work.Options{Attempts: 3}, func(t *testing.T, w *world) {
		ctx := t.Context()
		healthy := false
		var attempts []int
		w.Handle("fetch", func(_ context.Context, j work.Job) error {
			attempts = append(attempts, j.Attempt)
			if healthy {
				return nil
			}
			panic("register \x00 away")
		})
		w.enqueue(work.Job{ID: "f", Kind: "fetch", Key: "case-1", Payload: []byte("x")})
		if n := w.runDue(); n != 1 {
			t.Errorf("%d runs at once, want 1: the next waits for its pause", n)
		}
		for range 5 {
			w.clock.Advance(time.Hour)
			w.runDue()
		}
		if !slices.Equal(attempts, []int{1, 2, 3}) {
			t.Fatalf("attempts %v, want three and then rest", attempts)
		}
		list, err := w.Incidents(ctx, "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("incidents %v, %v", list, err)
		}
		in := list[0]
		if in.ID != "f" || in.Key != "case-1" || string(in.Payload) != "x" || in.Attempt != 3 || !strings.Contains(in.Error, "register ? away") || !in.Failed.Equal(monday.Add(2*time.Hour)) {
			t.Errorf("incident %+v", in)
		}
		if h, err := w.Health(ctx); err != nil || h.Incidents != 1 || h.Lag != 0 {
			t.Errorf("health %+v, %v", h, err)
		}
		w.enqueue(work.Job{ID: "f", Kind: "fetch"}) // an incident is not started again by its cause
		w.runDue()

		healthy = true
		if err := w.Resume(ctx, "f"); err != nil {
			t.Fatal(err)
		}
		w.runDue()
		if len(attempts) != 4 || attempts[3] != 1 {
			t.Errorf("attempts %v, want a first one after the resume", attempts)
		}
		if err := w.Resume(ctx, "f"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("resume what is done: %v", err)
		}
	})
}

// Whatever waits for a job learns that it was given up, once, with the incident.
func TestGivingUpIsToldInItsTransaction(t *testing.T) {
	each(t, work.Options{Attempts: 2}, func(t *testing.T, w *world) {
		if err := w.d.Migrate(t.Context(), "letter", letter); err != nil {
			t.Fatal(err)
		}
		w.Handle("fails", func(context.Context, work.Job) error { return errors.New("no") })
		w.Handle("fails too", func(context.Context, work.Job) error { return errors.New("no") })
		w.GaveUp("fails", post)
		told := func() (n int) {
			if err := w.d.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM letter").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		w.enqueue(work.Job{ID: "a", Kind: "fails"}, work.Job{ID: "b", Kind: "fails too"})
		w.runDue()
		if n := told(); n != 0 {
			t.Errorf("told %d times after the first of two attempts", n)
		}
		w.clock.Advance(time.Hour)
		w.runDue()
		w.clock.Advance(time.Hour)
		w.runDue()
		if list, err := w.Incidents(t.Context(), "", 10); err != nil || len(list) != 2 || told() != 1 {
			t.Errorf("%d incidents, told %d times, %v", len(list), told(), err)
		}
	})
}

func TestADiscardedIncidentStaysDiscarded(t *testing.T) {
	each(t, work.Options{Attempts: 1}, func(t *testing.T, w *world) {
		runs := 0
		w.Handle("k", func(context.Context, work.Job) error { runs++; return errors.New("no") })
		w.enqueue(work.Job{ID: "a", Kind: "k"})
		w.runDue()
		if err := w.Discard(t.Context(), "a", ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("without a reason: %v", err)
		}
		if err := w.Discard(t.Context(), "a", "sent by post"); err != nil {
			t.Fatal(err)
		}
		w.enqueue(work.Job{ID: "a", Kind: "k"})
		w.clock.Advance(time.Hour)
		w.runDue()
		if list, err := w.Incidents(t.Context(), "", 10); err != nil || len(list) != 0 || runs != 1 {
			t.Errorf("incidents %v, %v; %d runs", list, err, runs)
		}
	})
}

func TestIncidentsComeInPages(t *testing.T) {
	each(t, work.Options{Attempts: 1}, func(t *testing.T, w *world) {
		w.Handle("k", func(context.Context, work.Job) error { return errors.New("no") })
		for i := range 5 {
			w.enqueue(work.Job{ID: fmt.Sprint(i), Kind: "k"})
		}
		w.runDue()
		var ids []string
		for after := ""; ; {
			page, err := w.Incidents(t.Context(), after, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, i := range page {
				ids = append(ids, i.ID)
			}
			after = page[len(page)-1].ID
		}
		if !slices.Equal(ids, []string{"0", "1", "2", "3", "4"}) {
			t.Errorf("pages gave %v", ids)
		}
	})
}

func TestAHandlerInATransactionHappensOnceOrNotAtAll(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		broken := true
		w.HandleTx("count", func(ctx context.Context, tx *db.Tx, j work.Job) error {
			first, err := work.Once(ctx, tx, j.ID) // stands for the effect
			if err != nil {
				return err
			}
			if !first {
				t.Error("the effect of the failed attempt stayed")
			}
			if broken {
				return errors.New("after the effect")
			}
			return nil
		})
		w.enqueue(work.Job{ID: "c", Kind: "count"})
		w.runDue()
		broken = false
		w.clock.Advance(time.Hour)
		if n := w.runDue(); n != 1 {
			t.Errorf("%d runs, want 1", n)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if first, err := work.Once(ctx, tx, "c"); err != nil || first {
				t.Errorf("the effect is not on record (%v)", err)
			}
			return nil
		})
	})
}

func TestAJobOfADeadProcessIsTakenOverAndNotCompletedTwice(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		machine := &clock.Shifted{Base: clock.Fixed(monday)}
		queue := func() *work.Queue {
			return work.New(w.d, w.clock, slog.New(slog.DiscardHandler), work.Options{Machine: machine, Attempts: 2})
		}
		stuck, successor := queue(), queue()
		started, release, ended := make(chan bool), make(chan bool), make(chan bool)
		stuck.Handle("k", func(context.Context, work.Job) error { close(started); <-release; return nil })
		var attempts []int
		successor.Handle("k", func(_ context.Context, j work.Job) error {
			attempts = append(attempts, j.Attempt)
			return errors.New("so that it stays")
		})
		w.enqueue(work.Job{ID: "a", Kind: "k"})
		go func() { defer close(ended); _, _ = stuck.RunDue(context.Background()) }()
		<-started
		if n, err := successor.RunDue(t.Context()); n != 0 || err != nil {
			t.Errorf("a leased job was taken: %d, %v", n, err)
		}
		machine.Advance(2 * time.Minute)
		if n, err := successor.RunDue(t.Context()); n != 1 || err != nil {
			t.Errorf("after the lease: %d, %v", n, err)
		}
		close(release)
		<-ended
		if list, err := successor.Incidents(t.Context(), "", 9); err != nil || len(list) != 1 || !slices.Equal(attempts, []int{2}) {
			t.Errorf("incidents %v, %v, attempts %v: the late completion must not remove the job", list, err, attempts)
		}
	})
}

func TestHandlersOfOneKindDoNotHoldUpAnother(t *testing.T) {
	each(t, work.Options{Poll: time.Hour}, func(t *testing.T, w *world) {
		urgent := make(chan bool)
		var flood journal
		w.Handle("flood", func(ctx context.Context, j work.Job) error {
			<-urgent // every worker of this kind is stuck until the other kind ran
			return flood.note(ctx, j)
		})
		w.Handle("urgent", func(context.Context, work.Job) error { close(urgent); return nil })
		var jobs []work.Job
		for i := range 200 {
			jobs = append(jobs, work.Job{ID: fmt.Sprintf("f%03d", i), Kind: "flood"})
		}
		w.enqueue(jobs...)
		w.enqueue(work.Job{ID: "urgent", Kind: "urgent"}) // the last by (due, id)
		stop := w.run()
		<-urgent
		stop()
		w.runDue()
		if got := len(flood.ids); got != 200 {
			t.Errorf("%d of the flood ran, want each of 200 once", got)
		}
	})
}

// run starts Run and returns what stops it and waits.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
}

func TestACommitWakesTheQueue(t *testing.T) {
	each(t, work.Options{Poll: time.Hour}, func(t *testing.T, w *world) {
		ran := make(chan string, 10)
		w.Handle("k", func(_ context.Context, j work.Job) error { ran <- j.ID; return nil })
		defer w.run()()
		for _, id := range []string{"a", "b", "c"} {
			w.enqueue(work.Job{ID: id, Kind: "k"})
			if got := <-ran; got != id { // with polling alone this would take an hour
				t.Errorf("ran %q, want %q", got, id)
			}
		}
	})
}

func TestJobsWithOneKeyRunInSequence(t *testing.T) {
	each(t, work.Options{Poll: time.Hour}, func(t *testing.T, w *world) {
		var mu sync.Mutex
		inside := map[string]int{}
		order := map[string][]string{}
		left := 60
		done := make(chan bool)
		w.Handle("k", func(_ context.Context, j work.Job) error {
			mu.Lock()
			inside[j.Key]++
			if inside[j.Key] > 1 {
				t.Errorf("two jobs of %s at once", j.Key)
			}
			order[j.Key] = append(order[j.Key], j.ID)
			mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			inside[j.Key]--
			if left--; left == 0 {
				close(done)
			}
			return nil
		})
		var jobs []work.Job
		for i := range 60 {
			jobs = append(jobs, work.Job{ID: fmt.Sprintf("%02d", i), Kind: "k", Key: fmt.Sprint("case", i%3)})
		}
		w.enqueue(jobs...)
		stop := w.run()
		<-done
		stop()
		for key, ids := range order {
			if !slices.IsSorted(ids) || len(ids) != 20 {
				t.Errorf("%s ran as %v", key, ids)
			}
		}
	})
}

func TestTwoQueuesShareTheJobs(t *testing.T) {
	each(t, work.Options{Poll: time.Hour}, func(t *testing.T, w *world) {
		other := &world{work.New(w.d, w.clock, slog.New(slog.DiscardHandler), work.Options{Poll: time.Hour}), w.d, w.clock, t}
		const jobs = 300
		var mu sync.Mutex
		seen := map[string]int{}
		done := make(chan bool)
		h := func(_ context.Context, j work.Job) error {
			mu.Lock()
			defer mu.Unlock()
			if seen[j.ID]++; len(seen) == jobs {
				close(done)
			}
			return nil
		}
		w.Handle("k", h)
		other.Handle("k", h)
		var list []work.Job
		for i := range jobs {
			list = append(list, work.Job{ID: fmt.Sprint(i), Kind: "k"})
		}
		w.enqueue(list...)
		stop1, stop2 := w.run(), other.run()
		<-done
		stop1()
		stop2()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
	})
}

func TestAJobNeedsIdKindAndDue(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		for _, j := range []work.Job{{Kind: "k", Due: monday}, {ID: "a", Due: monday}, {ID: "a", Kind: "k"}} {
			err := w.d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error { return work.Enqueue(ctx, tx, j) })
			if err == nil {
				t.Errorf("%+v was enqueued", j)
			}
		}
	})
}

// TestAHandlerCompletesItsJobWithItsEffect has a handler complete its job in its
// own transaction: one that fails leaves the job, one that commits ends it, and
// one whose job was cancelled meanwhile commits nothing.
func TestAHandlerCompletesItsJobWithItsEffect(t *testing.T) {
	each(t, work.Options{}, func(t *testing.T, w *world) {
		broken := errors.New("broken")
		runs := map[string]int{}
		var mu sync.Mutex
		w.Handle("k", func(ctx context.Context, j work.Job) error {
			mu.Lock()
			runs[j.ID]++
			mu.Unlock()
			if j.ID == "cancelled" {
				w.write(func(ctx context.Context, tx *db.Tx) error { return work.Cancel(ctx, tx, j.ID) })
			}
			return w.d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := work.Enqueue(ctx, tx, work.Job{ID: "effect of " + j.ID, Kind: "none", Due: w.clock.Now()}); err != nil {
					return err
				}
				if err := j.Complete(ctx, tx); err != nil {
					return err
				}
				if j.ID == "fails" && j.Attempt == 1 {
					return broken
				}
				return nil
			})
		})
		w.enqueue(work.Job{ID: "works", Kind: "k"}, work.Job{ID: "fails", Kind: "k"}, work.Job{ID: "cancelled", Kind: "k"})
		w.runDue()
		w.clock.Advance(time.Hour)
		w.runDue()
		if runs["works"] != 1 || runs["fails"] != 2 || runs["cancelled"] != 1 {
			t.Errorf("runs: %v", runs)
		}
		var effects string
		if err := w.d.Read().QueryRowContext(t.Context(), "SELECT string_agg(id, ',') FROM (SELECT id FROM work_job ORDER BY id) AS j").Scan(&effects); err != nil {
			t.Fatal(err)
		}
		if effects != "effect of fails,effect of works" {
			t.Errorf("jobs: %s", effects)
		}
	})
}
