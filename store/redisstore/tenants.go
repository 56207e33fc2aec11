package redisstore

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// CreateTenant is in the contract of package store.
func (s *Store) CreateTenant(ctx context.Context, tenant policy.Tenant, events ...policy.Event) error {
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
}

// Tenant is in the contract of package store.
func (s *Store) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	return find[policy.Tenant](ctx, s, tenantKey(id))
}

// Tenants is in the contract of package store.
func (s *Store) Tenants(ctx context.Context, accountID string, page store.Page) ([]policy.Tenant, error) {
	// The index may name a tenant that another account was quicker to create.
	own := func(tenant policy.Tenant) bool { return tenant.AccountID == accountID }
	return list(ctx, s, accountTenantsKey(accountID), page, tenantKey, own)
}

// cachedTenant is Tenant without a round trip in the steady state: a tenant never changes, and is never deleted.
func (s *Store) cachedTenant(ctx context.Context, id string) (policy.Tenant, error) {
	if tenant, ok := s.tenants.get(id); ok {
		return tenant, nil
	}
	tenant, err := s.Tenant(ctx, id)
	if err == nil {
		s.tenants.put(id, tenant)
	}
	return tenant, err
}
