package clock

import (
	"testing"
	"time"
)

func TestShiftedMovesForwardAndKeepsThePaceOfItsBase(t *testing.T) {
	start := time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC)
	c := &Shifted{Base: Fixed(start)}
	if got := c.Now(); !got.Equal(start) {
		t.Fatalf("zero offset: got %v, want %v", got, start)
	}
	c.Advance(7 * 24 * time.Hour)
	c.Advance(time.Hour)
	if got, want := c.Now(), start.Add(169*time.Hour); !got.Equal(want) {
		t.Fatalf("after a week and an hour: got %v, want %v", got, want)
	}
	c.SetOffset(0)
	if got := c.Now(); !got.Equal(start) {
		t.Fatalf("offset taken back: got %v, want %v", got, start)
	}
}
