// Package tck runs the official test suite of DMN (dmn-tck/tck) against
// engine/dmn and reports the result in the suite's own format.
//
// A case passes when every result node has the expected value. Numbers are
// compared by value; as the suite writes many results of exp, log and division
// with few digits, a difference below 1e-8 counts as equal. A result node with
// errorResult="true" must be null. A case is unsupported, and never counted as
// passed, when its evaluation met something that the engine does not offer
// (functions of a Java class).
package tck
