// Package console is what the demonstration adds for those who show it: a
// clock that can be moved forward, so that deadlines run out before the
// audience's eyes, and the mailbox in which every e-mail ends.
//
// The clock's displacement is kept in a file of the data folder, so that a
// restart does not bring time back. Tables owned: none.
package console
