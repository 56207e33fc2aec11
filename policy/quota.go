package policy

import (
	"errors"
	"fmt"
	"slices"
)

// MaxTokensPerMinute is the highest quota of an access key or a tenant (R36). Beyond it, a quota would limit nothing that a server can do.
const MaxTokensPerMinute = 1_000_000

var (
	// ErrInvalidQuota refuses a quota that is out of range.
	ErrInvalidQuota = fmt.Errorf("tokens_per_minute must be between 1 and %d; for no quota leave it out, or take it away with null",
		MaxTokensPerMinute)
	// ErrOwnFence refuses to loosen the access key that the actor acts with (R33).
	ErrOwnFence = errors.New("an access key can't loosen its own fences: use another one, or the console")
)

// CheckTokensPerMinute returns ErrInvalidQuota unless it is a quota; 0 is none.
func CheckTokensPerMinute(quota int) error {
	if quota < 0 || quota > MaxTokensPerMinute {
		return ErrInvalidQuota
	}
	return nil
}

// Loosens says whether the quota after allows more than the one before; 0 is none and allows everything.
func Loosens(before, after int) bool { return before != 0 && (after == 0 || after > before) }

// WithTokensPerMinute returns the membership with another quota of the access key; 0 is none.
func (m Membership) WithTokensPerMinute(clientID string, quota int) (Membership, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, ErrKeyNotFound
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i].TokensPerMinute = quota
	return m, nil
}
