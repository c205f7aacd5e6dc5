package clock

import (
	"sync/atomic"
	"time"
)

// A Clock tells the time. Implementations are safe for concurrent use.
type Clock interface {
	// Now returns the present instant in UTC.
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now returns the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Fixed is a clock that stands still: for tests.
type Fixed time.Time

// Now returns the fixed instant.
func (f Fixed) Now() time.Time { return time.Time(f).UTC() }

// Shifted runs at the pace of its base, displaced by an offset that can be
// changed while it runs. The zero offset shows the base's own time.
type Shifted struct {
	Base   Clock
	offset atomic.Int64
}

// Now returns the base's time plus the offset.
func (s *Shifted) Now() time.Time { return s.Base.Now().Add(s.Offset()) }

// Offset returns the present displacement.
func (s *Shifted) Offset() time.Duration { return time.Duration(s.offset.Load()) }

// SetOffset replaces the displacement.
func (s *Shifted) SetOffset(d time.Duration) { s.offset.Store(int64(d)) }

// Advance adds d to the displacement.
func (s *Shifted) Advance(d time.Duration) { s.offset.Add(int64(d)) }
