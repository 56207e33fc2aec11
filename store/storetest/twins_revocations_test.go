package storetest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mintkey/store"
)

func revocationTwins() []twin {
	log := &numberedEarly{laterRead: make(chan struct{})}
	return []twin{
		{"revocations are kept in order", "loses the jti", func(s store.Store) store.Store { return losesTokenID{s} }},
		{"revocations are kept in order", "sorts by time", func(s store.Store) store.Store { return sortsByTime{s} }},
		{"revocations in pages", "numbers without leading zeros", func(s store.Store) store.Store { return numbersByPlace{s, "%d"} }},
		{"revocations in pages", "ignores where to begin", func(s store.Store) store.Store { return beginsAgain{s} }},
		{"revocations are forgotten after their time", "never forgets", func(s store.Store) store.Store { return neverForgets{s} }},
		{"revocations are forgotten after their time", "forgets too early", func(s store.Store) store.Store { return forgetsEarly{s} }},
		{"revocations are forgotten after their time", "forgets the last", func(s store.Store) store.Store { return forgetsLast{s} }},
		{"positions among revocations are exact", "reads the number alone", func(s store.Store) store.Store { return readsNumber{s} }},
		{"revocations are forgotten after their time", "numbers by place", func(s store.Store) store.Store { return numbersByPlace{s, "%016d"} }},
		{"revocation IDs increase across reopening", "numbers by place", func(s store.Store) store.Store { return numbersByPlace{s, "%016d"} }},
		{"race of revocations hides none from who follows", "numbers before it writes", func(s store.Store) store.Store {
			return numbersEarly{s, log}
		}},
	}
}

type losesTokenID struct{ store.Store }

func (b losesTokenID) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	for i := range revocations {
		revocations[i].TokenID = ""
	}
	return b.Store.RecordRevocations(ctx, revocations...)
}

type sortsByTime struct{ store.Store }

func (b sortsByTime) RecordRevocations(ctx context.Context, revocations ...store.Revocation) error {
	slices.SortFunc(revocations, func(x, y store.Revocation) int { return x.At.Compare(y.At) })
	return b.Store.RecordRevocations(ctx, revocations...)
}

// numbersByPlace takes the place of a revocation among those that are left for its ID.
type numbersByPlace struct {
	store.Store
	format string
}

func (b numbersByPlace) Revocations(ctx context.Context, afterID string, limit int) ([]store.Revocation, error) {
	all, err := b.Store.Revocations(ctx, "", 1000)
	for i := range all {
		all[i].ID = fmt.Sprintf(b.format, i+1)
	}
	return after(all, afterID, limit), err
}

func after(all []store.Revocation, id string, limit int) []store.Revocation {
	var found []store.Revocation
	for _, r := range all {
		if r.ID > id && len(found) < limit {
			found = append(found, r)
		}
	}
	return found
}

type beginsAgain struct{ store.Store }

func (b beginsAgain) Revocations(ctx context.Context, _ string, limit int) ([]store.Revocation, error) {
	return b.Store.Revocations(ctx, "", limit)
}

type neverForgets struct{ store.Store }

func (neverForgets) ForgetRevocations(context.Context, time.Time) error { return nil }
func (neverForgets) ForgetEphemera(context.Context, time.Time) error    { return nil }

type forgetsEarly struct{ store.Store }

func (b forgetsEarly) ForgetRevocations(ctx context.Context, now time.Time) error {
	return b.Store.ForgetRevocations(ctx, now.Add(time.Nanosecond))
}

// forgetsLast shows nothing once all that there is was to be forgotten.
type forgetsLast struct{ store.Store }

func (b forgetsLast) Revocations(ctx context.Context, afterID string, limit int) ([]store.Revocation, error) {
	found, err := b.Store.Revocations(ctx, afterID, limit)
	if len(found) == 1 && afterID == "" {
		found = nil
	}
	return found, err
}

// readsNumber takes the place by its number, as if there were one history only.
type readsNumber struct{ store.Store }

func (b readsNumber) Revocations(ctx context.Context, afterID string, limit int) ([]store.Revocation, error) {
	all, err := b.Store.Revocations(ctx, "", 1000)
	all = slices.DeleteFunc(all, func(r store.Revocation) bool {
		return store.RevocationNumber(r.ID) <= store.RevocationNumber(afterID)
	})
	return all[:min(limit, len(all))], err
}

// numbersEarly takes a number in one step and writes in a second, so that a low one can come after a higher one was read.
type numbersEarly struct {
	store.Store
	log *numberedEarly
}

type numberedEarly struct {
	mu        sync.Mutex
	next      int
	all       []store.Revocation
	laterRead chan struct{} // closed when something was read; until then the first number is not written
	read      sync.Once
}

func (b numbersEarly) RecordRevocations(_ context.Context, revocations ...store.Revocation) error {
	b.log.mu.Lock()
	first := b.log.next
	b.log.next += len(revocations)
	b.log.mu.Unlock()
	if first == 0 {
		<-b.log.laterRead
	}
	b.log.mu.Lock()
	defer b.log.mu.Unlock()
	for i, r := range revocations {
		r.ID = fmt.Sprintf("%016d", first+i)
		b.log.all = append(b.log.all, r)
	}
	slices.SortFunc(b.log.all, func(x, y store.Revocation) int { return strings.Compare(x.ID, y.ID) })
	return nil
}

func (b numbersEarly) Revocations(_ context.Context, afterID string, limit int) ([]store.Revocation, error) {
	b.log.mu.Lock()
	defer b.log.mu.Unlock()
	found := after(b.log.all, afterID, limit)
	if len(found) > 0 {
		b.log.read.Do(func() { close(b.log.laterRead) })
	}
	return found, nil
}
