package boltstore

import (
	"sync"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// cacheLimit bounds each recordCache, in records of about a kilobyte.
const cacheLimit = 16_384

// recordCache keeps decoded records, because decoding JSON would be most of the cost of reading a subject. It is keyed by the
// bytes of the record, which are read from the file each time: so it can't be stale, and needs no invalidation.
type recordCache[T any] struct {
	mu      sync.RWMutex
	decoded map[string]T
}

// load is like the function load, but the record is shared: it must be cloned before it is handed out.
func (m *recordCache[T]) load(tx *bbolt.Tx, b bucket, key string) (record T, err error) {
	value := b.get(tx, key)
	if value == nil {
		return record, store.ErrNotFound
	}
	m.mu.RLock()
	record, ok := m.decoded[string(value)]
	m.mu.RUnlock()
	if ok {
		return record, nil
	}
	record, err = decode[T](b, key, value)
	if err == nil {
		m.remember(string(value), record)
	}
	return record, err
}

func (m *recordCache[T]) remember(value string, record T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.decoded == nil {
		m.decoded = make(map[string]T)
	}
	if len(m.decoded) >= cacheLimit {
		for some := range m.decoded { // the order of a map is random enough to choose one
			delete(m.decoded, some)
			break
		}
	}
	m.decoded[value] = record
}
