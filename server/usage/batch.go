package usage

import (
	"sync"
)

// batch collects values by key until they are saved. Values of the same key are merged. Its methods may be called from many goroutines.
type batch[K comparable, V any] struct {
	merge func(before, more V) V
	limit int // how many keys may wait while the store is unavailable; 0 for no limit

	mu      sync.Mutex
	pending map[K]V
	dropped int // values lost since the last flush because the batch was full
}

func newBatch[K comparable, V any](limit int, merge func(before, more V) V) *batch[K, V] {
	return &batch[K, V]{merge: merge, limit: limit, pending: map[K]V{}}
}

// add adds a value.
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

// read calls use with the values that are not saved yet; use must not keep the map.
func (b *batch[K, V]) read(use func(pending map[K]V)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	use(b.pending)
}

// flush saves what was collected. What save returns as left over is put back and merged with what has arrived meanwhile. It returns how
// many values were lost since the last flush because the batch was full.
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
