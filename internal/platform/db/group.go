package db

import (
	"context"
	"slices"
	"sync"
	"time"

	"passerelle/internal/platform/errs"
)

const (
	groupWrites = 64                    // most Writes in one group
	groupTime   = 10 * time.Millisecond // after which the next group no longer waits for the one before:
	groupsMore  = 3                     // a lock, a slow disk; so many at most besides it
)

// groupLock is how long the statements of a group wait for a lock. Whose lock is
// not free by then goes alone, so that it holds up nobody and its own context
// bounds its waiting.
var groupLock = 250 * time.Millisecond

// group shares the transactions of PostgreSQL among guarded Writes that only
// send, at READ COMMITTED: a BEGIN, a COMMIT, an fsync and two round trips
// for all who wait at that moment. Whoever finds a free place leads: there is no
// goroutine of its own.
type group struct {
	on    *postgresDB
	place chan struct{}
	more  chan struct{}

	mu      sync.Mutex
	waiting []*joined
}

// joined is one Write of a group.
type joined struct {
	statements []statement
	begun      chan struct{} // closed when somebody has taken it along
	done       chan error
}

func newGroup(on *postgresDB) *group {
	return &group{on: on, place: make(chan struct{}, 1), more: make(chan struct{}, groupsMore)}
}

// commit does the statements with those of others and returns when they are
// durable, or why nothing of them was done.
func (g *group) commit(ctx context.Context, statements []statement) error {
	own := &joined{statements, make(chan struct{}), make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, own)
	g.mu.Unlock()
	late := time.NewTimer(groupTime)
	defer late.Stop()
	var more chan struct{} // a place only when it is late
	for {
		select {
		case <-own.begun:
			return <-own.done
		case g.place <- struct{}{}:
			g.lead(ctx)
			<-g.place
		case more <- struct{}{}:
			g.lead(ctx)
			<-more
		case <-late.C:
			more = g.more
		case <-ctx.Done():
			if g.leave(own) {
				return ctx.Err()
			}
			return <-own.done
		}
	}
}

// leave takes back a Write that nobody has begun.
func (g *group) leave(own *joined) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, own)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// lead commits what waits now. Who fails alone is told at the end, when what it
// met in the same transaction is committed, and the others run again without it.
func (g *group) lead(ctx context.Context) {
	g.mu.Lock()
	n := min(len(g.waiting), groupWrites)
	batch := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	g.mu.Unlock()

	outcome := make(map[*joined]error, n)
	for _, j := range batch {
		close(j.begun)
		outcome[j] = errs.New(errs.Internal, "").Because("db: the group ended early")
		defer func() { j.done <- outcome[j] }()
	}
	// One's own context must not end the work of the others.
	ctx = context.WithoutCancel(ctx)
	for len(batch) > 0 {
		guilty, err := g.transaction(ctx, batch)
		switch {
		case guilty == someone && len(batch) > 1:
			g.on.count.retries.Add(int64(len(batch)))
			for _, j := range batch {
				_, outcome[j] = g.transaction(ctx, []*joined{j})
			}
			return
		case guilty < 0:
			for _, j := range batch {
				outcome[j] = err
			}
			return
		}
		outcome[batch[guilty]] = err
		batch = slices.Delete(batch, guilty, guilty+1)
		g.on.count.retries.Add(int64(len(batch)))
	}
}

// Who is guilty when it is not one Write that is known.
const (
	nobody  = -1 // the database, or no error at all
	someone = -2 // before anything ran: an argument the driver refuses, a text the server does
)

// transaction commits a batch. When a statement fails by itself, guilty is the
// place of its Write.
func (g *group) transaction(ctx context.Context, batch []*joined) (guilty int, err error) {
	conn, err := g.on.writes.Conn(ctx)
	if err != nil {
		return nobody, err
	}
	defer conn.Close()
	t := &pipeline{conn: conn, direct: direct{conn}, isolation: readCommitted, lock: groupLock}
	ending := false
	defer func() { // who leads is not to die of another's argument, nor with the place
		if p := recover(); p != nil {
			guilty, err = someone, errs.New(errs.Internal, "").Because("db: panic inside a group: %v\n%s", p, stack())
			if ending {
				guilty = nobody
			}
		}
	}()
	for _, j := range batch {
		t.later = append(t.later, j.statements...)
	}
	failed, err := t.settle(ctx)
	if err != nil {
		t.rollback(ctx)
		switch {
		case unavailable(err) != "" && !lockTimeout(err):
			return nobody, err
		case failed < 0:
			return someone, err
		}
		for i, j := range batch {
			if failed -= len(j.statements); failed < 0 {
				return i, err
			}
		}
	}
	ending = true
	return nobody, g.on.end(ctx, t, len(batch))
}
