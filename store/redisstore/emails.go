package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

// Which accounts have an address is in a slot of its own, so it is written before the users and, like the list of a user's tenants,
// only ever grows: what it names is looked up. An address is a person's, so only a digest is kept; 64 bits are enough, because the address
// itself is looked up in each account.

func emailAccounts(folded string) spread {
	digest := sha256.Sum256([]byte(folded))
	return spreadAt("mintkey:emails:", hex.EncodeToString(digest[:8]))
}

// emailAccountsBefore is the key of the same in the index of builds before the first release: see allIn.
func emailAccountsBefore(folded string) string {
	digest := sha256.Sum256([]byte(folded))
	return "mintkey:email:" + base64.RawURLEncoding.EncodeToString(digest[:16])
}

func (s *Store) enterEmail(ctx context.Context, user policy.User) error {
	if user.IsRobot() {
		return nil
	}
	at := emailAccounts(policy.FoldEmail(user.Email))
	return s.enter(ctx, at.key, at.member(user.AccountID))
}

// moveEmail makes the change give up the address that the user had and claim the present one. See store.FoldedAs.
func (s *Store) moveEmail(ctx context.Context, before, after policy.User, c *change) error {
	to := policy.FoldEmail(after.Email)
	folded := store.FoldedAs(before)
	if before.Generation != "" && folded[0] == to && before.IsRobot() == after.IsRobot() {
		return nil
	}
	for _, from := range folded {
		if from != to || after.IsRobot() {
			if err := s.releaseEmail(ctx, before, from, c); err != nil {
				return err
			}
		}
	}
	if after.IsRobot() {
		return nil
	}
	taken, err := s.get(ctx, emailKey(after.AccountID, to))
	if err != nil {
		return err
	}
	switch {
	case taken.exists && taken.value == after.ID:
		c.expect(taken)
	case !taken.exists:
		c.put(taken, after.ID)
	case after.Email != before.Email || before.IsRobot():
		return store.ErrEmailTaken
	default: // somebody else had an address that counts as the same only now
		return nil
	}
	return s.enterEmail(ctx, after)
}

// releaseEmail makes the change free an address that leads to the user.
func (s *Store) releaseEmail(ctx context.Context, user policy.User, folded string, c *change) error {
	claim, err := s.get(ctx, emailKey(user.AccountID, folded))
	if err != nil || !claim.exists || claim.value != user.ID {
		return err
	}
	c.remove(claim)
	return nil
}

// UsersByEmail implements store.Users.
func (s *Store) UsersByEmail(ctx context.Context, email string) (users []policy.User, err error) {
	folded := policy.FoldEmail(email)
	accounts, err := s.allIn(ctx, emailAccounts(folded), emailAccountsBefore(folded))
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(accounts, batch) {
		keys := make([]string, len(some))
		for i, accountID := range some {
			keys[i] = emailKey(accountID, folded)
		}
		owners, err := s.getAll(ctx, keys...)
		if err != nil {
			return nil, err
		}
		var found []string
		for i, owner := range owners {
			if owner.exists {
				found = append(found, userKey(some[i], owner.value))
			}
		}
		records, err := s.getAll(ctx, found...)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			if !record.exists {
				continue // deleted meanwhile
			}
			user, err := decode[policy.User](record.value)
			if err != nil {
				return nil, err
			}
			users = append(users, user)
		}
	}
	return users, nil
}
