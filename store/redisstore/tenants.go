package redisstore

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// CreateTenant implements store.Tenants.
func (s *Store) CreateTenant(ctx context.Context, tenant policy.Tenant, events ...policy.Event) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		taken, err := s.get(ctx, tenantKey(tenant.ID))
		if err == nil && taken.exists {
			err = store.ErrExists
		}
		if err != nil {
			return err
		}
		if err := s.enter(ctx, accountTenantsKey(tenant.AccountID), tenant.ID); err != nil {
			return err
		}
		return s.create(ctx, tenantKey(tenant.ID), tenant, ofTenant(tenant.ID), events)
	})
}

// Tenant implements store.Tenants.
func (s *Store) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	return find[policy.Tenant](ctx, s, tenantKey(id))
}

// Tenants implements store.Tenants.
func (s *Store) Tenants(ctx context.Context, accountID string, page store.Page) ([]policy.Tenant, error) {
	// The index may name a tenant that another account created first.
	own := func(tenant policy.Tenant) bool { return tenant.AccountID == accountID }
	return list(ctx, s, accountTenantsKey(accountID), page, tenantKey, own)
}

// UpdateTenant implements store.Tenants.
func (s *Store) UpdateTenant(ctx context.Context, id string, edit func(policy.Tenant) (policy.Tenant, []policy.Event, error)) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		return update(ctx, s, tenantKey(id), func(before policy.Tenant, c *change) (policy.Tenant, error) {
			accountID := before.AccountID
			after, events, err := edit(before)
			if err != nil {
				return after, err
			}
			after.ID, after.AccountID = id, accountID
			return after, s.record(ctx, c, ofTenant(id), events)
		})
	})
}

// accountOf returns the account of a tenant, usually from the cache: it never changes, and no tenant is ever deleted.
func (s *Store) accountOf(ctx context.Context, tenantID string) (string, error) {
	if accountID, ok := s.tenantAccounts.get(tenantID); ok {
		return accountID, nil
	}
	tenant, err := s.Tenant(ctx, tenantID)
	if err == nil {
		s.tenantAccounts.put(tenantID, tenant.AccountID)
	}
	return tenant.AccountID, err
}
