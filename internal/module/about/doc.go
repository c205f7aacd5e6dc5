// Package about is the pages that every site owes its readers, linked from the
// footer: accessibility statement, contact, open data, legal notice.
//
// Invariants:
//   - The pages say what is so today: what was tested and what was not, which
//     data exist and which do not, what is stored and for how long.
//   - They are read by anybody, change nothing and need no database.
//
// Tables owned: none. Events sent: none. Events heard: none.
package about
