package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func tenantCases() []testCase {
	return []testCase{
		{"tenant is kept", tenantIsKept},
		{"tenant ID is taken once", tenantIDIsTakenOnce},
		{"tenant missing", tenantMissing},
		{"tenants in pages, by account", tenantsInPages},
	}
}

func tenantIsKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	got, err := s.Tenant(t.Context(), load)
	check(t, err)
	equal(t, "tenant", got, tenant(t, acme, load))
}

func tenantIDIsTakenOnce(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	for _, accountID := range []string{acme, other} {
		second := tenant(t, accountID, load)
		second.Name = "Usurper"
		wantError(t, s.CreateTenant(t.Context(), second), store.ErrExists)
	}
	got, err := s.Tenant(t.Context(), load)
	check(t, err)
	equal(t, "tenant", got, tenant(t, acme, load))
	tenants, err := s.Tenants(t.Context(), other, store.Page{Limit: 10})
	check(t, err)
	equal(t, "tenants of the other account", tenants, nil)
}

func tenantMissing(t testing.TB, at place) {
	s := at.connect(t)
	_, err := s.Tenant(t.Context(), load)
	wantError(t, err, store.ErrNotFound)
	tenants, err := s.Tenants(t.Context(), acme, store.Page{Limit: 10})
	check(t, err)
	equal(t, "tenants", tenants, nil)
}

func tenantsInPages(t testing.TB, at place) {
	s := at.connect(t)
	for _, accountID := range []string{acme, other, acme + "-1"} {
		ids := listed(accountID + "-t")
		check(t, s.CreateAccount(t.Context(), account(accountID)))
		for _, id := range shuffled(ids) {
			check(t, s.CreateTenant(t.Context(), tenant(t, accountID, id)))
		}
	}
	wantPages(t, listed(acme+"-t"), func(t policy.Tenant) string { return t.ID }, func(page store.Page) ([]policy.Tenant, error) {
		return s.Tenants(t.Context(), acme, page)
	})
}
