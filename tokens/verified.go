package tokens

import (
	"crypto/sha256"
	"slices"
	"sync"
)

// maxVerified bounds the cache: about 5 MB.
const maxVerified = 10_000

// verifiedTokens caches tokens whose signature was good, by their digest, so that a token that comes with every request is verified once.
// Times and revocation are checked on every use; the cache is cleared when the signing keys change.
type verifiedTokens struct {
	mu     sync.Mutex
	keys   *keySet // with which the signatures were verified
	claims map[[sha256.Size]byte]Claims
}

func digestOf(token, typ string) [sha256.Size]byte {
	var short [1 << 10]byte // on the stack, where most tokens fit
	return sha256.Sum256(append(append(append(short[:0], typ...), ' '), token...))
}

func (v *verifiedTokens) find(digest [sha256.Size]byte, keys *keySet) (Claims, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != keys {
		return Claims{}, false
	}
	claims, found := v.claims[digest]
	return claims.clone(), found
}

func (v *verifiedTokens) remember(digest [sha256.Size]byte, keys *keySet, claims Claims) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != keys {
		v.keys, v.claims = keys, map[[sha256.Size]byte]Claims{}
	}
	for other := range v.claims {
		if len(v.claims) < maxVerified {
			break
		}
		delete(v.claims, other) // any one: a token that is still in use comes back
	}
	v.claims[digest] = claims.clone()
}

// clone is a copy that shares no memory which the caller may change.
func (c Claims) clone() Claims {
	c.Audience, c.Methods = slices.Clone(c.Audience), slices.Clone(c.Methods)
	if c.Status != nil {
		status := *c.Status
		c.Status = &status
	}
	return c
}
