package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/work"
)

var monday = time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC)

type world struct {
	*event.Log
	queue *work.Queue
	clock *clock.Shifted
	d     *db.DB
	t     *testing.T
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := errors.Join(work.Migrate(t.Context(), d), event.Migrate(t.Context(), d)); err != nil {
			t.Fatal(err)
		}
		c := &clock.Shifted{Base: clock.Fixed(monday)}
		q := work.New(d, c, slog.New(slog.DiscardHandler), work.Options{Attempts: 2})
		fn(t, &world{event.New(q), q, c, d, t})
	})
}

func (w *world) publish(events ...event.Event) error {
	return w.d.Write(w.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, e := range events {
			if err := w.Publish(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) deliver() {
	w.t.Helper()
	if _, err := w.queue.RunDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// ear collects what a consumer hears.
type ear []string

func (e *ear) hear(_ context.Context, _ *db.Tx, ev event.Event) error {
	*e = append(*e, ev.ID)
	return nil
}

func TestEachConsumerHearsTheTypesItAskedForOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var submitted, all ear
		w.Subscribe("letters", []string{"cases.submitted"}, submitted.hear)
		w.Subscribe("insight", nil, all.hear)
		events := []event.Event{
			{ID: "1", Type: "cases.submitted", Subject: "c", At: monday},
			{ID: "2", Type: "cases.decided", Subject: "c", At: monday},
		}
		if err := w.publish(events...); err != nil {
			t.Fatal(err)
		}
		if err := w.publish(events[1]); errs.KindOf(err) != errs.Conflict {
			t.Errorf("published again: %v", err)
		}
		w.deliver()
		if err := w.publish(events[0]); errs.KindOf(err) != errs.Conflict {
			t.Errorf("published again after it was heard: %v", err)
		}
		w.deliver()
		if !slices.Equal(submitted, ear{"1"}) || !slices.Equal(all, ear{"1", "2"}) {
			t.Errorf("letters heard %v, insight heard %v", submitted, all)
		}
	})
}

func TestAnEventArrivesAsItWasPublished(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var got event.Event
		w.Subscribe("c", nil, func(_ context.Context, _ *db.Tx, e event.Event) error { got = e; return nil })
		want := event.Event{ID: "1", Type: "t", Subject: "s", At: monday.Add(-time.Microsecond), Payload: json.RawMessage(`{"amount":"1817.00"}`)}
		if err := w.publish(want); err != nil {
			t.Fatal(err)
		}
		w.deliver()
		if got.ID != want.ID || got.Type != want.Type || got.Subject != want.Subject || !got.At.Equal(want.At) || string(got.Payload) != string(want.Payload) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestNewsOfARolledBackTransactionIsNoNews(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var heard ear
		w.Subscribe("c", nil, heard.hear)
		_ = w.d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_ = w.Publish(ctx, tx, event.Event{ID: "1", Type: "t", At: monday})
			return errors.New("the rule says no")
		})
		w.deliver()
		if len(heard) != 0 {
			t.Errorf("heard %v", heard)
		}
	})
}

func TestAFailingConsumerIsRetriedAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		fails, twice := 0, false
		heard := func(ctx context.Context, tx *db.Tx, _ event.Event) error { // in the database: the function may run again
			first, err := work.Once(ctx, tx, "heard")
			twice = twice || !first
			return err
		}
		w.Subscribe("good", nil, heard)
		w.Subscribe("bad", nil, func(ctx context.Context, tx *db.Tx, e event.Event) error {
			fails++
			// A consumer publishes too; what it published fails with it.
			if err := w.Publish(ctx, tx, event.Event{ID: e.ID + "-echo", Type: "echo", At: e.At}); err != nil {
				return err
			}
			return errors.New("not today")
		})
		if err := w.publish(event.Event{ID: "1", Type: "t", At: monday}); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			w.deliver()
			w.clock.Advance(time.Hour)
		}
		if twice || fails != 2 {
			t.Errorf("good heard it twice: %v; bad failed %d times", twice, fails)
		}
		err := w.d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error { return heard(ctx, tx, event.Event{}) })
		if err != nil || !twice {
			t.Errorf("good did not hear it (%v)", err)
		}
		list, err := w.queue.Incidents(t.Context(), "", 9)
		if err != nil || len(list) != 1 || list[0].ID != "1/bad" || list[0].Error != "not today" {
			t.Errorf("incidents %+v, %v", list, err)
		}
	})
}

func TestAnIncompleteEventIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, e := range []event.Event{
			{Type: "t", At: monday}, {ID: "1", At: monday}, {ID: "1", Type: "t"},
			{ID: "1", Type: "t", At: monday, Payload: json.RawMessage(`{"open":`)},
		} {
			if err := w.publish(e); err == nil {
				t.Errorf("%+v was published", e)
			}
		}
	})
}
