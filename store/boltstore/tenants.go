package boltstore

import (
	"context"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// CreateTenant implements store.Tenants.
func (s *Store) CreateTenant(ctx context.Context, tenant policy.Tenant, events ...policy.Event) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		if bucketTenants.has(tx, tenant.ID) {
			return store.ErrExists
		}
		if err := bucketTenants.putJSON(tx, tenant.ID, tenant); err != nil {
			return err
		}
		if err := bucketAccountTenants.put(tx, tenant.AccountID+separator+tenant.ID, nil); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// UpdateTenant implements store.Tenants.
func (s *Store) UpdateTenant(ctx context.Context, id string, change func(policy.Tenant) (policy.Tenant, []policy.Event, error)) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		before, err := load[policy.Tenant](tx, bucketTenants, id)
		if err != nil {
			return err
		}
		after, events, err := change(before)
		if err != nil {
			return err
		}
		after.ID, after.AccountID = id, before.AccountID
		if err := bucketTenants.putJSON(tx, id, after); err != nil {
			return err
		}
		return appendEvents(tx, events)
	})
}

// Tenant implements store.Tenants.
func (s *Store) Tenant(ctx context.Context, id string) (tenant policy.Tenant, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		tenant, err = load[policy.Tenant](tx, bucketTenants, id)
		return err
	})
	return tenant, err
}

// Tenants implements store.Tenants.
func (s *Store) Tenants(ctx context.Context, accountID string, page store.Page) (tenants []policy.Tenant, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketAccountTenants.scan(tx, accountID+separator, page, func(id string, _ []byte) error {
			tenant, err := load[policy.Tenant](tx, bucketTenants, id)
			tenants = append(tenants, tenant)
			return err
		})
	})
	return tenants, err
}
