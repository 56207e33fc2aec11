package revocation

import (
	"context"
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

// Lists signs the status lists and caches each until it changes or grows old. Its methods may be called from many goroutines.
type Lists struct {
	log       *Log
	indexes   *tokens.StatusIndexes
	ring      *tokens.KeyRing
	url       tokens.StatusListURL
	algorithm tokens.Algorithm
	lifetime  time.Duration // of tokens

	mu     sync.Mutex
	signed map[uint64]signedList
}

// NewLists returns the lists of the log, signed with the algorithm, for tokens with that lifetime.
func NewLists(
	log *Log, indexes *tokens.StatusIndexes, ring *tokens.KeyRing,
	url tokens.StatusListURL, algorithm tokens.Algorithm, lifetime time.Duration,
) *Lists {
	return &Lists{
		log: log, indexes: indexes, ring: ring, url: url, algorithm: algorithm, lifetime: lifetime, signed: map[uint64]signedList{},
	}
}

type signedList struct {
	text    string
	entries []uint64
	at      time.Time
}

func (l signedList) fresh(entries []uint64, now time.Time) bool {
	age := now.Sub(l.at)
	return l.text != "" && age >= 0 && age < listResign && slices.Equal(l.entries, entries)
}

// Signed returns one list as a signed document (draft-ietf-oauth-status-list-21 section 5). It returns store.ErrNotFound if no index of
// the list was ever assigned.
func (l *Lists) Signed(ctx context.Context, list uint64, now time.Time) (string, error) {
	if err := l.log.Ensure(ctx); err != nil {
		return "", err
	}
	entries := l.log.Entries(list)
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.signed[list]; known.fresh(entries, now) {
		return known.text, nil
	}
	count, err := l.indexes.Count(ctx)
	if err != nil {
		return "", err
	}
	if list > count/tokens.StatusListSize {
		return "", store.ErrNotFound
	}
	bits, err := l.log.archive.List(ctx, list) // after the entries: what the log forgets meanwhile is there
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		bits.Revoke(entry)
	}
	signed, err := l.ring.SignStatusList(now, l.algorithm, l.url.List(list), bits, ListTTL, l.lifetime+listSlack)
	if err == nil {
		l.signed[list] = signedList{signed, entries, now}
	}
	return signed, err
}
