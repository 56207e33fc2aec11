package boltstore

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// feeds remember who was changed, and in which transaction, by the tenant or account. They begin when the file is opened and are not
// kept in it: one process has the file, and a copy that it made of records ends with it.
//
// A version is the number of a transaction. What a transaction changes is noted before it commits, so whoever reads
// at a version finds all of it here. A transaction that is rolled back leaves its notes under a number that the next one takes
// again, which makes readers look at a record in vain, and no more.
type feeds struct {
	opened string // tells these versions from those of another opening
	mu     sync.Mutex
	byName map[string]*feed
}

type feed struct {
	changed   map[string]int // user → transaction; at most 2 × store.ChangesKept
	forgotten int            // the last transaction of which something is forgotten
}

func newFeeds() feeds { return feeds{opened: rand.Text(), byName: map[string]*feed{}} }

// record notes, in the transaction that changes it, that a user's record changes.
func (f *feeds) record(tx *bbolt.Tx, name, userID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.byName[name]
	if of == nil {
		of = &feed{changed: map[string]int{}}
		f.byName[name] = of
	}
	of.changed[userID] = tx.ID()
	if len(of.changed) >= 2*store.ChangesKept {
		of.forget()
	}
}

// forget keeps the latest changes. Those of one transaction stay or go together.
func (f *feed) forget() {
	var transactions []int
	for _, transaction := range f.changed {
		transactions = append(transactions, transaction)
	}
	slices.Sort(transactions)
	f.forgotten = transactions[len(transactions)-store.ChangesKept] - 1
	for id, transaction := range f.changed {
		if transaction <= f.forgotten {
			delete(f.changed, id)
		}
	}
}

func (f *feeds) changes(name string, since store.Version, now int) store.Changes {
	changes := store.Changes{Version: store.Version(f.opened + separator + strconv.Itoa(now))}
	opened, number, _ := strings.Cut(string(since), separator)
	from, err := strconv.Atoi(number)
	if err != nil || opened != f.opened {
		return changes
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.byName[name]
	if of == nil {
		of = &feed{}
	}
	changes.Complete = from >= of.forgotten
	for id, transaction := range of.changed {
		if changes.Complete && from < transaction {
			changes.IDs = append(changes.IDs, id)
		}
	}
	return changes
}

// MembershipChanges implements store.Feeds.
func (s *Store) MembershipChanges(ctx context.Context, tenantID string, since store.Version) (changes store.Changes, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		changes = s.membershipFeeds.changes(tenantID, since, tx.ID())
		return nil
	})
	return changes, err
}

// UserChanges implements store.Feeds.
func (s *Store) UserChanges(ctx context.Context, accountID string, since store.Version) (changes store.Changes, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		changes = s.userFeeds.changes(accountID, since, tx.ID())
		return nil
	})
	return changes, err
}
