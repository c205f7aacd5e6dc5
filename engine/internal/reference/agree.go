package reference

import "passerelle/engine/feel"

// Agree reports whether two values are the same in kind and content. Functions
// have no content to compare.
func Agree(x, y feel.Value) bool {
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
			if !Agree(v, y.Items()[i]) {
				return false
			}
		}
		return true
	case feel.KindContext:
		if len(x.Entries()) != len(y.Entries()) {
			return false
		}
		for i, e := range x.Entries() {
			if f := y.Entries()[i]; e.Name != f.Name || !Agree(e.Value, f.Value) {
				return false
			}
		}
		return true
	}
	return x.String() == y.String()
}
