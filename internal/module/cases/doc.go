// Package cases takes an application and brings it to a decision: it stores
// the submission, runs the service's process, gives people their tasks, keeps
// the legal clock, issues the decision with its explanation and letter, and
// receives the appeal against it.
//
// Invariants:
//   - A case stays on the version of the service it was submitted to, unless a
//     migration takes it to another; its file keeps the record of that.
//   - One transaction leads from a command to the process's next wait state;
//     what leaves the house (mail, payment, evidence) is a job of that same
//     transaction with a deterministic id, so that it happens, and once.
//   - The same account and idempotency key always mean the same case.
//   - Every change goes through Service.change: it reads the case, applies the
//     change, writes it back only if nobody else was quicker, and records in
//     the timeline who acted.
//   - Whoever may not see a case is told that it does not exist, and the
//     attempt is on record.
//   - A date that was named is never made earlier by another calendar.
//   - Discretion belongs to a person: an outcome that differs from the rule's
//     proposal, or that the rules leave open, carries a name and reasons.
//
// Tables owned: cases_case, cases_task, cases_entry, cases_document,
// cases_request, cases_invitation, cases_message, cases_certificate, cases_payment,
// cases_refused_access, cases_run, cases_receipt, cases_migration, cases_migration_case.
//
// Events sent: case.submitted, case.decided, case.closed. Events heard: none.
package cases
