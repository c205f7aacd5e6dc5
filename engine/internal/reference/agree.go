package reference

import "passerelle/engine/feel"

// Agree reports whether two values are the same in kind and content. Functions
// have no content to compare. Values may share parts so often that no time is
// enough to go through them: of those, the first half million parts count.
func Agree(x, y feel.Value) bool {
	left := 500_000
	return agree(x, y, &left)
}

func agree(x, y feel.Value, left *int) bool {
	if *left--; *left < 0 {
		return true
	}
	if x.Kind() != y.Kind() {
		return false
	}
	switch x.Kind() {
	case feel.KindFunction:
		return true
	case feel.KindList:
		if len(x.Items()) != len(y.Items()) {
			return false
		}
		for i, v := range x.Items() {
			if !agree(v, y.Items()[i], left) {
				return false
			}
		}
		return true
	case feel.KindContext:
		if len(x.Entries()) != len(y.Entries()) {
			return false
		}
		for i, e := range x.Entries() {
			if f := y.Entries()[i]; e.Name != f.Name || !agree(e.Value, f.Value, left) {
				return false
			}
		}
		return true
	}
	return x.String() == y.String()
}
