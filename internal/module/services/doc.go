// Package services is what people see of public services before there is a
// case: the catalogue and its search, the page of each service, and the form
// with its drafts, prefilled with what the State already knows.
//
// Invariants:
//   - What a person reads about a service comes from its package; nothing here
//     knows any single service.
//   - A draft belongs to one account, survives the session and a restart, and
//     keeps every answer, also those that no longer count.
//   - Submitting is handed to the module of cases with the draft's id as
//     idempotency key: a draft becomes one case, however often it is sent.
//
// Tables owned: services_draft, services_delegation,
// services_measure. Events sent: none. Events
// heard: case.decided, for the measured time to a decision.
package services
