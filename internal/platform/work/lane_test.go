package work

import (
	"testing"
	"time"
)

func TestALaneHoldsMoreOnlyWhileItsHandlersAreQuick(t *testing.T) {
	now := time.Unix(0, 0)
	for name, c := range map[string]struct {
		lane lane
		want int
	}{
		"the first time":          {lane{}, 40},
		"quick and all taken":     {lane{most: 40, full: true, filled: now.Add(-time.Second / 2)}, 80},
		"never more than 32 each": {lane{most: 300, full: true, filled: now}, 320},
		"slow":                    {lane{most: 80, full: true, filled: now.Add(-time.Second)}, 40},
		"quick, but few were due": {lane{most: 80, filled: now}, 40},
	} {
		if got := c.lane.room(now, 10); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
