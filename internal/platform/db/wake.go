package db

import "sync"

// wakes are the listeners of a process, by topic.
type wakes struct {
	mu sync.Mutex
	by map[string]map[chan struct{}]bool
}

// Listen returns a channel that receives after a commit that notified topic.
// Several commits may show as one. stop ends the listening.
func (d *DB) Listen(topic string) (wake <-chan struct{}, stop func()) {
	w := &d.wakes
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = make(map[string]map[chan struct{}]bool)
	}
	if w.by[topic] == nil {
		w.by[topic] = make(map[chan struct{}]bool)
	}
	w.by[topic][ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.by[topic], ch)
	}
}

func (w *wakes) wake(topics []string) {
	if len(topics) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, topic := range topics {
		for ch := range w.by[topic] {
			select {
			case ch <- struct{}{}:
			default: // it has a wake-up waiting already
			}
		}
	}
}
