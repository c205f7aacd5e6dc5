// Package web is the edge between people's browsers and the modules: routing
// by language, sessions, protection, errors that a person can read.
//
// A request passes, from the outside in: request id → access log and metrics
// → recovery from a panic → security headers and nonce → rate limit of the
// network address → cross-origin check → body limit → session → rate limit of
// the account → time limit → route. What goes wrong at any of these becomes
// the same localized page, or an RFC 9457 problem document for programs.
//
// Table owned: web_session. Events: none sent, none heard.
//
// Invariants:
//   - A visitor who is not signed in costs no write and receives no session
//     cookie; neither does a plain read by somebody who is, save one write per
//     twelfth of the idle time that keeps the session alive.
//   - The database holds the SHA-256 of a session's token, never the token.
//   - No state changes on GET. Forms post to the address they were shown at;
//     after success the answer is 303.
//   - The access log holds no address, account, path value or query.
//   - Session times follow the machine's clock even where a demonstration
//     shifts the clock of the modules.
package web
