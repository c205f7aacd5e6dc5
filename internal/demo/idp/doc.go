// Package idp is the OpenID Connect provider of the demonstration State: who
// signs in chooses to be one of the personas, or anybody of the invented
// population, by one click and without a password.
//
// It is a strict provider all the same, so that the platform's sign-in is
// exercised as with a real one: authorization code with PKCE (S256 only), exact
// redirect addresses, codes that live for a minute and work once (a second use
// revokes what the first gave), ES256 signatures with a key made at the first
// start and kept in the data folder. It keeps no session: every sign-in asks
// whom to be, which is how a visitor changes roles.
//
// The protocol lives under /demo/idp/ ([Provider.Handler]); the page where one
// chooses is an ordinary page in five languages at /{lang}/demo/idp/choose, and
// carries the request of the relying party in its address.
//
// Codes and access tokens are in memory: a restart forgets sign-ins that are
// under way, and nothing else. Tables owned: none.
package idp
