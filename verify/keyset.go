package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
)

// signingKey is the public part of one signing key of the issuer, and the one algorithm that it is for.
type signingKey struct {
	kid       string
	algorithm string
	public    crypto.PublicKey
}

// keySet is what the issuer has published at one time. It never changes.
type keySet struct {
	metadata metadata
	keys     map[string]*signingKey // by kid
}

// minRSABits is the least that RFC 7518 section 3.3 allows.
const minRSABits = 2048

// jwks is a JWK Set whose keys are looked at one by one: a member of the wrong type in one of them must not cost us the others.
type jwks struct {
	Keys []json.RawMessage `json:"keys"`
}

// newKeySet takes from a JWK Set (RFC 7517 section 5) what can verify a signature with one of the algorithms, and leaves the rest.
// A key that was in the set before is the same pointer again, so that pointers tell whether a key has gone.
func newKeySet(found metadata, published jwks, algorithms []string, before *keySet) (*keySet, error) {
	set := &keySet{metadata: found, keys: make(map[string]*signingKey)}
	for _, text := range published.Keys {
		var jwk jwkset.JWKMarshal
		if json.Unmarshal(text, &jwk) != nil || set.keys[jwk.KID] != nil { // an ambiguous kid stays with the first
			continue
		}
		key, err := newSigningKey(jwk, algorithms)
		if err != nil {
			continue // a kind that is not for us must not cost us the others
		}
		if old := before.keys[key.kid]; old != nil && old.equal(key) {
			key = old
		}
		set.keys[key.kid] = key
	}
	if len(set.keys) == 0 {
		return nil, fmt.Errorf("no key at %s can be used", found.JWKSURI)
	}
	return set, nil
}

func newSigningKey(jwk jwkset.JWKMarshal, algorithms []string) (*signingKey, error) {
	algorithm := algorithmNamed(jwk.ALG.String())
	jwk.ALG = jwkset.ALG(algorithm)
	if jwk.KID == "" || !slices.Contains(algorithms, algorithm) || jwk.USE != "" && jwk.USE != jwkset.UseSig {
		return nil, errors.New("it is not for signatures that are allowed here")
	}
	parsed, err := jwkset.NewJWKFromMarshal(jwk, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return nil, err
	}
	if !fits(algorithm, parsed.Key()) {
		return nil, fmt.Errorf("it is no key for %s", algorithm)
	}
	return &signingKey{jwk.KID, algorithm, parsed.Key()}, nil
}

func fits(algorithm string, public crypto.PublicKey) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return algorithm == "ES256" && public.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return algorithm == "RS256" && public.N.BitLen() >= minRSABits
	case ed25519.PublicKey:
		return algorithm == nameOfRFC8037
	default:
		return false
	}
}

func (k *signingKey) equal(other *signingKey) bool {
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.algorithm == other.algorithm && public.Equal(other.public)
}
