// Package pack reads service packages: folders in which lawyers and analysts
// describe one public service completely, with its form, legal values, decision,
// process, letters, texts and test scenarios.
//
// The package is pure but for reading an fs.FS: it loads (LoadSet, Load), finds
// what would hurt at run time (Check), runs the scenarios (Test), decides
// (Package.Decide), explains (Package.Explain) and writes letters
// (Package.Letter). It has no store, no clock and no network.
//
// Invariants:
//   - Everything is parsed and compiled at loading; a loaded Package is
//     immutable and safe for concurrent use.
//   - A package with an error among its findings is never served; one broken
//     package does not stop the others.
//   - A decision is a function of the facts and of the package's content (Hash):
//     the same facts give the same decision for ever.
//   - A legal value that is not in force on the reference date is an error,
//     never a default. One that is marked as not found is null, and named in
//     parameters.unknown.
//   - Whatever a person reads stands in the package's texts in five languages.
package pack
