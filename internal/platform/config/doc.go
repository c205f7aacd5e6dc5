// Package config is the one documented structure from which everything that
// an operator may choose is read.
//
// Order of precedence, last wins: Defaults, the YAML file, the environment
// (PASSERELLE_SECTION_FIELD: server.listen is PASSERELLE_SERVER_LISTEN).
//
// Invariants:
//   - Strict: a field that does not exist, a value that is not understood or
//     not permitted refuses the start; all problems are named at once, each
//     with file and line, or with the variable it came from.
//   - Secrets stand in files of their own, never in the YAML file or the
//     environment; a relative name is looked for in $CREDENTIALS_DIRECTORY
//     (systemd) when that is set.
//   - The documentation of a field is its doc tag; Example prints it, so that
//     the example file cannot lag behind the structure.
package config
