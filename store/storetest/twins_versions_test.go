package storetest_test

import (
	"context"
	"sync"

	"mintkey/policy"
	"mintkey/store"
)

func versionTwins() []twin {
	return []twin{
		{"unknown members of records survive a change", "drops what it does not know of keys", func(s store.Store) store.Store {
			return dropsUnknown{s}
		}},
		{"tenant is changed", "remembers tenants for ever", func(s store.Store) store.Store { return &remembersTenants{Store: s} }},
		{"tenant is changed", "moves it to another account", func(s store.Store) store.Store { return forgetsAccount{s} }},
		{"keys are found by digest prefix", "finds one only", func(s store.Store) store.Store { return findsOne{s} }},
		{"schema version is kept", "is always of the present one", func(s store.Store) store.Store { return alwaysPresent{s} }},
	}
}

type dropsUnknown struct{ store.Store }

func (b dropsUnknown) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m = m.Clone()
		for i := range m.Keys {
			m.Keys[i].Unknown = ""
		}
		return change(m)
	})
}

type remembersTenants struct {
	store.Store

	tenants sync.Map
}

func (b *remembersTenants) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	subject, err := b.Store.Subject(ctx, tenantID, userID)
	known, _ := b.tenants.LoadOrStore(tenantID, subject.Tenant)
	subject.Tenant, _ = known.(policy.Tenant)
	return subject, err
}

type forgetsAccount struct{ store.Store }

func (b forgetsAccount) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	tenant, err := b.Store.Tenant(ctx, id)
	tenant.AccountID = "umbrella"
	return tenant, err
}

type findsOne struct{ store.Store }

func (b findsOne) KeysByDigestPrefix(ctx context.Context, prefix string) ([]string, error) {
	ids, err := b.Store.KeysByDigestPrefix(ctx, prefix)
	return ids[:min(len(ids), 1)], err
}

type alwaysPresent struct{ store.Store }

func (b alwaysPresent) SchemaVersion(context.Context) (int, error) { return store.SchemaVersion, nil }
