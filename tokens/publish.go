package tokens

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/MicahParks/jwkset"
)

// State is the stage of a signing key's life at a given time.
type State string

// The states, in the order in which a signing key goes through them.
const (
	Next    State = "next"    // published; signs later
	Active  State = "active"  // signs
	Retired State = "retired" // published while tokens that it signed may be alive
)

// SigningKeyInfo is the public part of a signing key.
type SigningKeyInfo struct {
	KID        string    `json:"kid"` // the key's thumbprint (RFC 7638)
	Algorithm  Algorithm `json:"algorithm"`
	State      State     `json:"state"`
	CreatedAt  time.Time `json:"created_at"`
	ActiveFrom time.Time `json:"active_from"`
	PublicPEM  string    `json:"public_pem"` // for gateways that read no JWKS
}

// SigningKeys lists the signing keys published at now: by the names of their algorithms, then in the order in which they sign.
func (r *KeyRing) SigningKeys(now time.Time) []SigningKeyInfo {
	var infos []SigningKeyInfo
	for _, line := range r.published(now) {
		for i, key := range line {
			infos = append(infos, SigningKeyInfo{
				KID:        key.kid,
				Algorithm:  key.algorithm,
				State:      line.state(i, now),
				CreatedAt:  key.createdAt,
				ActiveFrom: key.activeFrom,
				PublicPEM:  key.publicPEM,
			})
		}
	}
	return infos
}

// JWKS is the JWK Set (RFC 7517 section 5) of the signing keys that are published at now. It has no private members.
func (r *KeyRing) JWKS(now time.Time) ([]byte, error) {
	var set jwkset.JWKSMarshal
	for _, line := range r.published(now) {
		for _, key := range line {
			set.Keys = append(set.Keys, key.jwk)
		}
	}
	return json.Marshal(set)
}

func (r *KeyRing) published(now time.Time) []timeline {
	byAlgorithm := r.current.Load().byAlgorithm
	var lines []timeline
	for _, algorithm := range slices.Sorted(maps.Keys(byAlgorithm)) {
		lines = append(lines, byAlgorithm[algorithm].living(now, time.Duration(r.longest.Load())))
	}
	return lines
}

// SigningKeyTimes says when the key that signs for an algorithm began, and when the next one takes over.
type SigningKeyTimes struct {
	Algorithm  Algorithm
	ActiveFrom time.Time
	Rotates    time.Time // zero if keys are replaced by hand only, or no setting of this server names the algorithm any more
}

// Times returns those of each algorithm, by name.
func (r *KeyRing) Times(now time.Time) (times []SigningKeyTimes) {
	lines := r.published(now)
	for _, line := range lines {
		if len(line) == 0 {
			continue
		}
		active := line.active(now)
		key := line[max(active, 0)]
		found := SigningKeyTimes{Algorithm: key.algorithm, ActiveFrom: key.activeFrom}
		switch {
		case active+1 < len(line):
			found.Rotates = line[active+1].activeFrom
		case r.options.RotateEvery > 0 && slices.Contains(r.options.Algorithms, key.algorithm):
			found.Rotates = key.activeFrom.Add(r.options.RotateEvery)
		}
		times = append(times, found)
	}
	return times
}
