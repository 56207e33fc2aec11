package storetest

import (
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func membershipCases() []testCase {
	return []testCase{
		{"membership is kept", membershipIsKept},
		{"membership missing", membershipMissing},
		{"membership begins with its IDs and no role", membershipBegins},
		{"membership of a missing tenant", membershipOfMissingTenant},
		{"membership change refused", membershipChangeRefused},
		{"membership without a role is removed", membershipRemoved},
		{"memberships by ID", membershipsByID},
		{"memberships of several tenants", membershipsOf},
		{"memberships in pages, by tenant", membershipsInPages},
		{"tenants of a user", tenantsOfUser},
	}
}

func membershipIsKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := membership(load, ada, "mk_1", "mk_2")
	put(t, s, want)
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "membership", got, want)

	want.Role, want.Keys = policy.RoleTenantAdmin, want.Keys[1:]
	put(t, s, want)
	got, err = s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "membership", got, want)
}

func membershipMissing(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	_, err := s.Membership(t.Context(), load, ada)
	wantError(t, err, store.ErrNotFound)
	_, err = s.Membership(t.Context(), "nowhere", ada)
	wantError(t, err, store.ErrNotFound)
	members, err := s.Memberships(t.Context(), load, store.Page{Limit: 10})
	check(t, err)
	equal(t, "memberships", members, nil)
	tenants, err := s.TenantsOf(t.Context(), acme, ada)
	check(t, err)
	equal(t, "tenants of the user", tenants, nil)
}

func membershipBegins(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		equal(t, "membership before the change", m, policy.Membership{AccountID: acme, TenantID: load, UserID: ada})
		return m, nil, nil
	}))
	_, err := s.Membership(t.Context(), load, ada) // it still has no role
	wantError(t, err, store.ErrNotFound)
}

func membershipOfMissingTenant(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	err := s.UpdateMembership(t.Context(), "nowhere", ada, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		return membership("nowhere", ada, "mk_1"), nil, nil
	})
	wantError(t, err, store.ErrNotFound)
	_, err = s.Membership(t.Context(), "nowhere", ada)
	wantError(t, err, store.ErrNotFound)
	_, err = s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
}

func membershipChangeRefused(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := membership(load, ada, "mk_1")
	put(t, s, want)
	err := s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		equal(t, "membership before the change", m, want)
		m.Keys = []policy.AccessKey{accessKey("mk_2")}
		return m, nil, errRefused
	})
	wantRefused(t, err)
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "membership", got, want)
	_, err = s.SubjectByClientID(t.Context(), "mk_2")
	wantError(t, err, store.ErrNotFound)
}

func membershipRemoved(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	err := s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = "" // the keys are left in: they go all the same
		return m, nil, nil
	})
	check(t, err)
	_, err = s.Membership(t.Context(), load, ada)
	wantError(t, err, store.ErrNotFound)
	members, err := s.Memberships(t.Context(), load, store.Page{Limit: 10})
	check(t, err)
	equal(t, "memberships", members, nil)
	tenants, err := s.TenantsOf(t.Context(), acme, ada)
	check(t, err)
	equal(t, "tenants of the user", tenants, nil)
	_, err = s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
	_, err = s.Subject(t.Context(), load, ada)
	wantError(t, err, store.ErrNotFound)

	put(t, s, membership(load, ada)) // who comes back does not get the old keys back
	_, err = s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
}

func membershipsByID(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, load+"-1")))
	put(t, s, membership(load, ada, "mk_1", "mk_2"))
	put(t, s, membership(load, bob))
	put(t, s, membership(load+"-1", "eve", "mk_3"))
	got, err := s.MembershipsByID(t.Context(), load, []string{bob, "nobody", ada, "eve", bob})
	check(t, err)
	equal(t, "memberships by ID", got, map[string]policy.Membership{ada: membership(load, ada, "mk_1", "mk_2"), bob: membership(load, bob)})
	got, err = s.MembershipsByID(t.Context(), load, nil)
	check(t, err)
	equal(t, "memberships by no ID", got, nil)
}

func membershipsOf(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, load+"-1")))
	put(t, s, membership(load, ada, "mk_1"))
	put(t, s, membership(load+"-1", ada, "mk_2"))
	put(t, s, membership(load, bob))
	here, there := store.MemberRef{TenantID: load, UserID: ada}, store.MemberRef{TenantID: load + "-1", UserID: ada}
	got, err := s.MembershipsOf(t.Context(), []store.MemberRef{here, {TenantID: load + "-1", UserID: bob}, there, {}, here})
	check(t, err)
	equal(t, "memberships of two tenants", got, map[store.MemberRef]policy.Membership{
		here: membership(load, ada, "mk_1"), there: membership(load+"-1", ada, "mk_2"),
	})
	got, err = s.MembershipsOf(t.Context(), nil)
	check(t, err)
	equal(t, "memberships of nobody", got, nil)
}

func membershipsInPages(t testing.TB, at place) {
	s := at.connect(t)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	for _, tenantID := range []string{load, load + "-1", "perf"} {
		check(t, s.CreateTenant(t.Context(), tenant(t, acme, tenantID)))
		for _, id := range shuffled(listed(tenantID + "-u")) {
			check(t, s.CreateUser(t.Context(), user(acme, id)))
			put(t, s, membership(tenantID, id, "mk_"+id))
		}
	}
	wantPages(t, listed(load+"-u"), func(m policy.Membership) string { return m.UserID },
		func(page store.Page) ([]policy.Membership, error) { return s.Memberships(t.Context(), load, page) })
}

func tenantsOfUser(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), user(acme, ada+"-1")))
	for _, tenantID := range []string{"tenant-b", "tenant-a", "tenant-c"} {
		check(t, s.CreateTenant(t.Context(), tenant(t, acme, tenantID)))
		put(t, s, membership(tenantID, ada))
	}
	put(t, s, membership(load, ada+"-1"))
	remove(t, s, "tenant-c", ada)
	got, err := s.TenantsOf(t.Context(), acme, ada)
	check(t, err)
	equal(t, "tenants of the user", got, []string{"tenant-a", "tenant-b"})
	got, err = s.TenantsOf(t.Context(), other, ada)
	check(t, err)
	equal(t, "tenants of the user in another account", got, nil)
}
