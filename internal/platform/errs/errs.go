package errs

import (
	"errors"
	"fmt"
)

// Kind says what an error means to the caller. The edge (web, API, CLI) maps
// it to a status; nothing inside the modules knows of HTTP.
type Kind int

const (
	Internal        Kind = iota // a fault of ours; the operator must look
	Invalid                     // the input is wrong; the person can mend it
	Unauthenticated             // sign in first
	Forbidden                   // signed in, but not allowed
	NotFound                    // does not exist, or must not be known to exist
	Conflict                    // the state has moved on; reload and try again
	Gone                        // existed once
	TooLarge                    // more than is accepted
	TooMany                     // slow down
	Unavailable                 // try again later; nothing was done
)

// Error carries two messages: Key and Args name the sentence a person reads
// in their language, Err is the cause an operator reads in the log.
type Error struct {
	Kind Kind
	Key  string         // locale key; empty means the general sentence of Kind
	Args map[string]any // placeholders of the sentence
	Err  error
}

// New makes an error of kind whose person-facing sentence is the locale key.
func New(kind Kind, key string) *Error { return &Error{Kind: kind, Key: key} }

// Wrap gives cause a kind and a person-facing sentence. cause may be nil.
func Wrap(kind Kind, key string, cause error) *Error {
	return &Error{Kind: kind, Key: key, Err: cause}
}

// With returns a copy that has the placeholder name set to value.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Args = make(map[string]any, len(e.Args)+1)
	for k, v := range e.Args {
		c.Args[k] = v
	}
	c.Args[name] = value
	return &c
}

// Because returns a copy whose cause is a formatted text for the log.
func (e *Error) Because(format string, args ...any) *Error {
	c := *e
	c.Err = fmt.Errorf(format, args...)
	return &c
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Kind.String() + ": " + e.Key
	case e.Key == "":
		return e.Kind.String() + ": " + e.Err.Error()
	default:
		return e.Kind.String() + ": " + e.Key + ": " + e.Err.Error()
	}
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, errs.New(kind, key)) true for any error of the same
// kind and key, whatever its cause.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Key == e.Key
}

// KindOf returns the kind of the outermost *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not-found", "conflict", "gone", "too-large", "too-many", "unavailable"}

// String returns the stable name of the kind, as it stands in problem
// documents and logs.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}
