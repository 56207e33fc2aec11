package admin

import (
	"container/list"
	"context"
	"slices"
	"strings"
	"sync"

	"mintkey/store"
)

// source reads what a cache copies: the records of one kind in one tenant or account.
type source[T any] struct {
	// changes are the change feeds: they return the IDs of the records that have changed.
	changes []func(ctx context.Context, since store.Version) (store.Changes, error)
	id      func(T) string
	// read copies those of the records that exist, in any order.
	read func(ctx context.Context, ids []string) ([]T, error)
	// all copies every record, in the order of IDs.
	all func(ctx context.Context) ([]T, error)
}

// cache holds compact copies of all records of a source, in the order of their IDs, so that a table of many need not read and decode
// them for each page. Each lookup first reads what has changed, so it sees everything that any replica had committed by then.
type cache[T any] struct {
	mu       sync.Mutex
	copies   []T             // replaced, never changed: earlier callers may still be reading
	versions []store.Version // of the change feeds
}

func (m *cache[T]) lookup(ctx context.Context, of source[T]) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	versions := make([]store.Version, len(of.changes))
	copy(versions, m.versions)
	complete := true
	var changed []string
	for i, feed := range of.changes { // before the records: what changes in between is read again next time
		changes, err := feed(ctx, versions[i])
		if err != nil {
			return nil, err
		}
		versions[i] = changes.Version
		complete = complete && changes.Complete
		changed = append(changed, changes.IDs...)
	}
	copies, err := m.copies, error(nil)
	switch {
	case !complete:
		copies, err = of.all(ctx)
	case len(changed) > 0:
		copies, err = m.reload(ctx, of, changed)
	}
	if err != nil {
		return nil, err
	}
	m.copies, m.versions = copies, versions
	return copies, nil
}

// reload replaces the copies of the records with the IDs by fresh ones.
func (m *cache[T]) reload(ctx context.Context, of source[T], ids []string) ([]T, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var fresh []T
	for some := range slices.Chunk(ids, walkSize) {
		found, err := of.read(ctx, some)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, found...)
	}
	byID := make(map[string]T, len(fresh))
	for _, copied := range fresh {
		byID[of.id(copied)] = copied
	}
	copies := slices.Clone(m.copies)
	for _, id := range ids {
		at, held := slices.BinarySearchFunc(copies, id, func(c T, id string) int { return strings.Compare(of.id(c), id) })
		copied, exists := byID[id]
		switch {
		case held && exists:
			copies[at] = copied
		case held:
			copies = slices.Delete(copies, at, at+1)
		case exists:
			copies = slices.Insert(copies, at, copied)
		}
	}
	return copies, nil
}

// cacheLimit is how many copies of one kind a Service holds, for all tenants or accounts together. One that needs more is held alone.
const cacheLimit = 100_000

// caches holds the caches that were used last. The zero value is empty.
type caches[T any] struct {
	mu     sync.Mutex
	latest list.List // of *heldCache[T], the one used last in front
	byName map[string]*list.Element
	copies int // in all of them
}

type heldCache[T any] struct {
	cache[T]
	name  string
	count int // of its copies, as last counted in caches.copies
}

// lookup returns the copies of all records of the source with the name, in the order of IDs. The caller must not change them.
func (m *caches[T]) lookup(ctx context.Context, name string, of source[T]) ([]T, error) {
	held := m.retain(name)
	copies, err := held.lookup(ctx, of)
	if err == nil {
		m.resize(name, held, len(copies))
	}
	return copies, err
}

func (m *caches[T]) retain(name string) *heldCache[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = map[string]*list.Element{}
	}
	element, ok := m.byName[name]
	if !ok {
		element = m.latest.PushFront(&heldCache[T]{name: name})
		m.byName[name] = element
	}
	m.latest.MoveToFront(element)
	return element.Value.(*heldCache[T])
}

// resize notes how many copies a cache has, and drops the caches that were unused for the longest time until the rest fit.
func (m *caches[T]) resize(name string, held *heldCache[T], count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if element, ok := m.byName[name]; !ok || element.Value != any(held) {
		return // dropped meanwhile
	}
	m.copies += count - held.count
	held.count = count
	for m.copies > cacheLimit && m.latest.Len() > 1 {
		oldest := m.latest.Remove(m.latest.Back()).(*heldCache[T])
		delete(m.byName, oldest.name)
		m.copies -= oldest.count
	}
}
