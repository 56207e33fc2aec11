package storetest

import (
	"testing"

	"mintkey/store"
)

func clientIDCases() []testCase {
	return []testCase{
		{"client ID leads to its owner", clientIDLeadsToOwner},
		{"client ID unknown", clientIDUnknown},
		{"client ID follows the key", clientIDFollowsKey},
	}
}

func wantOwner(t testing.TB, s store.Store, clientID, tenantID, userID string) {
	t.Helper()
	got, err := s.SubjectByClientID(t.Context(), clientID)
	check(t, err)
	equal(t, "owner of "+clientID, []string{got.Membership.TenantID, got.Membership.UserID}, []string{tenantID, userID})
}

func clientIDLeadsToOwner(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	// The second is of the form that old Jenkins plugins look for.
	put(t, s, membership(load, ada, "mk_1", "oauth2-Q2.z_9-4@microfocus.com"))
	put(t, s, membership("perf", ada, "mk_11"))
	put(t, s, membership(load, bob, "mk_3"))
	wantOwner(t, s, "mk_1", load, ada)
	wantOwner(t, s, "oauth2-Q2.z_9-4@microfocus.com", load, ada)
	wantOwner(t, s, "mk_11", "perf", ada)
	wantOwner(t, s, "mk_3", load, bob)
}

func clientIDUnknown(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	for _, id := range []string{"mk_", "mk_12", "MK_1", "", "load/ada", "*"} {
		_, err := s.SubjectByClientID(t.Context(), id)
		wantError(t, err, store.ErrNotFound)
	}
}

func clientIDFollowsKey(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1", "mk_2"))
	put(t, s, membership(load, ada, "mk_2", "mk_3"))
	_, err := s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
	wantOwner(t, s, "mk_2", load, ada)
	wantOwner(t, s, "mk_3", load, ada)
	put(t, s, membership(load, ada))
	for _, id := range []string{"mk_1", "mk_2", "mk_3"} {
		_, err := s.SubjectByClientID(t.Context(), id)
		wantError(t, err, store.ErrNotFound)
	}
}
