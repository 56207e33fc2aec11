package boltstore

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

func userKey(accountID, id string) string { return accountID + separator + id }

// CreateUser implements store.Users.
func (s *Store) CreateUser(ctx context.Context, user policy.User, events ...policy.Event) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		if bucketUserIDs.has(tx, user.ID) {
			return store.ErrExists
		}
		if bucketUsedIDs.has(tx, store.UsedUserID(user.ID)) {
			return store.ErrIDUsed
		}
		if err := claimEmail(tx, user); err != nil {
			return err
		}
		if err := bucketUserIDs.put(tx, user.ID, []byte(user.AccountID)); err != nil {
			return err
		}
		if err := bucketUsers.putJSON(tx, userKey(user.AccountID, user.ID), user); err != nil {
			return err
		}
		s.userFeeds.record(tx, user.AccountID, user.ID)
		return appendEvents(tx, events)
	})
}

// User implements store.Users.
func (s *Store) User(ctx context.Context, accountID, id string) (user policy.User, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		user, err = load[policy.User](tx, bucketUsers, userKey(accountID, id))
		return err
	})
	return user, err
}

// UserByEmail implements store.Users.
func (s *Store) UserByEmail(ctx context.Context, accountID, email string) (user policy.User, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		id := bucketAddresses.get(tx, addressKey(policy.FoldEmail(email), accountID))
		if id == nil {
			return store.ErrNotFound
		}
		user, err = load[policy.User](tx, bucketUsers, userKey(accountID, string(id)))
		return err
	})
	return user, err
}

// UsersByID implements store.Users.
func (s *Store) UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error) {
	var users map[string]policy.User
	err := s.read(ctx, func(tx *bbolt.Tx) (err error) {
		users, err = loadAll[policy.User](tx, bucketUsers, accountID+separator, ids)
		return err
	})
	return users, err
}

// Users implements store.Users.
func (s *Store) Users(ctx context.Context, accountID string, page store.Page) (users []policy.User, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		users, err = list[policy.User](tx, bucketUsers, accountID+separator, page)
		return err
	})
	return users, err
}

// UpdateUser implements store.Users.
func (s *Store) UpdateUser(ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error)) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		user, err := load[policy.User](tx, bucketUsers, userKey(accountID, id))
		if err != nil {
			return err
		}
		before := user
		user, events, err := change(user.Clone())
		if err != nil {
			return err
		}
		user.AccountID, user.ID = accountID, id
		if err := moveEmail(tx, before, user); err != nil {
			return err
		}
		if err := bucketUsers.putJSON(tx, userKey(accountID, id), user); err != nil {
			return err
		}
		s.userFeeds.record(tx, accountID, id)
		return appendEvents(tx, events)
	})
}

// DeleteUser implements store.Users.
func (s *Store) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		user, err := load[policy.User](tx, bucketUsers, userKey(accountID, id))
		if err != nil {
			return err
		}
		err = errors.Join(
			bucketUsers.delete(tx, userKey(accountID, id)),
			bucketUserIDs.delete(tx, id),
			useUpID(tx, store.UsedUserID(id)),
			releaseEmail(tx, user, policy.FoldEmail(user.Email)),
		)
		if err != nil {
			return err
		}
		s.userFeeds.record(tx, accountID, id)
		return appendEvents(tx, events)
	})
}
