package storetest

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func endOrderCases() []testCase {
	return []testCase{
		{"keys by end are in order, by account", endOrderIsKept},
		{"keys by end follow the membership", endOrderFollows},
	}
}

// ending is a membership whose keys all have this end of their own.
func ending(at time.Time, tenantID, userID string, clientIDs ...string) policy.Membership {
	m := membership(tenantID, userID, clientIDs...)
	for i := range m.Keys {
		m.Keys[i].ExpiresAt = at
	}
	return m
}

func wantByEnd(t testing.TB, s store.KeyOrders, want ...store.DatedKey) {
	t.Helper()
	got, err := s.KeysByEnd(t.Context(), acme, store.DatedKey{}, farOff(), 1000)
	check(t, err)
	equal(t, "keys by end", got, want)
}

func endOrderIsKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	order := []store.DatedKey{
		{At: day(1), TenantID: load, UserID: ada, ClientID: "mk_ada"},
		{At: day(1), TenantID: load, UserID: bob, ClientID: "mk_bob"},
		{At: day(1), TenantID: "perf", UserID: ada, ClientID: "mk_perf"},
		{At: day(1).Add(time.Nanosecond), TenantID: load, UserID: "ada-1", ClientID: "mk_ns"},
		{At: day(300), TenantID: "perf", UserID: bob, ClientID: "mk_late"},
	}
	for i := range order {
		key := order[(i*3+2)%len(order)] // in disorder
		m := ending(key.At, key.TenantID, key.UserID, key.ClientID)
		m.Keys = append(m.Keys, membership(key.TenantID, key.UserID, key.ClientID+"_endless").Keys...)
		put(t, s, m)
	}
	check(t, s.CreateAccount(t.Context(), account(acme+"-1")))
	check(t, s.CreateTenant(t.Context(), tenant(t, acme+"-1", "elsewhere")))
	elsewhere := ending(day(1), "elsewhere", ada+"-elsewhere", "mk_elsewhere")
	elsewhere.AccountID = acme + "-1"
	put(t, s, elsewhere)

	wantByEnd(t, s, order...)
	for limit := 1; limit <= len(order)+1; limit++ {
		var got []store.DatedKey
		for after := (store.DatedKey{}); ; after = got[len(got)-1] {
			page, err := s.KeysByEnd(t.Context(), acme, after, farOff(), limit)
			check(t, err)
			if len(page) > limit || len(got) > len(order) {
				t.Fatalf("pages of %d give too much: %d after %d", limit, len(page), len(got))
			}
			if got = append(got, page...); len(page) < limit {
				break
			}
		}
		equal(t, "keys by end in pages", got, order)
	}
	got, err := s.KeysByEnd(t.Context(), acme, order[0], day(1), 100)
	check(t, err)
	equal(t, "keys by end until an instant", got, order[1:3])
}

func endOrderFollows(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	at1 := store.DatedKey{TenantID: load, UserID: ada, ClientID: "mk_1", At: day(1)}
	at9 := at1
	at9.At = day(9)
	change := func(refused error, to func(policy.Membership) (policy.Membership, error)) error {
		return s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := to(m)
			check(t, err)
			return m, nil, refused
		})
	}
	move := func(end time.Time) func(policy.Membership) (policy.Membership, error) {
		return func(m policy.Membership) (policy.Membership, error) {
			m.Keys[0].ExpiresAt = end
			return m, nil
		}
	}
	put(t, s, membership(load, ada, "mk_1"))
	wantByEnd(t, s)
	wantRefused(t, change(errRefused, move(day(1))))
	wantByEnd(t, s)
	check(t, change(nil, move(day(1))))
	wantByEnd(t, s, at1)
	check(t, change(nil, move(day(9))))
	wantByEnd(t, s, at9)
	check(t, change(nil, func(m policy.Membership) (policy.Membership, error) {
		return m.WithRefreshedKey("mk_1", policy.Secret{}, policy.Refresh{}, nil, day(5))
	}))
	wantByEnd(t, s, at9)
	check(t, change(nil, move(time.Time{})))
	wantByEnd(t, s)
	check(t, change(nil, move(day(1))))
	check(t, change(nil, func(m policy.Membership) (policy.Membership, error) { return m.WithoutKey("mk_1") }))
	wantByEnd(t, s)
	put(t, s, ending(day(1), load, ada, "mk_1"))
	wantByEnd(t, s, at1)
	check(t, change(nil, func(m policy.Membership) (policy.Membership, error) {
		m.Role = "" // the keys are left in: they go all the same
		return m, nil
	}))
	wantByEnd(t, s)
}
