package event

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// Event is something that has happened.
type Event struct {
	ID      string          // unique; deterministic where the command may be repeated
	Type    string          // "<module>.<what happened>", such as "cases.submitted"
	Subject string          // what it is about, such as a case id
	At      time.Time       // when it happened
	Payload json.RawMessage // a JSON document; empty is stored as {}
}

// Log publishes events and delivers them to subscribers.
type Log struct {
	queue *work.Queue

	mu   sync.RWMutex
	subs []subscription
}

type subscription struct {
	consumer string
	types    []string // nil: all
}

func (s subscription) wants(typ string) bool { return s.types == nil || slices.Contains(s.types, typ) }

// New makes the log of queue's database; the queue delivers.
func New(queue *work.Queue) *Log { return &Log{queue: queue} }

// Subscribe has h hear the events of types (nil: of every type) as consumer, a
// name that never changes: "<module>" or "<module>.<purpose>". It is called
// before the queue runs and before anything is published. What h writes with
// tx happens exactly once per event; h does database work only and enqueues jobs
// for the rest. A consumer subscribed twice panics.
func (l *Log) Subscribe(consumer string, types []string, h func(ctx context.Context, tx *db.Tx, e Event) error) {
	l.queue.HandleTx(kind(consumer), func(ctx context.Context, tx *db.Tx, j work.Job) error {
		e, err := load(ctx, tx, string(j.Payload))
		if err != nil {
			return err
		}
		return h(ctx, tx, e)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs = append(l.subs, subscription{consumer, types})
}

func kind(consumer string) string { return "event/" + consumer }

// Publish stores e within tx and has every subscriber hear it after the
// commit. With an id published before, the transaction ends in errs.Conflict.
func (l *Log) Publish(ctx context.Context, tx *db.Tx, e Event) error {
	if e.ID == "" || e.Type == "" || e.At.IsZero() {
		return errs.New(errs.Internal, "").Because("event: an event needs an id, a type and a time, got %q, %q, %v", e.ID, e.Type, e.At)
	}
	if len(e.Payload) == 0 {
		e.Payload = json.RawMessage("{}")
	}
	if !json.Valid(e.Payload) {
		return errs.New(errs.Internal, "").Because("event: the payload of %s %s is not JSON", e.Type, e.ID)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := insert(ctx, tx, e); err != nil {
		return err
	}
	for _, s := range l.subs {
		if !s.wants(e.Type) {
			continue
		}
		err := work.Enqueue(ctx, tx, work.Job{
			ID: e.ID + "/" + s.consumer, Kind: kind(s.consumer), Key: e.Subject, Due: e.At, Payload: []byte(e.ID),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
