// Package work runs jobs and timers that are rows of the database: what a
// transaction enqueues happens if, and only if, the transaction commits, and
// it still happens after a crash.
//
// # Invariants
//
//   - A job runs at least once. Its handler makes the effect happen once: by
//     [Queue.HandleTx], where effect and completion are one transaction, or by
//     [Once] inside the transaction of the effect, or by passing Job.ID on as
//     the idempotency key of another system.
//   - An id is enqueued once: enqueueing it again while it waits, is an
//     incident or was discarded changes nothing.
//   - A running job is leased to one queue; the lease is renewed while the
//     handler runs and expires when the process dies. Whoever lost the lease
//     cannot complete the job. Leases are measured by the machine's clock,
//     dues by the clock the demonstration moves.
//   - Each kind has its own share of workers and its own batches, so that ten
//     thousand due timers of one kind delay no other kind.
//   - Jobs of one kind with the same Key run one after the other in this
//     process, by (due, id); a job that failed and waits does not hold up those
//     behind it.
//   - A failed job waits longer each time, with jitter; after the last attempt
//     it is an incident: visible, resumed or discarded by a person. A crash of
//     the process counts as an attempt.
//
// Error texts of handlers are kept with the job for the operator: they must
// not hold personal data.
//
// Tables owned: work_job, work_effect. Events: none.
package work
