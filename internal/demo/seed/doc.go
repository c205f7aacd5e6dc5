// Package seed gives the demonstration a past: some months of applications by
// people of the synthetic population, answered by its officials through the
// same use cases that the pages call. Queues, timelines and measured times
// then live, and every figure on a page is one that really came about here.
//
// The past is the same on every machine: people, services and outcomes follow
// from a fixed seed; only identifiers differ. Tables owned: none.
package seed
