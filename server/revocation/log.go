package revocation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

// Log is what this replica knows of revoked tokens. Every replica follows the store's log of revocations; one that this replica
// records takes effect here at once. Its methods may be called from many goroutines.
type Log struct {
	// Confirm is asked before anything is written again into a store that has lost it; an error means that this is not the same store. It
	// may be nil.
	Confirm func(context.Context) error

	stored  store.Revocations
	archive Archive
	syncing sync.Mutex // one reader of the log at a time, so that after only moves forward

	mu      sync.RWMutex
	synced  bool   // the log was read to the end at least once
	after   string // the last revocation read
	indexes map[uint64]time.Time
	jtis    map[string]time.Time         // both: until when the revocation matters
	changed chan struct{}                // closed and replaced at every new revocation
	logged  map[revoked]time.Time        // what was read from the log, until when each matters
	rows    []store.Revocation           // what was read from the log and still matters, in its order
	known   map[revoked]store.Revocation // all that still matters, wherever this server heard of it
	history int                          // how often the log was read from the start again
	rewrite bool                         // the store may lack some of known and archived
	// archived holds the indexes that have ended for good, by list, as far as this server has read the archive.
	archived map[uint64]*tokens.StatusList

	// recording keeps the request that revoked a key and the outbox from recording the same indexes at the same time.
	recording [32]sync.Mutex // by what is revoked first
}

// revoked is what a revocation is of: a status index, or a single token.
type revoked struct {
	index uint64
	jti   string
}

func of(r store.Revocation) revoked { return revoked{r.Index, r.TokenID} }

// lock returns the lock under which to record what is revoked.
func (l *Log) lock(what revoked) *sync.Mutex {
	place := what.index
	for _, char := range []byte(what.jti) {
		place = place*31 + uint64(char)
	}
	return &l.recording[place%uint64(len(l.recording))]
}

// NewLog returns a log that follows the stored one, and keeps in documents which indexes have ended. It has read nothing yet: see Sync and
// Ensure.
func NewLog(stored store.Revocations, documents store.Documents) *Log {
	return &Log{
		stored: stored, archive: Archive{documents},
		indexes: map[uint64]time.Time{}, jtis: map[string]time.Time{}, logged: map[revoked]time.Time{},
		changed: make(chan struct{}), known: map[revoked]store.Revocation{}, archived: map[uint64]*tokens.StatusList{},
	}
}

const batch = 1000

// Sync reads what is new in the log. Where the place is lost up to which this server has read, because the history of the store went back,
// it reads from the start, and records again what the store has lost. It forgets nothing that it knows as ended.
func (l *Log) Sync(ctx context.Context) error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if err := l.read(ctx); err != nil {
		return err
	}
	l.mu.RLock()
	rewrite, history := l.rewrite, l.history
	l.mu.RUnlock()
	if !rewrite {
		return nil
	}
	if l.Confirm != nil {
		if err := l.Confirm(ctx); err != nil {
			return err
		}
	}
	if err := l.restore(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	l.rewrite = l.history != history // begun again meanwhile
	l.mu.Unlock()
	return l.read(ctx)
}

// StartOver makes the next Sync read the log from the start and record again what the store lacks. Call it when the history of the store is
// another one.
func (l *Log) StartOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.startOver()
}

func (l *Log) startOver() {
	l.after, l.rows, l.rewrite = "", nil, true
	clear(l.logged)
	l.history++
}

// History counts how often the log was read from the start again: a position from before means nothing any more.
func (l *Log) History() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.history
}

// restore records what this server knows as ended and the store does not have.
func (l *Log) restore(ctx context.Context) error {
	l.mu.RLock()
	lost := l.lacking(slices.Collect(maps.Values(l.known)))
	ended := map[uint64]*tokens.StatusList{}
	for list, bits := range l.archived {
		if !bits.AllValid() {
			ended[list] = new(tokens.StatusList)
			ended[list].Add(bits)
		}
	}
	l.mu.RUnlock()
	slices.SortFunc(lost, func(a, b store.Revocation) int { return a.At.Compare(b.At) })
	for some := range slices.Chunk(lost, batch) {
		if err := l.stored.RecordRevocations(ctx, some...); err != nil {
			return err
		}
	}
	for list, bits := range ended {
		if err := l.archive.merge(ctx, list, bits); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) read(ctx context.Context) error {
	for {
		l.mu.RLock()
		after, history := l.after, l.history
		l.mu.RUnlock()
		fresh, err := l.stored.Revocations(ctx, after, batch)
		if errors.Is(err, store.ErrPositionLost) && after != "" {
			l.StartOver()
			continue
		}
		if err != nil {
			return err
		}
		if l.History() != history { // StartOver was called meanwhile
			continue
		}
		if len(fresh) > 0 {
			l.noteLogged(fresh)
			l.apply(fresh)
			after = fresh[len(fresh)-1].ID
		}
		atEnd := len(fresh) < batch
		l.mu.Lock()
		if l.history == history {
			l.after, l.synced = after, l.synced || atEnd
		}
		l.mu.Unlock()
		if atEnd {
			return nil
		}
	}
}

// Ensure reads the log if it has never been read: a server that has just started must not accept a token that was revoked earlier.
func (l *Log) Ensure(ctx context.Context) error {
	l.mu.RLock()
	synced := l.synced
	l.mu.RUnlock()
	if synced {
		return nil
	}
	return l.Sync(ctx)
}

// RecordOnce adds the revocations to the log that it does not have yet, or has for a shorter time: a client may revoke one token any number
// of times. They take effect here at once, even if the log is unreachable. Two servers that read the log at the same moment may both record
// them, which does no harm.
func (l *Log) RecordOnce(ctx context.Context, revocations ...store.Revocation) error {
	if len(revocations) == 0 {
		return nil
	}
	l.apply(revocations)
	lock := l.lock(of(revocations[0]))
	lock.Lock()
	defer lock.Unlock()
	if err := l.Sync(ctx); err != nil {
		return err
	}
	missing := l.unlogged(revocations)
	if len(missing) == 0 {
		return nil
	}
	if err := l.stored.RecordRevocations(ctx, missing...); err != nil {
		return err
	}
	return l.Sync(ctx) // so that those who follow see it at once
}

func (l *Log) noteLogged(revocations []store.Revocation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range revocations {
		l.logged[of(r)] = latest(l.logged[of(r)], r.Until)
	}
	l.rows = append(l.rows, revocations...)
}

// Rows returns what was read from the stored log after the given ID, empty for the start, and still matters, and what History was. The
// caller must not change it.
func (l *Log) Rows(afterID string) (rows []store.Revocation, history int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	from := sort.Search(len(l.rows), func(i int) bool { return l.rows[i].ID > afterID })
	return l.rows[from:len(l.rows):len(l.rows)], l.history
}

// Has says whether the very revocation with that ID is among those that still matter.
func (l *Log) Has(id string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, found := slices.BinarySearchFunc(l.rows, id, func(r store.Revocation, id string) int { return strings.Compare(r.ID, id) })
	return found
}

func (l *Log) unlogged(revocations []store.Revocation) (missing []store.Revocation) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.lacking(revocations)
}

