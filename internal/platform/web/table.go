package web

import "sync"

// table is a map bounded to about max entries. When its young half is full the
// old half, not touched since, is forgotten. Safe for concurrent use.
type table[V any] struct {
	mu         sync.Mutex
	half       int
	young, old map[string]V
	epoch      int // counts changes, for putIf
}

func newTable[V any](max int) *table[V] {
	return &table[V]{half: max/2 + 1, young: map[string]V{}}
}

// get returns the value of key and the present epoch.
func (t *table[V]) get(key string) (v V, ok bool, epoch int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok = t.find(key)
	return v, ok, t.epoch
}

// getOr returns the value of key, making it if it is not there.
func (t *table[V]) getOr(key string, create func() V) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.find(key)
	if !ok {
		v = create()
		t.add(key, v)
	}
	return v
}

// putIf stores a value that was read elsewhere, unless something changed since epoch.
func (t *table[V]) putIf(epoch int, key string, v V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch == epoch {
		t.add(key, v)
	}
}

// drop forgets a value that changed elsewhere.
func (t *table[V]) drop(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch++
	delete(t.young, key)
	delete(t.old, key)
}

func (t *table[V]) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch++
	t.young, t.old = map[string]V{}, nil
}

// find and add are called under mu.
func (t *table[V]) find(key string) (V, bool) {
	v, ok := t.young[key]
	if ok {
		return v, true
	}
	if v, ok = t.old[key]; ok {
		t.add(key, v)
	}
	return v, ok
}

func (t *table[V]) add(key string, v V) {
	if len(t.young) >= t.half {
		t.young, t.old = make(map[string]V, t.half/4), t.young
	}
	delete(t.old, key)
	t.young[key] = v
}
