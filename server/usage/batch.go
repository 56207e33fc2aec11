package usage

import (
	"sync"
)

// batch gathers values by key until they are saved. Two values of one key are merged. Its methods may be called from many goroutines.
type batch[K comparable, V any] struct {
	merge func(before, more V) V
	limit int // how many keys may wait while the store can't be written; 0 for no limit

	mu      sync.Mutex
	pending map[K]V
	dropped int // values that were lost for want of room, since the last flush
}

func newBatch[K comparable, V any](limit int, merge func(before, more V) V) *batch[K, V] {
	return &batch[K, V]{merge: merge, limit: limit, pending: map[K]V{}}
}

// add gathers a value.
func (b *batch[K, V]) add(key K, value V) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.pending[key]
	switch {
	case known:
		b.pending[key] = b.merge(before, value)
	case b.limit > 0 && len(b.pending) >= b.limit:
		b.dropped++
	default:
		b.pending[key] = value
	}
}

// read calls a function with what is not saved yet, which must not be kept.
func (b *batch[K, V]) read(look func(pending map[K]V)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	look(b.pending)
}

// flush saves what was gathered. What save leaves over is put back, and merged with what has come meanwhile. It returns how many
// values were lost for want of room since the last time.
func (b *batch[K, V]) flush(save func(taken map[K]V) (left map[K]V, err error)) (dropped int, err error) {
	b.mu.Lock()
	taken := b.pending
	dropped, b.dropped = b.dropped, 0
	b.pending = map[K]V{}
	b.mu.Unlock()
	if len(taken) == 0 {
		return dropped, nil
	}
	left, err := save(taken)
	for key, value := range left {
		b.add(key, value)
	}
	return dropped, err
}
