// Package source reads YAML that people write and review: strictly, and so that
// everything wrong is reported with its file and line.
//
// Unknown keys, keys given twice and values of the wrong type are problems. A
// Text remembers where it stands, so that what is found out about it later (a
// FEEL expression that does not parse, a text that nobody uses) can be reported
// at its line too.
package source
