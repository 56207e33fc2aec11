package usage

import (
	"maps"
	"sync"
	"time"
)

// everyMinute lets each key through once a minute, and at most maxRefusals keys in all.
type everyMinute[K comparable] struct {
	mu      sync.Mutex
	written map[K]time.Time // when the key was let through last
}

// due returns what may be written now, and what has to wait. Beyond maxRefusals keys in a minute, values are lost.
func (e *everyMinute[K]) due(taken map[K]refusalCount, now time.Time) (due, left map[K]refusalCount) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.written == nil {
		e.written = map[K]time.Time{}
	}
	maps.DeleteFunc(e.written, func(_ K, at time.Time) bool { return now.Sub(at).Abs() >= refusalEvery })
	due, left = map[K]refusalCount{}, map[K]refusalCount{}
	for key, refused := range taken {
		switch _, recently := e.written[key]; {
		case recently:
			left[key] = refused
		case len(e.written) < maxRefusals:
			e.written[key] = now
			due[key] = refused
		}
	}
	return due, left
}
