package redisstore

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// CreateAccount implements store.Accounts.
func (s *Store) CreateAccount(ctx context.Context, account policy.Account, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		if err := s.enter(ctx, accountsKey, account.ID); err != nil {
			return err
		}
		return s.create(ctx, accountKey(account.ID), account, ofAccount(account.ID), events)
	})
}

// Account implements store.Accounts.
func (s *Store) Account(ctx context.Context, id string) (policy.Account, error) {
	return find[policy.Account](ctx, s, accountKey(id))
}

// Accounts implements store.Accounts.
func (s *Store) Accounts(ctx context.Context, page store.Page) ([]policy.Account, error) {
	return list(ctx, s, accountsKey, page, accountKey, every[policy.Account])
}

// UpdateAccount implements store.Accounts.
func (s *Store) UpdateAccount(ctx context.Context, id string, edit func(policy.Account) (policy.Account, []policy.Event, error)) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		return update(ctx, s, accountKey(id), func(before policy.Account, c *change) (policy.Account, error) {
			after, events, err := edit(before)
			if err != nil {
				return after, err
			}
			return after, s.record(ctx, c, ofAccount(id), events)
		})
	})
}
