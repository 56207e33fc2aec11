package verify

import (
	"sync"
	"time"
)

// revocation is what the stream says of one (Mintkey's own format): a single token by its jti, or all that have one entry in a status list.
type revocation struct {
	ID    string  `json:"jti"`
	Index *uint64 `json:"idx"`
	URI   string  `json:"uri"`
	Until int64   `json:"exp"` // when the last token concerned is dead anyway, in seconds since 1970
}

// pushed holds the revocations that the stream brought, until they do not matter any more. A status list that is a little older than one of
// them cannot take it back.
type pushed struct {
	mu       sync.RWMutex
	tokens   map[string]time.Time // by jti
	entries  map[StatusReference]time.Time
	tidiedAt time.Time
}

func newPushed() *pushed {
	return &pushed{tokens: make(map[string]time.Time), entries: make(map[StatusReference]time.Time)}
}

func (p *pushed) revoked(claims Claims) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if _, revoked := p.tokens[claims.ID]; revoked {
		return true
	}
	if claims.Status == nil {
		return false
	}
	_, revoked := p.entries[*claims.Status]
	return revoked
}

// tidyEvery is how often revocations are dropped whose time has passed.
const tidyEvery = time.Minute

func (p *pushed) add(r revocation, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Unix(r.Until, 0)
	if r.ID != "" {
		p.tokens[r.ID] = until
	}
	if r.Index != nil {
		p.entries[StatusReference{*r.Index, r.URI}] = until
	}
	if now.Sub(p.tidiedAt) > tidyEvery {
		p.tidiedAt = now
		tidy(p.tokens, now)
		tidy(p.entries, now)
	}
}

func tidy[K comparable](revocations map[K]time.Time, now time.Time) {
	for key, until := range revocations {
		if now.After(until) {
			delete(revocations, key)
		}
	}
}
