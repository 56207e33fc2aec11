package server

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

// feed is what this replica knows of tokens that are dead before their time. Every replica follows the store's log of
// revocations; one that this replica records counts here at once.
type feed struct {
	log     store.Revocations
	syncing sync.Mutex // one reader of the log at a time, so that after only moves forward

	mu      sync.RWMutex
	synced  bool   // the log was read to its end at least once
	after   string // the last revocation read
	indexes map[uint64]time.Time
	jtis    map[string]time.Time // both: until when the revocation matters
	changed chan struct{}        // closed and replaced when something new has come
	logged  map[uint64]time.Time // the indexes that were read from the log, until when each matters

	// recording keeps two from recording the same indexes at the same time: the request that revoked them, and the outbox.
	recording [32]sync.Mutex // by the first index
}

func newFeed(log store.Revocations) *feed {
	return &feed{
		log: log, indexes: map[uint64]time.Time{}, jtis: map[string]time.Time{}, logged: map[uint64]time.Time{},
		changed: make(chan struct{}),
	}
}

const feedBatch = 1000

// sync reads what is new in the log.
func (f *feed) sync(ctx context.Context) error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	for {
		f.mu.RLock()
		after := f.after
		f.mu.RUnlock()
		fresh, err := f.log.Revocations(ctx, after, feedBatch)
		if err != nil {
			return err
		}
		if len(fresh) > 0 {
			f.apply(fresh)
			f.noteLogged(fresh)
			after = fresh[len(fresh)-1].ID
		}
		atEnd := len(fresh) < feedBatch
		f.mu.Lock()
		f.after, f.synced = after, f.synced || atEnd
		f.mu.Unlock()
		if atEnd {
			return nil
		}
	}
}

// ensure reads the log if it never was: a server that has just started must not believe a token that was revoked before.
func (f *feed) ensure(ctx context.Context) error {
	f.mu.RLock()
	synced := f.synced
	f.mu.RUnlock()
	if synced {
		return nil
	}
	return f.sync(ctx)
}

// record adds to the log and counts here at once, even when the log cannot be reached.
func (f *feed) record(ctx context.Context, revocations ...store.Revocation) error {
	if len(revocations) == 0 {
		return nil
	}
	f.apply(revocations)
	err := f.log.RecordRevocations(ctx, revocations...)
	f.apply(nil) // those who read the log find it there now
	return err
}

// recordOnce records those revocations by index that the log does not have yet, or has for a shorter time. Two servers that look at the log
// in the same moment can both find it without them and both record them, which does no harm.
func (f *feed) recordOnce(ctx context.Context, revocations ...store.Revocation) error {
	if len(revocations) == 0 {
		return nil
	}
	f.apply(revocations) // first, so that they count here even when the log cannot be reached
	lock := &f.recording[revocations[0].Index%uint64(len(f.recording))]
	lock.Lock()
	defer lock.Unlock()
	if err := f.sync(ctx); err != nil {
		return err
	}
	return f.record(ctx, f.unlogged(revocations)...)
}

func (f *feed) noteLogged(revocations []store.Revocation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range revocations {
		if r.Index != 0 {
			f.logged[r.Index] = latest(f.logged[r.Index], r.Until)
		}
	}
}

func (f *feed) unlogged(revocations []store.Revocation) (missing []store.Revocation) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, r := range revocations {
		if f.logged[r.Index].Before(r.Until) {
			missing = append(missing, r)
		}
	}
	return missing
}

func (f *feed) apply(revocations []store.Revocation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range revocations {
		if r.Index != 0 {
			f.indexes[r.Index] = latest(f.indexes[r.Index], r.Until)
		}
		if r.TokenID != "" {
			f.jtis[r.TokenID] = latest(f.jtis[r.TokenID], r.Until)
		}
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// forget drops what no living token can bear any more, here and in the log.
func (f *feed) forget(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	maps.DeleteFunc(f.indexes, func(_ uint64, until time.Time) bool { return until.Before(now) })
	maps.DeleteFunc(f.logged, func(_ uint64, until time.Time) bool { return until.Before(now) })
	maps.DeleteFunc(f.jtis, func(_ string, until time.Time) bool { return until.Before(now) })
	f.mu.Unlock()
	return f.log.ForgetRevocations(ctx, now)
}

// revoked says whether a token is known to be dead, by its jti or by the status index of the secret that made it; 0 is none.
func (f *feed) revoked(jti string, index uint64) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, byJTI := f.jtis[jti]
	_, byIndex := f.indexes[index]
	return byJTI || byIndex
}

// news is closed when something new has come.
func (f *feed) news() <-chan struct{} {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.changed
}

// entries returns the revoked indexes of one status list, counted from its start, in order.
func (f *feed) entries(list uint64) []uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var entries []uint64
	for index := range f.indexes {
		if index/tokens.StatusListSize == list {
			entries = append(entries, index%tokens.StatusListSize)
		}
	}
	slices.Sort(entries)
	return entries
}
