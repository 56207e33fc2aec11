package policy

import (
	"slices"
	"time"
)

// LeakedReason is the reason of a suspension that nobody chose: a secret of the key was reported as leaked (R35).
const LeakedReason = "leaked"

// LeakEffect says what a report that a secret has leaked did to its access key (R35).
type LeakEffect string

// The effects of a report.
const (
	LeakChangesNothing LeakEffect = ""
	// LeakStopsKey suspends the key, until a refresh without overlap.
	LeakStopsKey LeakEffect = "suspended"
	// LeakEndsOverlap ends the overlap in which the secret still worked, and the tokens that the secret made.
	LeakEndsOverlap LeakEffect = "overlap_ended"
)

// LeakEffectOf is what a report of the secret with the digest does to the key now. A secret that the key no longer has, or that has ended,
// opens nothing: its report changes nothing. Whether owner and tenant can do anything now is not asked: a secret that leaked while they
// were disabled would work again with them.
func (k AccessKey) LeakEffectOf(digest Digest, p ExpirationPolicy, now time.Time) LeakEffect {
	if k.Status(p, now) == StatusExpired {
		return LeakChangesNothing
	}
	effect := LeakChangesNothing
	for i, secret := range k.Secrets { // each compared, as in MatchSecret
		switch {
		case !secret.Digest.Equal(digest) || Expired(secret.Ends(p), now):
		case i > 0:
			effect = LeakEndsOverlap
		case !k.Leaked:
			effect = LeakStopsKey
		}
	}
	return effect
}

// WithLeakedSecret returns the membership after a report that the secret with the digest has leaked, and what the report did to the key
// (R35). A key that is suspended already stays so in the name of whoever did it, but can't be resumed without a refresh any more.
func (m Membership) WithLeakedSecret(
	clientID string, digest Digest, p ExpirationPolicy, now time.Time,
) (Membership, LeakEffect, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, LeakChangesNothing, nil
	}
	effect := m.Keys[i].LeakEffectOf(digest, p, now)
	switch effect {
	case LeakEndsOverlap:
		m, err := m.WithoutOverlap(clientID, Refresh{EndTokens: true}, p, now)
		return m, effect, err
	case LeakChangesNothing:
	case LeakStopsKey:
		m.Keys = slices.Clone(m.Keys)
		key := &m.Keys[i]
		key.Leaked = true
		if !key.IsSuspended() {
			key.Suspended, key.SuspendedAs = Suspension{At: now, Reason: LeakedReason}, ""
		}
	}
	return m, effect, nil
}

// StoppedByLeak says whether the report of a leak alone suspends the key, and nobody besides.
func (k AccessKey) StoppedByLeak() bool { return k.Leaked && k.Suspended.By == "" }

// recovered returns the key after a refresh without overlap, which gave it a secret that has not leaked. What the leak stopped works again;
// what somebody suspended stays suspended. The tokens from before stay dead.
func (k AccessKey) recovered() AccessKey {
	if k.StoppedByLeak() {
		k.Suspended, k.SuspendedAs, k.Replaced = Suspension{}, "", nil
	}
	k.Leaked = false
	return k
}
