// Package grounds tells everything a decision rests on: what was applied for,
// what registers said and when, which conditions were met, every step the rules
// computed with its formula, the legal values with article and time in force,
// what a person decided and why, and the receipt by which it can be run again.
//
// It is one document for three readers. The applicant and a court read it at the
// case (mycases), the officer beside the case file (workbench); both show the
// same, so that nobody decides on more than the applicant can see. The case page
// itself stays short.
//
// Tables owned: none. Events: none.
package grounds
