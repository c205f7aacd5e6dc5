package simulation

import (
	"testing"

	"pgregory.net/rapid"
)

// What is shown of a column whose sum is known gives no count under ten away,
// alone or together with others.
func TestNothingSmallCanBeComputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		true_ := rapid.SliceOfN(rapid.SampledFrom([]Count{0, 0, 1, 2, 5, 9, 10, 11, 40, 300}), 0, 12).Draw(t, "column")
		sum := Count(0)
		for _, n := range true_ {
			sum += n
		}
		shown := append([]Count(nil), true_...)
		protect(shown, true)
		hidden, behind := 0, Count(0)
		rest := sum
		for i, n := range shown {
			switch {
			case n == Hidden:
				hidden, behind = hidden+1, behind+true_[i]
			case n != true_[i]:
				t.Fatalf("%v shows %v", true_, shown)
			case few(n):
				t.Fatalf("%v shows %d", true_, n)
			default:
				rest -= n
			}
		}
		if rest != behind {
			t.Fatalf("%v: %v", true_, shown)
		}
		everything := true // all that is not zero is hidden: nothing larger is left to hide behind
		for i, n := range true_ {
			everything = everything && (n == 0 || shown[i] == Hidden)
		}
		if hidden > 0 && !everything && (hidden < 2 || behind < smallest) {
			t.Fatalf("%v shows %v: the %d hidden are %d together", true_, shown, hidden, behind)
		}
	})
}

func TestProtect(t *testing.T) {
	for _, c := range []struct{ column, want []Count }{
		{[]Count{0, 12, 40}, []Count{0, 12, 40}},
		{[]Count{3, 12, 40}, []Count{Hidden, Hidden, 40}},
		{[]Count{3, 4, 12, 40}, []Count{Hidden, Hidden, Hidden, 40}},
		{[]Count{6, 6, 40}, []Count{Hidden, Hidden, 40}},
		{[]Count{7}, []Count{Hidden}},
	} {
		got := append([]Count(nil), c.column...)
		protect(got, true)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v: %v, want %v", c.column, got, c.want)
				break
			}
		}
	}
}
