// Package app is the composition root: it opens what the modules stand on,
// builds them, joins their routes into one server and runs the whole until it
// is told to stop. Nothing imports it but the command.
//
// The order at a stop: no new requests, requests in flight finish, jobs that
// run finish, the database closes.
package app
