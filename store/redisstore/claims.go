package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// The ID of a user is unique in the store, and users of different accounts live in different slots. So an ID is claimed before the user
// is written. A claim is the account's ID and a stamp. Each new claim has a new stamp, so that a deletion under way does not remove it.

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
		// After the claim: whoever deleted a user of this ID used it up before the claim came free.
		if err := s.checkUnused(ctx, userID); err != nil {
			return false, err
		}
		var c change
		c.put(claim, newClaim(accountID))
		return s.commit(ctx, c)
	})
}

func newClaim(accountID string) string { return accountID + "/" + rand.Text() }

func claimant(claim snapshot) string {
	accountID, _, _ := strings.Cut(claim.value, "/")
	return accountID
}

// confirmUserClaim gives the claim a new stamp once the user is written: another process that saw the old stamp can't take
// the claim over any more. If another account has done so already, the user is removed again and the creation starts over,
// because the other creation may fail as well. The same happens if another user of the ID was made and deleted meanwhile.
func (s *Store) confirmUserClaim(ctx context.Context, user policy.User) (kept bool, err error) {
	err = untilSaved(ctx, func() (bool, error) {
		claim, err := s.get(ctx, userClaimKey(user.ID))
		if err != nil {
			return false, err
		}
		if kept = claimant(claim) == user.AccountID; !kept {
			return true, nil
		}
		var c change
		c.put(claim, newClaim(user.AccountID))
		return s.commit(ctx, c)
	})
	if err != nil {
		return false, err
	}
	if kept {
		used := s.checkUnused(ctx, user.ID)
		if !errors.Is(used, store.ErrIDUsed) {
			return used == nil, used
		}
	}
	err = s.deleteUserRecord(ctx, user.AccountID, user.ID, nil)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return false, err
}

// releaseUserID gives up a claim, unless its stamp is a new one.
func (s *Store) releaseUserID(ctx context.Context, claim snapshot) error {
	if !claim.exists {
		return nil
	}
	var c change
	c.remove(claim)
	_, err := s.commit(ctx, c)
	return err
}
