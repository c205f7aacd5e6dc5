package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
)

const (
	batchWrites = 256                   // most Writes in one commit
	batchTime   = 20 * time.Millisecond // after which a batch takes no more
)

// writer owns the one writing connection of a SQLite file.
//
// Its goroutine alone begins and ends transactions. A Write function runs in
// its caller's goroutine, while the writer waits: panics and tests' FailNow
// stay where they belong, and the connection still has one user at a time. What a
// guarded Write has only sent, the writer runs itself: nobody waits for anybody to
// wake up.
//
// A batch begins without savepoints, each of which costs two statements and a
// copy of every page it changes. When a Write fails and has written before, the
// batch is rolled back and the others run again, from then on each inside a
// savepoint.
type writer struct {
	path  string // of the file
	pool  *sql.DB
	count *counters
	queue chan *request

	grown  chan struct{} // to the checkpointer: the log may be long; closed at the end
	tidy   chan struct{} // from it: copy what was added meanwhile
	copied copied

	closing chan struct{} // closed once: no new requests
	once    sync.Once
	stopped chan struct{} // closed when the goroutine has ended

	// The goroutine's own:
	conn    *sql.Conn // nil: to be connected by the next batch
	on      *prepared
	commits int

	watched bool // the driver tells when SQLite ends a transaction by itself
	ended   bool // it did; set in the goroutine that runs the statement
}

// request is one Write on its way through the writer.
type request struct {
	statements []statement // of a guarded Write; otherwise its function runs in its turn

	claimed atomic.Bool // by the writer (its turn comes) or by the caller (gives up)
	turn    chan *Tx    // writer → caller: run your function
	ran     chan error  // caller → writer: my function's outcome
	done    chan error  // writer → caller: the batch's outcome
}

var errClosed = errs.New(errs.Unavailable, "").Because("the database is closed")

func openWriter(ctx context.Context, path, dsn string, c *counters) (*writer, error) {
	connector, err := sqliteConnector(dsn)
	if err != nil {
		return nil, err
	}
	w := &writer{
		path: path, pool: sql.OpenDB(connector), count: c,
		queue: make(chan *request, batchWrites),
		grown: make(chan struct{}, 1), tidy: make(chan struct{}, 1),
		closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := w.connect(ctx); err != nil {
		_ = w.pool.Close()
		return nil, err
	}
	go w.run()
	return w, nil
}

// connect opens the connection. The pool keeps no idle one, so that a
// connection given up is a file closed.
func (w *writer) connect(ctx context.Context) error {
	w.pool.SetMaxIdleConns(-1)
	conn, err := w.pool.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.on, w.watched = conn, &prepared{on: conn}, false
	if err := w.renewLog(); err != nil {
		w.giveUp()
		return err
	}
	return conn.Raw(func(c any) error {
		if h, ok := c.(interface {
			RegisterRollbackHook(sqlite.RollbackHookFn)
		}); ok {
			h.RegisterRollbackHook(func() { w.ended = true })
			w.watched = true
		}
		return nil
	})
}

// renewLog makes durable what the log holds. Whoever wrote it may have died, or
// been refused, between writing and fsync: then the system shows a transaction
// that is not on the disk, and after a failed fsync it will not write it again by
// itself either. Reading it would acknowledge it, to somebody who sends it again.
// So its bytes are written once more, over themselves, while nobody else may write.
func (w *writer) renewLog() error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := rewrite(w.path + "-wal"); err != nil {
		return errs.Wrap(errs.Unavailable, "", fmt.Errorf("the disk of the database fails: %w", err))
	}
	return w.exec("ROLLBACK")
}

// rewrite writes a file over itself and has it on the disk when it returns; a
// file that is missing is no error.
func rewrite(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := f.ReadAt(buf, at)
		if _, werr := f.WriteAt(buf[:n], at); werr != nil {
			return werr
		}
		at += int64(n)
		if err == io.EOF {
			return f.Sync()
		}
		if err != nil {
			return err
		}
	}
}

func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	w.on.forget()
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
	w.conn, w.on = nil, nil
}

