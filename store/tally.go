package store

import (
	"context"

	"mintkey/policy"
)

// Tally counts the contents of a store.
type Tally struct {
	Accounts   int `json:"accounts"`
	Tenants    int `json:"tenants"`
	Users      int `json:"users"`
	AccessKeys int `json:"access_keys"`
}

// Count reads the whole store, and so also checks that it can be read.
func Count(ctx context.Context, s Store) (found Tally, err error) {
	err = pages(ctx, s.Accounts, func(a policy.Account) string { return a.ID }, func(accounts []policy.Account) error {
		found.Accounts += len(accounts)
		for _, account := range accounts {
			if err := found.addAccount(ctx, s, account.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func (f *Tally) addAccount(ctx context.Context, s Store, accountID string) error {
	users := func(ctx context.Context, page Page) ([]policy.User, error) { return s.Users(ctx, accountID, page) }
	err := pages(ctx, users, func(u policy.User) string { return u.ID }, func(users []policy.User) error {
		f.Users += len(users)
		return nil
	})
	if err != nil {
		return err
	}
	tenants := func(ctx context.Context, page Page) ([]policy.Tenant, error) { return s.Tenants(ctx, accountID, page) }
	return pages(ctx, tenants, func(t policy.Tenant) string { return t.ID }, func(tenants []policy.Tenant) error {
		f.Tenants += len(tenants)
		for _, tenant := range tenants {
			if err := f.addTenant(ctx, s, tenant.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *Tally) addTenant(ctx context.Context, s Store, tenantID string) error {
	members := func(ctx context.Context, page Page) ([]policy.Membership, error) {
		return s.Memberships(ctx, tenantID, page)
	}
	return pages(ctx, members, func(m policy.Membership) string { return m.UserID }, func(memberships []policy.Membership) error {
		for _, m := range memberships {
			f.AccessKeys += len(m.Keys)
		}
		return nil
	})
}
