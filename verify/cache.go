package verify

import (
	"crypto/sha256"
	"sync"
	"time"
)

// verified is a token whose signature, type, issuer and audience have been found good.
type verified struct {
	claims Claims
	signer *signingKey
}

// cache remembers valid tokens by their digest, never by their text, so that a memory dump has no token.
type cache struct {
	size    int
	mu      sync.RWMutex
	entries map[[sha256.Size]byte]verified
}

func newCache(size int) *cache {
	return &cache{size: size, entries: make(map[[sha256.Size]byte]verified)}
}

// get finds a token that is signed with a key of the set. A token dies with the key that signed it.
func (c *cache) get(digest [sha256.Size]byte, keys *keySet) (verified, bool) {
	c.mu.RLock()
	entry, found := c.entries[digest]
	c.mu.RUnlock()
	if found && keys.keys[entry.signer.kid] != entry.signer {
		c.remove(digest)
		return verified{}, false
	}
	return entry, found
}

func (c *cache) remove(digest [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, digest)
}

// sample is how many entries are examined to find an expired one, when there is no room.
const sample = 8

func (c *cache) add(digest [sha256.Size]byte, entry verified, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= c.size {
		c.makeRoom(now)
	}
	if len(c.entries) < c.size {
		c.entries[digest] = entry
	}
}

// makeRoom drops what has expired among a few entries, or else one of them. The order of a map is random;
// a valid token that is dropped costs one more signature check.
func (c *cache) makeRoom(now time.Time) {
	var last [sha256.Size]byte
	seen := 0
	for digest, entry := range c.entries {
		if last = digest; !now.Before(entry.claims.ExpiresAt) {
			delete(c.entries, digest)
		}
		if seen++; seen == sample {
			break
		}
	}
	if len(c.entries) >= c.size {
		delete(c.entries, last)
	}
}