func (l *Log) lacking(revocations []store.Revocation) (missing []store.Revocation) {
	for _, r := range revocations {
		if l.logged[of(r)].Before(r.Until) {
			missing = append(missing, r)
		}
	}
	return missing
}

func (l *Log) apply(revocations []store.Revocation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range revocations {
		if before, ok := l.known[of(r)]; !ok || before.Until.Before(r.Until) {
			l.known[of(r)] = r
		}
		if r.Index != 0 {
			l.indexes[r.Index] = latest(l.indexes[r.Index], r.Until)
		}
		if r.TokenID != "" {
			l.jtis[r.TokenID] = latest(l.jtis[r.TokenID], r.Until)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Forget drops what matters to no living token any more, here and in the log. Indexes that have ended go into the archive first.
func (l *Log) Forget(ctx context.Context, now time.Time) error {
	if err := l.Sync(ctx); err != nil {
		return err
	}
	over := func(r store.Revocation) bool { return r.Until.Before(now) }
	var ended []uint64
	l.mu.RLock()
	for _, row := range l.rows {
		if over(row) && row.Index != 0 {
			ended = append(ended, row.Index)
		}
	}
	l.mu.RUnlock()
	if err := l.archive.Add(ctx, ended); err != nil {
		return err
	}
	l.mu.Lock()
	for _, index := range ended {
		l.archivedList(index / tokens.StatusListSize).Revoke(index % tokens.StatusListSize)
	}
	maps.DeleteFunc(l.known, func(_ revoked, r store.Revocation) bool { return over(r) })
	maps.DeleteFunc(l.indexes, func(_ uint64, until time.Time) bool { return until.Before(now) })
	maps.DeleteFunc(l.logged, func(_ revoked, until time.Time) bool { return until.Before(now) })
	maps.DeleteFunc(l.jtis, func(_ string, until time.Time) bool { return until.Before(now) })
	l.rows = slices.DeleteFunc(slices.Clone(l.rows), over) // a copy: others may be reading the old one
	l.mu.Unlock()
	return l.stored.ForgetRevocations(ctx, now)
}

// Revoked reports whether a token is known to be revoked, by its jti or by the status index of the secret that it was issued for; 0 means
// none.
func (l *Log) Revoked(jti string, index uint64) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, byJTI := l.jtis[jti]
	_, byIndex := l.indexes[index]
	return byJTI || byIndex
}

// Ended says whether the index has ended: no token may be made with it, whatever the records say. Where the store has lost the end of an
// access key, the key stays ended by this.
func (l *Log) Ended(index uint64) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if _, ended := l.indexes[index]; ended {
		return true
	}
	list := l.archived[index/tokens.StatusListSize]
	return list != nil && list.Revoked(index%tokens.StatusListSize)
}

// archivedList must be called with the lock held.
func (l *Log) archivedList(list uint64) *tokens.StatusList {
	if l.archived[list] == nil {
		l.archived[list] = new(tokens.StatusList)
	}
	return l.archived[list]
}

// readArchive reads one list of the archive, and returns what this server knows as archived.
func (l *Log) readArchive(ctx context.Context, list uint64) (*tokens.StatusList, error) {
	ended, err := l.archive.List(ctx, list)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.archivedList(list)
	kept.Add(ended)
	ended.Add(kept)
	return ended, nil
}

// News returns a channel that is closed at the next revocation.
func (l *Log) News() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.changed
}

// Entries returns the revoked indexes of one status list, counted from its start, in order.
func (l *Log) Entries(list uint64) []uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var entries []uint64
	for index := range l.indexes {
		if index/tokens.StatusListSize == list {
			entries = append(entries, index%tokens.StatusListSize)
		}
	}
	slices.Sort(entries)
	return entries
}
