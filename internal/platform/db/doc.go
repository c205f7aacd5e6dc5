// Package db gives every module one durable store with one set of SQL texts,
// on SQLite (embedded, one file) or PostgreSQL (by URL).
//
// Reading goes through [DB.Read], writing through [DB.Write]. When Write
// returns nil, the work of its function is on stable storage; when it returns
// an error, nothing of it is visible. What is unclear in between, a machine
// that dies while it commits, is settled by the caller's idempotency key: a
// row may be stored that was never acknowledged, never the reverse.
//
// # One SQL text for two databases
//
//   - Types: BIGINT (integers, instants as microseconds UTC, booleans 0 and 1),
//     TEXT (also for JSON documents and ids), BYTEA. No floats for money.
//   - Placeholders $1…$n.
//   - Both know: ON CONFLICT, RETURNING, CTE, window functions, row values for
//     keyset paging, string_agg, IS NOT DISTINCT FROM.
//   - Not portable: ILIKE, FOR UPDATE SKIP LOCKED, now(), SERIAL, ->> on a TEXT
//     document (what is searched gets a column of its own). What must differ
//     asks [DB.Dialect], inside a store file.
//   - Inside a Write, close rows before the next statement; an error of a
//     statement ends the Write (as in PostgreSQL): avoid expected conflicts
//     with ON CONFLICT, do not catch them.
//   - Arguments: int64, int, string, []byte, bool, nil, sql.Null…;
//     json.RawMessage is stored as text, a bool as 0 or 1; time.Time is refused,
//     use [Micros].
//
// # Invariants
//
//   - SQLite: one connection writes. Waiting Write functions share one
//     BEGIN IMMEDIATE … COMMIT (group commit, synchronous=FULL). A failing one
//     takes nobody along: if it had written, the others run again.
//   - PostgreSQL: every Write is one serializable transaction, run again after a
//     serialization failure, a deadlock or a lost connection for at least
//     [RetryFor]. A WriteGuarded one is at READ COMMITTED, and if it only sends
//     ([Send], [SendOne]), shares its transaction with others that wait: group
//     commit here too. The read pool is read-only on both.
//     Looking for an absent row and then inserting it makes neighbours in the
//     index collide, and one of them runs again: on a busy path let
//     INSERT … ON CONFLICT DO NOTHING and its RowsAffected decide instead.
//   - The function given to Write may run more than once and does database work
//     only: no network, no waiting, no nested Write.
//
// Tables owned: goose_<module>, one per migrated module.
package db
