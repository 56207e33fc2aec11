package admin

import (
	"container/list"
	"context"
	"slices"
	"strings"
	"sync"

	"mintkey/store"
)

// original is what a mirror shows: records of one kind in one tenant or account.
type original[T any] struct {
	// feeds tell which records have changed, by ID.
	feeds []func(ctx context.Context, since store.Version) (store.Changes, error)
	id    func(T) string
	// read copies those of the records that exist, in any order.
	read func(ctx context.Context, ids []string) ([]T, error)
	// all copies every record, in the order of IDs.
	all func(ctx context.Context) ([]T, error)
}

// mirror holds compact copies of all records of an original, in the order of their IDs, so that a table of many need not read and
// decode them for each page. It reads again what has changed each time that it is looked at, so it shows whatever was
// committed by then, by any replica.
type mirror[T any] struct {
	mu       sync.Mutex
	copies   []T             // replaced, never changed: those who looked before may still be reading
	versions []store.Version // of the feeds
}

func (m *mirror[T]) look(ctx context.Context, of original[T]) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	versions := make([]store.Version, len(of.feeds))
	copy(versions, m.versions)
	complete := true
	var changed []string
	for i, feed := range of.feeds { // before the records are read: what changes meanwhile is read again the next time
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
		copies, err = m.renew(ctx, of, changed)
	}
	if err != nil {
		return nil, err
	}
	m.copies, m.versions = copies, versions
	return copies, nil
}

// renew replaces the copies of the records with the IDs by fresh ones.
func (m *mirror[T]) renew(ctx context.Context, of original[T], ids []string) ([]T, error) {
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

// mirrorLimit is how many copies of one kind an office holds, of all tenants or accounts together. One that has more is held alone.
const mirrorLimit = 100_000

// mirrors holds the mirrors that were looked at last. The zero value holds none.
type mirrors[T any] struct {
	mu     sync.Mutex
	latest list.List // of *heldMirror[T], the one looked at last in front
	byName map[string]*list.Element
	copies int // in all of them
}

type heldMirror[T any] struct {
	mirror[T]
	name  string
	count int // of its copies, as far as mirrors has heard
}

// look returns the copies of all records of the original of that name, in the order of IDs. They must not be changed.
func (m *mirrors[T]) look(ctx context.Context, name string, of original[T]) ([]T, error) {
	held := m.hold(name)
	copies, err := held.look(ctx, of)
	if err == nil {
		m.weigh(name, held, len(copies))
	}
	return copies, err
}

func (m *mirrors[T]) hold(name string) *heldMirror[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName == nil {
		m.byName = map[string]*list.Element{}
	}
	element, ok := m.byName[name]
	if !ok {
		element = m.latest.PushFront(&heldMirror[T]{name: name})
		m.byName[name] = element
	}
	m.latest.MoveToFront(element)
	return element.Value.(*heldMirror[T])
}

// weigh lets go of the mirrors that were not looked at for the longest time, until the others fit.
func (m *mirrors[T]) weigh(name string, held *heldMirror[T], count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if element, ok := m.byName[name]; !ok || element.Value != any(held) {
		return // let go meanwhile
	}
	m.copies += count - held.count
	held.count = count
	for m.copies > mirrorLimit && m.latest.Len() > 1 {
		oldest := m.latest.Remove(m.latest.Back()).(*heldMirror[T])
		delete(m.byName, oldest.name)
		m.copies -= oldest.count
	}
}
