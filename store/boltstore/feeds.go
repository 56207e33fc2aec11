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

// feeds remember which users were changed, and in which transaction, by tenant or account. They are not stored:
// only one process has the file open, and its copies of records end with it.
//
// A version is the number of a transaction. A change is noted before its transaction commits, so a reader at a version finds all of them
// here. A transaction that is rolled back leaves its notes under a number that the next one reuses, so a reader may load a record
// that hasn't changed; that is the only cost.
type feeds struct {
	opened string // distinguishes these versions from those of an earlier open
	mu     sync.Mutex
	byName map[string]*feed
}

type feed struct {
	changed   map[string]int // user → transaction; at most 2 × store.ChangesKept
	forgotten int            // the last transaction with a change that was dropped
}

func newFeeds() feeds { return feeds{opened: rand.Text(), byName: map[string]*feed{}} }

// record notes that a user's record changes, within the transaction that changes it.
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

// forget keeps the latest changes. Those of one transaction are kept or dropped together.
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
