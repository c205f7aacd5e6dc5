// Package people knows who is there: accounts, sign-in, identification numbers.
//
// People sign in with OpenID Connect (authorization code, PKCE, state, nonce) at
// one of the configured providers. A provider may vouch for the national
// identification number; then all providers that vouch for the same number
// lead to the same account. What somebody may do for an authority comes from
// the claims of the provider they signed in with, and holds for that session.
//
// Invariants:
//   - A sign-in that began in one browser ends only there, once, within fifteen
//     minutes: state, nonce and verifier are in its session.
//   - After signing in one returns to a page of this site or to the first page.
//   - What a person chose (address for notices, language of letters) is not
//     changed by a sign-in. Nobody's page language is forced by their account.
//   - We start without the providers; each is asked for its keys when first
//     needed and again after a failure.
//
// Tables owned: people_account, people_login. Events sent: none. Events heard:
// none.
package people
