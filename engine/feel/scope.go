package feel

// Scope holds the variables an expression sees: those of one context, or one
// name, before those of the parent. It is immutable and cheap to extend.
type Scope struct {
	parent *Scope
	vars   Value // a context, or null
	name   string
	value  Value
	single bool
}

// NewScope returns a scope with the entries of a context (null: no entries).
func NewScope(vars Value) *Scope { return &Scope{vars: vars} }

// With returns a scope in which name is v, and all else as in s (nil: empty).
func (s *Scope) With(name string, v Value) *Scope {
	return &Scope{parent: s, name: name, value: v, single: true}
}

// Extend returns a scope in which the entries of vars hide those of s.
func (s *Scope) Extend(vars Value) *Scope { return &Scope{parent: s, vars: vars} }

// Lookup returns the variable called name, and whether there is one.
func (s *Scope) Lookup(name string) (Value, bool) {
	for ; s != nil; s = s.parent {
		if s.single {
			if s.name == name {
				return s.value, true
			}
			continue
		}
		if v, ok := s.vars.Get(name); ok {
			return v, true
		}
	}
	return Value{}, false
}