// commit queues statements and waits for the outcome of their batch.
func (w *writer) commit(ctx context.Context, statements []statement) error {
	return w.await(ctx, &request{statements: statements, done: make(chan error, 1)}, nil)
}

// write queues fn and waits for the outcome of its batch.
func (w *writer) write(ctx context.Context, fn func(context.Context, *Tx) error) error {
	return w.await(ctx, &request{turn: make(chan *Tx, 1), ran: make(chan error, 1), done: make(chan error, 1)}, fn)
}

// await queues r, runs fn when it is its turn, and returns the outcome.
func (w *writer) await(ctx context.Context, r *request, fn func(context.Context, *Tx) error) error {
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	select {
	case w.queue <- r:
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	var tx *Tx
	select {
	case tx = <-r.turn:
	case err := <-r.done: // the batch could not begin
		return err
	case <-w.stopped:
		if r.claimed.CompareAndSwap(false, true) {
			return errClosed
		}
		return <-r.done
	case <-ctx.Done():
		if r.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		select {
		case tx = <-r.turn:
		case err := <-r.done:
			return err
		}
	}
	for {
		call(ctx, tx, fn, func(err error) { r.ran <- err })
		select {
		case tx = <-r.turn: // once more, because of another's failure
		case err := <-r.done:
			return err
		}
	}
}

func (w *writer) close() {
	w.once.Do(func() { close(w.closing) })
	<-w.stopped
}

func (w *writer) run() {
	defer close(w.stopped)
	defer func() {
		close(w.grown)
		w.disconnect()
		_ = w.pool.Close()
	}()
	for {
		select {
		case <-w.tidy:
			w.copyRest()
		default:
		}
		select {
		case r := <-w.queue:
			w.batch(r)
			continue
		default:
		}
		select {
		case r := <-w.queue:
			w.batch(r)
		case <-w.tidy:
			w.copyRest()
		case <-w.closing:
			for { // those who queued before the closing
				select {
				case r := <-w.queue:
					w.batch(r)
					continue
				default:
				}
				return
			}
		}
	}
}

// copyRest copies what is in the log since the checkpointer looked, so that the
// next batch begins it anew. An error leaves the log as it is. While the
// checkpointer copies, there is nothing to do yet.
func (w *writer) copyRest() {
	if w.conn == nil || !w.copied.mu.TryLock() {
		return
	}
	defer w.copied.mu.Unlock()
	_ = w.copied.some(w.on, true)
}

// batch runs first and whoever queues meanwhile in one transaction, commits it
// and tells everybody.
func (w *writer) batch(first *request) {
	var waiting []*request // ran well; acknowledged by the commit
	finish := func(err error) {
		for _, r := range waiting {
			w.count.outcome(err)
			r.done <- err
		}
	}
	if !first.claimed.CompareAndSwap(false, true) {
		return // gave up while queueing
	}
	sys := clock.System{}
	if err := w.begin(); err != nil {
		// Whoever queued meanwhile would only wait for the same failure again.
		for r := first; r != nil; r = w.next(len(waiting), sys.Now()) {
			waiting = append(waiting, r)
		}
		finish(err)
		return
	}
	began := sys.Now()
	careful := !w.watched
	for r := first; r != nil; r = w.next(len(waiting), began) {
		err, broken := w.runOne(r, careful)
		if errors.Is(broken, errLeft) {
			careful = true
			if waiting, broken = w.again(waiting); broken != nil {
				err = lost(err)
			}
		}
		switch {
		case broken != nil: // the transaction is gone, for all
			w.giveUp()
			r.done <- err
			w.count.outcome(err)
			finish(broken)
			return
		case err != nil:
			w.count.outcome(err)
			r.done <- err
		default:
			waiting = append(waiting, r)
		}
	}
	if len(waiting) == 0 {
		if err := w.exec("ROLLBACK"); err != nil {
			w.giveUp()
		}
		return
	}
	start := sys.Now()
	err := w.exec("COMMIT")
	if err != nil {
		w.giveUp()
	} else {
		w.count.committed(len(waiting), sys.Now().Sub(start))
		if w.commits++; w.commits%logLooks == 0 {
			select {
			case w.grown <- struct{}{}:
			default:
			}
		}
	}
	finish(err)
	if err == nil && w.commits%logLooks == 0 && longLog(w.path) {
		w.copyRest()
	}
}

// next takes another waiting request into the batch, or returns nil when
// nobody waits or the batch is full.
func (w *writer) next(size int, began time.Time) *request {
	for size < batchWrites && (clock.System{}).Now().Sub(began) < batchTime {
		select {
		case r := <-w.queue:
			if r.claimed.CompareAndSwap(false, true) {
				return r
			}
		default:
			return nil
		}
	}
	return nil
}

// errLeft says that a Write failed outside a savepoint and left rows behind.
var errLeft = errors.New("db: a failed write left rows in the shared transaction")

// again begins the transaction anew and runs those of it once more that ran
// well. It returns whom that succeeds for, and tells the others; when the
// transaction is lost, all that have not been told.
func (w *writer) again(ran []*request) (well []*request, broken error) {
	if err := w.exec("ROLLBACK"); err != nil {
		return ran, err // SQLite rolled back by itself: a full disk, an I/O error
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return ran, err
	}
	w.ended = false
	for i, r := range ran {
		w.count.retries.Add(1)
		err, broken := w.runOne(r, true)
		switch {
		case broken != nil:
			return append(well, ran[i:]...), broken
		case err != nil:
			w.count.outcome(err)
			r.done <- err
		default:
			well = append(well, r)
		}
	}
	return well, nil
}

// runOne lets r's caller run its function, inside a savepoint if careful. err is
// r's own outcome; broken is not nil when the whole transaction is lost with it,
// or, as errLeft, has to be begun anew.
func (w *writer) runOne(r *request, careful bool) (err, broken error) {
	if careful {
		if err := w.exec("SAVEPOINT w"); err != nil {
			return err, err
		}
	}
	tx := &Tx{on: w.on, shared: true}
	if r.statements != nil {
		call(context.Background(), tx, func(ctx context.Context, tx *Tx) error { return do(ctx, tx, r.statements) }, func(e error) { err = e })
	} else {
		r.turn <- tx
		err = <-r.ran
	}
	switch {
	case w.ended:
		return lost(err), lost(nil)
	case !careful && err != nil && tx.wrote:
		return err, errLeft
	case !careful:
		return err, nil
	case err != nil:
		if broken = w.exec("ROLLBACK TO w"); broken != nil {
			return lost(err), broken
		}
	}
	if broken = w.exec("RELEASE w"); broken != nil {
		return errors.Join(err, broken), broken
	}
	return err, nil
}

// lost is the outcome of a Write when SQLite ended the transaction by itself:
// a full disk, an I/O error.
func lost(err error) error {
	return errs.Wrap(errs.Unavailable, "", errors.Join(errors.New("db: the shared transaction failed"), err))
}

func (w *writer) begin() error {
	if doubt := w.copied.doubt.Load(); doubt != nil {
		return *doubt
	}
	if w.conn == nil {
		if err := w.connect(context.Background()); err != nil {
			return err
		}
		w.count.recovers.Add(1)
	}
	err := w.exec("BEGIN IMMEDIATE")
	if err != nil {
		w.giveUp()
	}
	w.ended = false
	return err
}

// giveUp drops the connection: after a failed write or fsync nothing it
// holds in memory is trusted. The next batch opens a new one.
func (w *writer) giveUp() {
	_ = w.exec("ROLLBACK")
	w.disconnect()
}

// exec runs a statement of the transaction itself; whatever makes it fail, the
// callers' work was not done and can be tried again.
func (w *writer) exec(text string) error {
	_, err := w.on.ExecContext(context.Background(), text)
	if err != nil && errs.KindOf(err) != errs.Unavailable {
		err = errs.Wrap(errs.Unavailable, "", fmt.Errorf("the database refuses %s: %w", text, err))
	}
	return err
}

func stack() []byte { return debug.Stack() }
