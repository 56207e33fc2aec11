package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// The ID of a user is unique in the store, and users of different accounts live in different slots. So an ID is claimed before the
// user is written. A claim is the account's ID and a stamp; whoever claims again stamps anew, so that a deletion that
// was under way meanwhile does not take the new claim away.

// claimUserID claims the ID for the account. A claim whose user does not exist, left by a crash, is taken over.
func (s *Store) claimUserID(ctx context.Context, accountID, userID string) error {
	return untilSaved(ctx, func() (bool, error) {
		claim, err := s.get(ctx, userClaimKey(userID))
		if err != nil {
			return false, err
		}
		if claim.exists {
			user, err := s.get(ctx, userKey(claimant(claim), userID))
			if err == nil && user.exists {
				err = store.ErrExists
			}
			if err != nil {
				return false, err
			}
		}
		var c change
		c.put(claim, accountID+"/"+rand.Text())
		return s.commit(ctx, c)
	})
}

func claimant(claim snapshot) string {
	accountID, _, _ := strings.Cut(claim.value, "/")
	return accountID
}

// checkUserClaim undoes the creation of a user whose claim another account took over before the user was written.
func (s *Store) checkUserClaim(ctx context.Context, user policy.User) error {
	claim, err := s.get(ctx, userClaimKey(user.ID))
	if err != nil || claimant(claim) == user.AccountID {
		return err
	}
	err = s.deleteUserRecord(ctx, user.AccountID, user.ID, nil)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return store.ErrExists
}

// releaseUserID gives up a claim, unless it was stamped anew.
func (s *Store) releaseUserID(ctx context.Context, claim snapshot) error {
	if !claim.exists {
		return nil
	}
	var c change
	c.remove(claim)
	_, err := s.commit(ctx, c)
	return err
}
