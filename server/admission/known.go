package admission

import (
	"hash/maphash"
	"strings"
	"sync"
)

// knownSize is how many credentials each half of Known holds.
const knownSize = 16 << 10

// Known remembers which lane credentials belong to, as far as memory goes: what was not used for long is forgotten. It keeps a keyed hash
// and never the credentials. The zero value is not ready: use NewKnown. Its methods may be called from many goroutines.
type Known struct {
	seed maphash.Seed

	mu            sync.RWMutex
	recent, older map[uint64]string
}

// NewKnown returns an empty Known.
func NewKnown() *Known { return &Known{seed: maphash.MakeSeed(), recent: map[uint64]string{}} }

// Credentials is a keyed hash of what a request authenticates with.
type Credentials uint64

// Of returns the hash of credentials.
func (k *Known) Of(text string) Credentials { return Credentials(maphash.String(k.seed, text)) }

// OfBytes is Of for bytes.
func (k *Known) OfBytes(text []byte) Credentials { return Credentials(maphash.Bytes(k.seed, text)) }

// Lane returns the lane of credentials that were good before.
func (k *Known) Lane(c Credentials) (lane string, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if lane, ok = k.recent[uint64(c)]; !ok {
		lane, ok = k.older[uint64(c)]
	}
	return lane, ok
}

// Learn remembers the lane of credentials that have just been good. Its name comes in two parts, so that nothing is allocated for one that
// is known.
func (k *Known) Learn(c Credentials, prefix, name string) {
	k.mu.RLock()
	known, found := strings.CutPrefix(k.recent[uint64(c)], prefix)
	k.mu.RUnlock()
	if found && known == name {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.recent) >= knownSize {
		k.older, k.recent = k.recent, map[uint64]string{}
	}
	k.recent[uint64(c)] = prefix + name
}
