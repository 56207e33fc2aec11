package revocation

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"mintkey/store"
	"mintkey/tokens"
)

const (
	// ListTTL is how long a gateway may cache a list. Together with the gateway's polling interval it adds up to the promised ten
	// seconds.
	ListTTL = 5 * time.Second
	// While the issuer is unreachable, a list stays valid for the lifetime of a token and listSlack.
	listSlack  = 5 * time.Minute
	listResign = listSlack / 2
)

// Lists signs the status lists and caches each until it changes or grows old. Once a list is known it is made from memory, so that gateways
// get it while the store is away. Its methods may be called from many goroutines.
type Lists struct {
	log       *Log
	indexes   *tokens.StatusIndexes
	ring      *tokens.KeyRing
	url       tokens.StatusListURL
	algorithm tokens.Algorithm
	lifetime  time.Duration // of tokens

	mu    sync.Mutex
	known map[uint64]*knownList
}

// NewLists returns the lists of the log, signed with the algorithm, for tokens with that lifetime.
func NewLists(
	log *Log, indexes *tokens.StatusIndexes, ring *tokens.KeyRing,
	url tokens.StatusListURL, algorithm tokens.Algorithm, lifetime time.Duration,
) *Lists {
	return &Lists{
		log: log, indexes: indexes, ring: ring, url: url, algorithm: algorithm, lifetime: lifetime, known: map[uint64]*knownList{},
	}
}

// knownList is a list that exists. Entries are only ever added to ended: an index that has ended stays so.
type knownList struct {
	ended tokens.StatusList // from the archive, and from the log, which forgets
	read  time.Time         // when the archive was read

	text    string // the signed document
	entries []uint64
	at      time.Time
}

func (l *knownList) fresh(entries []uint64, now time.Time) bool {
	age := now.Sub(l.at)
	return l.text != "" && age >= 0 && age < listResign && slices.Equal(l.entries, entries)
}

// Signed returns one list as a signed document (draft-ietf-oauth-status-list-21 section 5). It returns store.ErrNotFound if no index of
// the list was ever assigned. It asks the store only for a list that it does not know yet.
func (l *Lists) Signed(ctx context.Context, list uint64, now time.Time) (string, error) {
	if err := l.log.Ensure(ctx); err != nil {
		return "", err
	}
	entries := l.log.Entries(list)
	if !l.readSince(list, time.Time{}) {
		lists, err := l.indexes.Lists(ctx)
		if err != nil {
			return "", err
		}
		if !lists.Has(list) {
			return "", store.ErrNotFound
		}
		if err := l.read(ctx, list, now); err != nil { // after the entries: what the log forgets meanwhile is there
			return "", err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.known[list]
	if known.fresh(entries, now) {
		return known.text, nil
	}
	for _, entry := range entries {
		known.ended.Revoke(entry)
	}
	signed, err := l.ring.SignStatusList(now, l.algorithm, l.url.List(list), &known.ended, ListTTL, l.lifetime+listSlack)
	if err == nil {
		known.text, known.entries, known.at = signed, entries, now
	}
	return signed, err
}

// URLs are those of all lists, in the order of their numbers; while the store is away, of those that are known.
func (l *Lists) URLs(ctx context.Context) ([]string, error) {
	urls := []string{}
	lists, err := l.indexes.Lists(ctx)
	if err == nil {
		for list := range lists.Numbers() {
			urls = append(urls, l.url.List(list))
		}
		return urls, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) == 0 {
		return nil, err
	}
	for _, list := range slices.Sorted(maps.Keys(l.known)) {
		urls = append(urls, l.url.List(list))
	}
	return urls, nil
}

// RefreshEvery is how often Refresh should be called. The log keeps an entry at least twice as long, so that none is missed.
const RefreshEvery = 30 * time.Second

// Refresh keeps in memory what Signed needs: lists that were added, and what other servers have moved from the log to the archive.
// Where the store is away, what is known goes on being served.
func (l *Lists) Refresh(ctx context.Context, now time.Time) error {
	l.keepEntries()
	lists, err := l.indexes.Lists(ctx)
	if err != nil {
		return err
	}
	for list := range lists.Numbers() {
		if l.readSince(list, now.Add(-listResign)) {
			continue
		}
		if err := l.read(ctx, list, now); err != nil {
			return err
		}
	}
	return nil
}

// keepEntries takes over what is in the log, before it is forgotten there.
func (l *Lists) keepEntries() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for list, known := range l.known {
		for _, entry := range l.log.Entries(list) {
			known.ended.Revoke(entry)
		}
	}
}

func (l *Lists) readSince(list uint64, since time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.known[list]
	return known != nil && known.read.After(since)
}

// read adds what the archive has of a list that exists.
func (l *Lists) read(ctx context.Context, list uint64, now time.Time) error {
	ended, err := l.log.readArchive(ctx, list)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.known[list]
	if known == nil {
		known = &knownList{}
		l.known[list] = known
	}
	known.ended.Add(ended)
	known.read = now
	return nil
}
