package tokens

import (
	"crypto/sha256"
	"slices"
	"sync"
)

// maxVerified bounds what verifiedTokens remembers: about 5 MB.
const maxVerified = 10_000

// verifiedTokens remembers tokens whose signature was good, so that a token that comes with every request is verified once. It knows tokens by
// their digest. Times and revocation are judged anew each time; a change of the signing keys forgets all.
type verifiedTokens struct {
	mu     sync.Mutex
	keys   *keySet // under which the signatures were good
	claims map[[sha256.Size]byte]Claims
}

func digestOf(token, typ string) [sha256.Size]byte { return sha256.Sum256([]byte(typ + " " + token)) }

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
		delete(v.claims, other) // whichever comes first: a token that is still used comes back
	}
	v.claims[digest] = claims.clone()
}

// clone shares no memory that the caller may change.
func (c Claims) clone() Claims {
	c.Audience, c.Methods = slices.Clone(c.Audience), slices.Clone(c.Methods)
	if c.Status != nil {
		status := *c.Status
		c.Status = &status
	}
	return c
}
