package seed

import "testing"

// TestADayEndsBeforeMidnight: however many apply on a day, seven hours are enough,
// and a small demonstration goes one after the other.
func TestADayEndsBeforeMidnight(t *testing.T) {
	for today := range 10_000 {
		if minutes := today * longest / abreast(today); minutes > 7*60 {
			t.Fatalf("%d applications take up to %d minutes", today, minutes)
		}
	}
	if n := abreast(10); n != 1 {
		t.Errorf("%d people at a time", n)
	}
}
