// Package simulation tries a public service on a population: what a changed
// legal value or another version costs, who gains and who loses, and how many
// are entitled and have not applied.
//
// Compare is pure: two versions of a package, people, a day and a secret;
// the same people give the same result. Around it stand the runs that designers
// start on a page: a run is a row and a job, so that it survives a restart, and
// it shows its progress.
//
// Invariants:
//   - What leaves Compare is protected by the cell-key method (protect.go):
//     equal people have equal figures everywhere, and no count of one to nine is
//     told. What a figure's change still shows is said there. Nothing about one
//     person is stored. Progress is told in per cent.
//   - People are read for this purpose only, under the basis that their source
//     names; no case and no draft comes of it.
//   - What the rules leave to a person is counted as such and never guessed.
//   - A run keeps the hashes of both versions, the day and the changes: it can be
//     repeated. One that cannot be done ends as failed, with a reason.
//
// Tables owned: services_simulation, services_simulation_key. Jobs: kind "simulation/run", id the run's.
// Events: none sent, none heard.
package simulation
