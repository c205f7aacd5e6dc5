package work_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// expected is a job as the model sees it.
type expected struct {
	due      time.Time
	fails    int // runs that will still fail
	attempts int // since it was enqueued or rescheduled
	incident bool
}

// TestTheQueueKeepsItsPromises plays random programmes of enqueueing,
// cancelling, rescheduling and passing time against a model of ten lines: no
// job runs early, none runs after it was done or cancelled, none that is due
// is forgotten, and the third failure makes an incident.
func TestTheQueueKeepsItsPromises(t *testing.T) {
	each(t, work.Options{Attempts: 3}, func(t *testing.T, w *world) {
		var model map[string]*expected
		var broken []string
		var mu sync.Mutex // jobs with different keys run side by side
		handler := func(_ context.Context, j work.Job) error {
			mu.Lock()
			defer mu.Unlock()
			m := model[j.ID]
			if m == nil || m.incident || w.clock.Now().Before(m.due) || !j.Due.Equal(m.due) {
				broken = append(broken, fmt.Sprintf("%s ran at %v, model %+v", j.ID, w.clock.Now(), m))
				return nil
			}
			m.attempts++
			if j.Attempt != m.attempts {
				broken = append(broken, fmt.Sprintf("%s: attempt %d, model %+v", j.ID, j.Attempt, m))
			}
			if m.fails > 0 {
				m.fails--
				m.incident = m.attempts == 3
				return errors.New("as planned")
			}
			delete(model, j.ID)
			return nil
		}
		w.Handle("a", handler)
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			model, broken = map[string]*expected{}, nil
			ids := rapid.Custom(func(rt *rapid.T) string {
				return fmt.Sprintf("%d-%d", round, rapid.IntRange(0, 7).Draw(rt, "id"))
			})
			minutes := rapid.Custom(func(rt *rapid.T) time.Duration {
				return time.Duration(rapid.IntRange(-60, 600).Draw(rt, "minutes")) * time.Minute
			})
			write := func(fn func(ctx context.Context, tx *db.Tx) error) error { return w.d.Write(t.Context(), fn) }
			step := map[string]func(*rapid.T){
				"enqueue": func(rt *rapid.T) {
					id, due, fails := ids.Draw(rt, "job"), w.clock.Now().Add(minutes.Draw(rt, "due")), rapid.IntRange(0, 4).Draw(rt, "fails")
					if err := write(func(ctx context.Context, tx *db.Tx) error {
						return work.Enqueue(ctx, tx, work.Job{ID: id, Kind: "a", Key: id[len(id)-1:], Due: due})
					}); err != nil {
						rt.Fatal(err)
					}
					if model[id] == nil {
						model[id] = &expected{due: due, fails: fails}
					}
				},
				"cancel": func(rt *rapid.T) {
					id := ids.Draw(rt, "job")
					if err := write(func(ctx context.Context, tx *db.Tx) error { return work.Cancel(ctx, tx, id) }); err != nil {
						rt.Fatal(err)
					}
					if m := model[id]; m != nil && !m.incident {
						delete(model, id)
					}
				},
				"reschedule": func(rt *rapid.T) {
					id, due := ids.Draw(rt, "job"), w.clock.Now().Add(minutes.Draw(rt, "due"))
					err := write(func(ctx context.Context, tx *db.Tx) error { return work.Reschedule(ctx, tx, id, due) })
					m := model[id]
					switch {
					case m == nil && errs.KindOf(err) == errs.NotFound:
					case m != nil && err == nil:
						m.due, m.attempts, m.incident = due, 0, false
					default:
						rt.Fatalf("reschedule %s: %v, model %+v", id, err, m)
					}
				},
				"pass time": func(rt *rapid.T) {
					w.clock.Advance(time.Duration(rapid.IntRange(1, 300).Draw(rt, "minutes")) * time.Minute)
					if _, err := w.RunDue(t.Context()); err != nil {
						rt.Fatal(err)
					}
				},
				"": func(rt *rapid.T) {
					if broken != nil {
						rt.Fatal(broken)
					}
				},
			}
			rt.Repeat(step)
			for range 4 { // enough for every pause and every attempt
				w.clock.Advance(24 * time.Hour)
				if _, err := w.RunDue(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			if broken != nil {
				rt.Fatal(broken)
			}
			var want, got []string
			for id, m := range model {
				if !m.incident {
					rt.Fatalf("%s was forgotten: %+v", id, m)
				}
				want = append(want, id)
			}
			slices.Sort(want)
			list, err := w.Incidents(t.Context(), "", 100)
			if err != nil {
				rt.Fatal(err)
			}
			for _, i := range list {
				got = append(got, i.ID)
				if err := w.Discard(t.Context(), i.ID, "end of the round"); err != nil {
					rt.Fatal(err)
				}
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("incidents %v, want %v", got, want)
			}
		})
	})
}
