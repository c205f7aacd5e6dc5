// Package errs is the one error type that crosses a module's border: a kind
// for the machine, a sentence for the person, a cause for the operator.
package errs
