package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"passerelle/internal/platform/clock"
)

// RetryFor is how long a Write on PostgreSQL is tried again while the server
// is away or transactions collide: longer than a failover takes (24 s measured
// with Patroni after a kill -9 of the leader).
const RetryFor = 40 * time.Second

const postgresConns = 16 // per pool; two pools, so that a Read inside a Write never starves it

// dialer notices a server that vanished without a word (a machine that lost its
// power) within about 25 seconds, well inside RetryFor.
var dialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
	Control:         boundUnanswered,
}

type postgresDB struct {
	writes, reads *sql.DB
	reading       direct
	count         *counters
	group         *group
}

func openPostgres(ctx context.Context, url string, c *counters) (*postgresDB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.DialFunc = dialer.DialContext
	config.RuntimeParams["application_name"] = "passerelle"
	config.RuntimeParams["timezone"] = "UTC"
	reading := config.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"

	p := &postgresDB{writes: stdlib.OpenDB(*config), reads: stdlib.OpenDB(*reading), count: c}
	p.reading, p.group = direct{p.reads}, newGroup(p)
	for _, pool := range []*sql.DB{p.writes, p.reads} {
		pool.SetMaxOpenConns(postgresConns)
		pool.SetMaxIdleConns(postgresConns)
		pool.SetConnMaxIdleTime(5 * time.Minute)
	}
	if err := p.ping(ctx); err != nil {
		_ = p.close()
		return nil, err
	}
	return p, nil
}

func (p *postgresDB) dialect() Dialect { return PostgreSQL }
func (p *postgresDB) read() Querier    { return p.reading }
func (p *postgresDB) room() error      { return nil }
func (p *postgresDB) touch() string    { return "SELECT pg_logical_emit_message(true, 'passerelle', '')" }

func (p *postgresDB) ping(ctx context.Context) error {
	return errors.Join(p.writes.PingContext(ctx), p.reads.PingContext(ctx))
}

func (p *postgresDB) close() error { return errors.Join(p.writes.Close(), p.reads.Close()) }

// The isolation of a transaction.
const (
	serializable  = "SERIALIZABLE" // what a function reads is still true when it commits, as on SQLite
	readCommitted = "READ COMMITTED"
)

func (p *postgresDB) write(ctx context.Context, guarded bool, fn func(context.Context, *Tx) error) error {
	isolation := serializable
	if guarded {
		isolation = readCommitted
	}
	return p.persist(ctx, func() error { return p.attempt(ctx, isolation, fn) })
}

func (p *postgresDB) commit(ctx context.Context, statements []statement) error {
	return p.persist(ctx, func() error {
		err := p.group.commit(ctx, statements)
		if lockTimeout(err) {
			err = p.attempt(ctx, readCommitted, func(ctx context.Context, tx *Tx) error { return do(ctx, tx, statements) })
		}
		return err
	})
}

// persist tries again while the server is away or transactions collide, for
// [RetryFor].
func (p *postgresDB) persist(ctx context.Context, try func() error) error {
	sys := clock.System{}
	deadline := sys.Now().Add(RetryFor)
	for attempt := 0; ; attempt++ {
		err := try()
		if err == nil || !again(err) || ctx.Err() != nil {
			p.count.outcome(err)
			return err
		}
		wait := backoff(attempt)
		if sys.Now().Add(wait).After(deadline) || !pause(ctx, wait) {
			p.count.outcome(err)
			return err
		}
		p.count.retries.Add(1)
	}
}

// backoff doubles from 1 ms to 1 s, with full jitter: colliding transactions
// part quickly, a dead server is not hammered.
func backoff(attempt int) time.Duration {
	top := time.Second
	if attempt < 10 {
		top = time.Millisecond << attempt
	}
	return time.Duration(rand.Int64N(int64(top))) + time.Millisecond/2
}

// attempt runs fn in one transaction. It begins with its first statement, and
// commits with what [Send] left to the end, so that both save a round trip.
func (p *postgresDB) attempt(ctx context.Context, isolation string, fn func(context.Context, *Tx) error) (err error) {
	conn, err := p.writes.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t := &pipeline{conn: conn, direct: direct{conn}, isolation: isolation}
	ended := false
	defer func() {
		if !ended { // an error, or the goroutine is being ended inside fn
			t.rollback(ctx)
		}
	}()
	call(ctx, &Tx{on: t}, fn, func(e error) { err = e })
	if err == nil {
		_, err = t.settle(ctx)
	}
	if err != nil {
		return err
	}
	ended = true
	return p.end(ctx, t, 1)
}

// end commits a transaction of so many Writes, and finds out what became of it
// when the server gives no answer.
func (p *postgresDB) end(ctx context.Context, t *pipeline, writes int) error {
	sys := clock.System{}
	start := sys.Now()
	if err := t.commit(context.WithoutCancel(ctx)); err != nil {
		discard(t.conn)
		if !lostConnection(err) || t.id.number == "" || !p.committed(ctx, t.id) {
			return err
		}
	}
	p.count.committed(writes, sys.Now().Sub(start))
	return nil
}

// committed asks the server what became of a transaction whose COMMIT got no
// answer. When it cannot tell, the answer is false and the function runs again:
// then only the caller's idempotency key keeps the work single.
func (p *postgresDB) committed(ctx context.Context, id txID) bool {
	sys := clock.System{}
	deadline := sys.Now().Add(RetryFor)
	for attempt := 0; sys.Now().Before(deadline) && ctx.Err() == nil; attempt++ {
		var now string
		var status sql.NullString
		err := p.writes.QueryRowContext(ctx, "SELECT "+life+", CASE WHEN "+life+" = $1 THEN pg_xact_status($2::text::xid8) END",
			id.life, id.number).Scan(&now, &status)
		switch {
		case err == nil && status.String == "committed":
			return true
		case err == nil && status.String != "in progress":
			return false // aborted, another life, or too long ago
		case err != nil && !lostConnection(err):
			return false
		}
		if !pause(ctx, backoff(attempt)) {
			return false
		}
	}
	return false
}

// pause waits for d; false when ctx is done first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// discard keeps a connection of unknown state out of the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
