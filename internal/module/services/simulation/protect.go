package simulation

import (
	"encoding/json"
	"slices"
)

// Count is a number of applications. What could tell about few people is Hidden.
type Count int

// Hidden stands for a count that is not told; in JSON it is null.
const Hidden Count = -1

// smallest is the smallest group that is told about.
const smallest = 10

// MarshalJSON writes null for a hidden count.
func (c Count) MarshalJSON() ([]byte, error) {
	if c == Hidden {
		return []byte("null"), nil
	}
	return json.Marshal(int(c))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Count) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = Hidden
		return nil
	}
	return json.Unmarshal(b, (*int)(c))
}

// few reports whether a count would tell about few people.
func few(n Count) bool { return n > 0 && n < smallest }

// protect hides in a column what must not be told: each count of one to nine,
// and, because the sum of the column is known, as many of the next smallest as it
// takes that what is hidden are at least two cells that hold ten or more
// together. A column whose sum is hidden itself loses its small counts only.
func protect(column []Count, sumKnown bool) {
	var order []int // cells with something in them, the smallest first
	for i, n := range column {
		if n > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(column[a] - column[b]) })
	hidden, sum := 0, Count(0)
	for _, i := range order {
		enough := hidden == 0 || (hidden >= 2 && sum >= smallest)
		if !few(column[i]) && (enough || !sumKnown) {
			break
		}
		hidden, sum = hidden+1, sum+column[i]
		column[i] = Hidden
	}
}
