// Package architecture holds the tests that keep the house in order: which
// package may import which, where SQL and the clock may be touched, and whose
// tables a store may name. It has no code of its own.
package architecture
