// Package reference evaluates FEEL expressions in the plainest way there is: it
// walks the syntax tree and does what chapter 10 of DMN 1.5 says, with fractions
// of unlimited size, nested environments and lists that are copied. It is slow
// on purpose and shares no code with the compiled form, so that tests can set
// the two against each other. Nothing but tests imports it.
//
// It reads values of package feel through their exported methods only. What it
// does not do itself (regular expressions, reading dates, logarithms) it asks of
// the engine, with arguments that it has computed.
package reference
