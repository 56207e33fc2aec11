package store

import (
	"fmt"

	"mintkey/policy"
)

// MembershipFor returns what a change of a membership is given: the stored one, or for a user who has none an empty one of the user's
// generation. One that an earlier user of the same ID has left is none. The user is zero if there is none: what is left of a deleted
// user is then given as it is, so that it can be removed. For stores.
func MembershipFor(stored policy.Membership, user policy.User) policy.Membership {
	if user.ID == "" || stored.Exists() && stored.BelongsTo(user) {
		return stored
	}
	return policy.Membership{
		AccountID: stored.AccountID, TenantID: stored.TenantID, UserID: stored.UserID, UserGeneration: user.Generation,
	}
}

// CheckBelongs returns ErrNotFound for a membership of another user than the one who has its ID, or of one who is gone: a zero User.
// What is removed belongs to anybody. For stores.
func CheckBelongs(m policy.Membership, user policy.User) error {
	if m.Exists() && !m.BelongsTo(user) {
		return fmt.Errorf("user %s: %w", m.UserID, ErrNotFound)
	}
	return nil
}
