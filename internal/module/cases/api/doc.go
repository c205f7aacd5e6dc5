// Package api is the REST interface of public services: the catalogue, the
// schema of each application, submitting, the state of a case, its decision,
// and what an applicant can answer. Everything an applicant's page does, a
// program can do here with the same rights.
//
// The interface is described by OpenAPI 3.1 at /api/v1/openapi.json and .yaml;
// /api is a page that lists the operations. The session cookie signs in, as on
// the pages: there are no tokens of other kinds yet.
//
// Invariants:
//   - Routes go through web.Router, so that protection, rate limits, log and
//     time limit are those of the pages, and every failure is the same RFC 9457
//     problem, in the language asked for, with a stable kind.
//   - What an applicant may see and do is decided by cases.Service alone.
//   - An application is submitted under an Idempotency-Key: a repetition gets
//     the same receipt.
//   - Files come with the request that uses them. A hash in a JSON document is
//     refused, so that nobody claims a file they do not have.
//
// Tables owned: none. Events sent and heard: none.
package api
