// Package event carries news between modules through the database: an outbox
// and its delivery in one. A module publishes inside the transaction that made
// the news true; every consumer then hears it, in a transaction of its own.
//
// # Invariants
//
//   - An event is stored if, and only if, the transaction that published it
//     commits. Publishing the same id again ends the transaction, so ids are
//     deterministic where the command may be repeated.
//   - Each consumer handles each event exactly once: its handler's writes and
//     the note that it is done are one transaction (work.HandleTx). What leaves
//     the database from a handler carries Event.ID as its idempotency key.
//   - Consumers do not see one another: one that fails is retried alone, and
//     becomes an incident of package work in the end.
//   - For one consumer, events of one subject arrive in order as long as none of
//     them fails and one process delivers; handlers must not rely on more.
//   - A consumer added later hears what is published from then on.
//
// Tables owned: event_log. Jobs: kind "event/<consumer>", id
// "<event id>/<consumer>", key the subject.
package event
