package redisstore

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// CreateUser implements store.Users.
func (s *Store) CreateUser(ctx context.Context, user policy.User, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		// This check comes first so that common refusals leave no claim behind.
		if _, err := s.newUser(ctx, user); err != nil {
			return err
		}
		return untilSaved(ctx, func() (bool, error) {
			if err := s.claimUserID(ctx, user.AccountID, user.ID); err != nil {
				return false, err
			}
			if err := s.enterEmail(ctx, user); err != nil {
				return false, err
			}
			if err := s.writeUser(ctx, user, events); err != nil {
				return false, err
			}
			return s.confirmUserClaim(ctx, user)
		})
	})
}

func (s *Store) writeUser(ctx context.Context, user policy.User, events []policy.Event) error {
	text, err := encode(user)
	if err != nil {
		return err
	}
	return untilSaved(ctx, func() (bool, error) {
		free, err := s.newUser(ctx, user)
		if err != nil {
			return false, err
		}
		var c change
		c.index(usersKey(user.AccountID), user.ID)
		c.feed(ofAccount(user.AccountID), user.ID)
		if err := s.record(ctx, &c, ofAccount(user.AccountID), events); err != nil {
			return false, err
		}
		c.put(free[0], text)
		if !user.IsRobot() {
			c.put(free[1], user.ID)
		}
		return s.commit(ctx, c)
	})
}

// newUser returns the keys of the user's record and e-mail address, both unused, or the reason why the user can't be created. The address
// of a robot may be anybody's.
func (s *Store) newUser(ctx context.Context, user policy.User) ([]snapshot, error) {
	keys, err := s.getAll(ctx, userKey(user.AccountID, user.ID), emailKey(user.AccountID, policy.FoldEmail(user.Email)))
	switch {
	case err != nil:
		return nil, err
	case keys[0].exists:
		return nil, store.ErrExists
	case keys[1].exists && !user.IsRobot():
		return nil, store.ErrEmailTaken
	}
	return keys, nil
}

// User implements store.Users.
func (s *Store) User(ctx context.Context, accountID, id string) (policy.User, error) {
	return find[policy.User](ctx, s, userKey(accountID, id))
}

// UserByEmail implements store.Users.
func (s *Store) UserByEmail(ctx context.Context, accountID, email string) (policy.User, error) {
	owner, err := s.get(ctx, emailKey(accountID, policy.FoldEmail(email)))
	if err == nil && !owner.exists {
		err = store.ErrNotFound
	}
	if err != nil {
		return policy.User{}, err
	}
	return s.User(ctx, accountID, owner.value)
}

// UsersByID implements store.Users.
func (s *Store) UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error) {
	return findAll[policy.User](ctx, s, ids, func(id string) string { return userKey(accountID, id) })
}

// Users implements store.Users.
func (s *Store) Users(ctx context.Context, accountID string, page store.Page) ([]policy.User, error) {
	key := func(id string) string { return userKey(accountID, id) }
	return list(ctx, s, usersKey(accountID), page, key, every[policy.User])
}

// UpdateUser implements store.Users.
func (s *Store) UpdateUser(ctx context.Context, accountID, id string, edit func(policy.User) (policy.User, []policy.Event, error)) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		return update(ctx, s, userKey(accountID, id), func(before policy.User, c *change) (policy.User, error) {
			after, events, err := edit(before.Clone())
			if err != nil {
				return after, err
			}
			if err := s.moveEmail(ctx, before, after, c); err != nil {
				return after, err
			}
			c.feed(ofAccount(accountID), id)
			return after, s.record(ctx, c, ofAccount(accountID), events)
		})
	})
}

// DeleteUser implements store.Users. The list of the user's tenants stays: it is only a hint, and an addition at the same time
// must still be found. The ID is marked as used before the record goes, because it is in another slot: a crash in between leaves a user
// whose ID nobody else could get anyway.
func (s *Store) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		claim, err := s.get(ctx, userClaimKey(id))
		if err != nil {
			return err
		}
		if _, err := s.User(ctx, accountID, id); err != nil {
			return err
		}
		if err := s.AddUsedIDs(ctx, store.UsedUserID(id)); err != nil {
			return err
		}
		if err := s.deleteUserRecord(ctx, accountID, id, events); err != nil {
			return err
		}
		return s.releaseUserID(ctx, claim)
	})
}

func (s *Store) deleteUserRecord(ctx context.Context, accountID, id string, events []policy.Event) error {
	return untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, userKey(accountID, id))
		if err == nil && !old.exists {
			err = store.ErrNotFound
		}
		if err != nil {
			return false, err
		}
		user, err := decode[policy.User](old.value)
		if err != nil {
			return false, err
		}
		var c change
		c.remove(old)
		if err := s.releaseEmail(ctx, user, policy.FoldEmail(user.Email), &c); err != nil {
			return false, err
		}
		c.unindex(usersKey(accountID), id)
		c.feed(ofAccount(accountID), id)
		if err := s.record(ctx, &c, ofAccount(accountID), events); err != nil {
			return false, err
		}
		return s.commit(ctx, c)
	})
}
