package work

import (
	"context"
	"math/rand/v2"
	"time"

	"passerelle/internal/platform/db"
)

// Job is something to be done at or after Due.
type Job struct {
	ID      string    // deterministic: the same cause gives the same id
	Kind    string    // chooses the handler
	Key     string    // what it is about, such as a case id; may be empty
	Due     time.Time // now or in the past: at once
	Payload []byte    // the handler's own
	Attempt int       // set for the handler: 1 on the first run

	lease     string
	completed *bool // by the handler itself
}

// Complete ends the job within tx, the transaction of its effect, so that a
// handler of [Queue.Handle] needs no second transaction and its effect happens
// once. The handler then returns nil if, and only if, that transaction was
// committed. When the job was taken over, the transaction fails.
func (j Job) Complete(ctx context.Context, tx *db.Tx) error {
	err := db.SendOne(ctx, tx, errLost, finishText, j.ID, j.lease)
	if err == nil && j.completed != nil {
		*j.completed = true
	}
	return err
}

// Incident is a job that failed too often and waits for a person.
type Incident struct {
	Job
	Error  string    // of the last attempt
	Failed time.Time // when that was
}

// Options of a Queue; the zero value serves.
type Options struct {
	Attempts int           // before a job becomes an incident; 0 means 10
	PerKind  int           // handlers of one kind running at once; 0 means 12
	Lease    time.Duration // after which a dead process's jobs are taken over; 0 means a minute
	Poll     time.Duration // between two looks without a wake-up; 0 means a second
	Grace    time.Duration // given to running handlers when Run is told to stop; 0 means ten seconds
	Seed     uint64        // of the jitter
	Machine  Clock         // measures leases; nil means the machine's
}

// Clock is the part of clock.Clock the options need.
type Clock interface{ Now() time.Time }

const (
	firstPause   = 2 * time.Second
	longestPause = 15 * time.Minute
)

// backoff is the pause after the attempt-th failure: doubling from two seconds
// to a quarter of an hour, of which the second half is left to chance, so that
// jobs that failed together do not come back together.
func backoff(attempt int, chance *rand.Rand) time.Duration {
	pause := longestPause
	if attempt < 10 {
		pause = min(firstPause<<max(attempt-1, 0), longestPause)
	}
	return pause/2 + time.Duration(chance.Int64N(int64(pause/2)+1))
}
