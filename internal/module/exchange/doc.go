// Package exchange is how one administration asks another for what it already
// knows, so that nobody is asked twice (once-only).
//
// A [Source] answers a [Request] with a piece of [Evidence]; a [Directory]
// knows which source answers which evidence type and refuses a request that
// does not say why it is made. Whoever needs evidence depends on Source alone:
// today a source is a register in the same process, later it is a connection
// to another administration, and the interface stays as small as it is here.
//
// Invariants:
//   - No evidence is released without subject, purpose, legal basis and actor.
//     Only the case may be missing: a form is prefilled before there is one.
//   - Evidence is a statement of a register on a date (AsOf); whoever stores it
//     stores that date and the reference with it.
//   - Amounts of money are decimal strings ("2680.04"), never floating point.
//
// The typed shapes ([Person], [Household], [Income], [Business],
// [CriminalRecord], [BankAccount]) are shared by those who answer and those
// who ask.
//
// Tables owned: none. Events sent: none. Events heard: none.
package exchange
