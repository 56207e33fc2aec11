package boltstore

import (
	"context"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// CreateAccount implements store.Accounts.
func (s *Store) CreateAccount(ctx context.Context, account policy.Account, events ...policy.Event) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		if bucketAccounts.has(tx, account.ID) {
			return store.ErrExists
		}
		if err := bucketAccounts.putJSON(tx, account.ID, account); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// Account implements store.Accounts.
func (s *Store) Account(ctx context.Context, id string) (account policy.Account, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		account, err = load[policy.Account](tx, bucketAccounts, id)
		return err
	})
	return account, err
}

// Accounts implements store.Accounts.
func (s *Store) Accounts(ctx context.Context, page store.Page) (accounts []policy.Account, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		accounts, err = list[policy.Account](tx, bucketAccounts, "", page)
		return err
	})
	return accounts, err
}

// UpdateAccount implements store.Accounts.
func (s *Store) UpdateAccount(ctx context.Context, id string, change func(policy.Account) (policy.Account, []policy.Event, error)) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		account, err := load[policy.Account](tx, bucketAccounts, id)
		if err != nil {
			return err
		}
		account, events, err := change(account)
		if err != nil {
			return err
		}
		account.ID = id
		if err := bucketAccounts.putJSON(tx, id, account); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}
