package feel

import (
	"sort"
	"unsafe"
)

// contextData keeps entries in the order they were written; large contexts also
// have an index.
type contextData struct {
	entries []Entry
	index   map[string]int
	depth   int
	weight  int
}

const indexFrom = 24 // entries; up to that, a linear search costs less than the index

// Context returns a context with the entries in their order, or null when they
// nest deeper than 500. Of two entries of one name the last value counts, in the
// place of the first. The slice is kept: do not change it afterwards.
func Context(entries ...Entry) Value {
	if len(entries) <= indexFrom && !repeats(entries) {
		return contextOf(entries)
	}
	seen := make(map[string]int, len(entries))
	for i, e := range entries {
		seen[e.Name] = i
	}
	if len(seen) == len(entries) {
		return contextWith(entries, seen)
	}
	kept := make([]Entry, 0, len(seen))
	for _, e := range entries {
		if last, first := seen[e.Name]; first {
			kept = append(kept, entries[last])
			delete(seen, e.Name)
		}
	}
	return contextOf(kept)
}

// repeats reports whether two of a few entries have one name.
func repeats(entries []Entry) bool {
	for i := range entries {
		for j := range i {
			if entries[i].Name == entries[j].Name {
				return true
			}
		}
	}
	return false
}

// contextOf wraps entries whose names are known to differ.
func contextOf(entries []Entry) Value {
	if len(entries) <= indexFrom {
		return contextWith(entries, nil)
	}
	index := make(map[string]int, len(entries))
	for i, e := range entries {
		index[e.Name] = i
	}
	return contextWith(entries, index)
}

// contextWith wraps entries with their index (nil for a few).
func contextWith(entries []Entry, index map[string]int) Value {
	c := &contextData{entries: entries, index: index}
	for i := range entries {
		c.depth = max(c.depth, entries[i].Value.depth())
		c.weight = heavier(c.weight, &entries[i].Value)
	}
	if c.depth++; c.depth > maxNesting {
		return Value{}
	}
	return Value{kind: KindContext, ptr: unsafe.Pointer(c)}
}

// ContextOf returns a context with the entries of m, ordered by name.
func ContextOf(m map[string]Value) Value {
	entries := make([]Entry, 0, len(m))
	for n, v := range m {
		entries = append(entries, Entry{n, v})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return contextOf(entries)
}

func (v Value) ctx() *contextData { return (*contextData)(v.ptr) }

func (c *contextData) find(name string) int {
	if c.index != nil {
		if i, ok := c.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range c.entries {
		if c.entries[i].Name == name {
			return i
		}
	}
	return -1
}

// Get returns the entry of a context, and whether the value is a context that
// has it.
func (v Value) Get(name string) (Value, bool) {
	if v.kind != KindContext {
		return Value{}, false
	}
	c := v.ctx()
	if i := c.find(name); i >= 0 {
		return c.entries[i].Value, true
	}
	return Value{}, false
}

// Entries returns the entries of a context in their order, nil for any other
// kind. Do not change them.
func (v Value) Entries() []Entry {
	if v.kind != KindContext {
		return nil
	}
	return v.ctx().entries
}

// Put returns a context like v in which name is value: changed in its place,
// or added at the end. A value that is no context counts as an empty one.
func (v Value) Put(name string, value Value) Value {
	old := v.Entries()
	entries := make([]Entry, len(old), len(old)+1)
	copy(entries, old)
	for i := range entries {
		if entries[i].Name == name {
			entries[i].Value = value
			return contextOf(entries)
		}
	}
	return contextOf(append(entries, Entry{name, value}))
}
