package storetest

import (
	"testing"
	"time"

	"mintkey/store"
)

func accessTimeCases() []testCase {
	return []testCase{
		{"access times are kept, by tenant", accessTimesAreKept},
		{"access time never moves back", accessTimeNeverMovesBack},
		{"access time leaves the key alone", accessTimeLeavesKeyAlone},
		{"access has address and secrets", accessHasAddressAndSecrets},
		{"accesses that servers record at once are merged", accessesAreMerged},
	}
}

// second is a day without a fraction: a store need not keep more of an access time.
func second(n int) time.Time { return day(n).Truncate(time.Second) }

// used is one use of a key, of which no more is known.
func used(at time.Time) store.KeyAccess { return store.NewKeyAccess(time.Time{}, at, "") }

func accessTimesAreKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	put(t, s, membership(load, ada, "mk_1", "x-2.3_4@example.com", "mk_unused"))
	put(t, s, membership("perf", ada, "mk_3"))
	check(t, s.RecordAccess(t.Context(), nil))
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{
		{TenantID: load, ClientID: "mk_1"}:                used(second(1)),
		{TenantID: load, ClientID: "x-2.3_4@example.com"}: used(second(2)),
		{TenantID: "perf", ClientID: "mk_3"}:              used(second(3)),
	}))
	got, err := s.AccessTimes(t.Context(), load, []string{"mk_1", "x-2.3_4@example.com", "mk_unused", "mk_3"})
	check(t, err)
	equal(t, "access times", got, map[string]time.Time{"mk_1": second(1), "x-2.3_4@example.com": second(2)})
	got, err = s.AccessTimes(t.Context(), "perf", []string{"mk_3"})
	check(t, err)
	equal(t, "access times of the other tenant", got, map[string]time.Time{"mk_3": second(3)})
	got, err = s.AccessTimes(t.Context(), load, nil)
	check(t, err)
	equal(t, "access times of no key", got, nil)
}

func accessTimeNeverMovesBack(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	for _, step := range []struct{ record, want time.Time }{
		{second(5), second(5)}, {second(3), second(5)}, {second(5), second(5)}, {second(6), second(6)},
	} {
		check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{{TenantID: load, ClientID: "mk_1"}: used(step.record)}))
		got, err := s.AccessTimes(t.Context(), load, []string{"mk_1"})
		check(t, err)
		equal(t, "access times", got, map[string]time.Time{"mk_1": step.want})
	}
}

// accessTimeLeavesKeyAlone also records for a key that has just been revoked, as a late batch does.
func accessTimeLeavesKeyAlone(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	want := membership(load, ada, "mk_1")
	put(t, s, membership(load, ada, "mk_1", "mk_2"))
	put(t, s, want)
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{
		{TenantID: load, ClientID: "mk_1"}: used(second(5)),
		{TenantID: load, ClientID: "mk_2"}: used(second(5)),
	}))
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "membership", got, want)
	_, err = s.SubjectByClientID(t.Context(), "mk_2")
	wantError(t, err, store.ErrNotFound)
}

// accessHasAddressAndSecrets also checks that nothing is left of a key that was revoked: another can never have its client ID, but
// a store must not grow for ever.
func accessHasAddressAndSecrets(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1", "mk_unused"))
	first, second, third := second(1), second(2), second(3)
	record := func(uses ...store.KeyAccess) {
		t.Helper()
		for _, use := range uses {
			check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{{TenantID: load, ClientID: "mk_1"}: use}))
		}
	}
	want := func(what string, want map[string]store.KeyAccess) {
		t.Helper()
		got, err := s.Accesses(t.Context(), load, []string{"mk_1", "mk_unused"})
		check(t, err)
		equal(t, what, got, want)
	}
	want("accesses of unused keys", nil)
	record(store.NewKeyAccess(first, second, "192.0.2.2"), store.NewKeyAccess(first, first, "192.0.2.1"))
	want("access by the first secret", map[string]store.KeyAccess{"mk_1": store.NewKeyAccess(first, second, "192.0.2.2")})
	record(store.NewKeyAccess(second, third, "192.0.2.3"), store.NewKeyAccess(first, third.Add(-time.Second), "192.0.2.1"))
	want("access by both secrets", map[string]store.KeyAccess{"mk_1": {At: third, Address: "192.0.2.3", Secrets: [2]store.SecretAccess{
		{IssuedAt: second.UnixMicro(), At: third.UnixMicro()}, {IssuedAt: first.UnixMicro(), At: third.Add(-time.Second).UnixMicro()},
	}}})
	record(store.NewKeyAccess(third, third.Add(time.Second), "192.0.2.4"), store.NewKeyAccess(first, third.Add(time.Minute), "192.0.2.5"))
	want("access after one more refresh", map[string]store.KeyAccess{
		"mk_1": {At: third.Add(time.Minute), Address: "192.0.2.5", Secrets: [2]store.SecretAccess{
			{IssuedAt: third.UnixMicro(), At: third.Add(time.Second).UnixMicro()}, {IssuedAt: second.UnixMicro(), At: third.UnixMicro()},
		}},
	})
	put(t, s, membership(load, ada, "mk_unused"))
	want("access of a revoked key", nil)
}

// accessesAreMerged has each connection use a secret of its own, many times.
func accessesAreMerged(t testing.TB, at place) {
	const servers, uses = 2, 20
	both := at.connectTwice(t)
	settle(t, both[0])
	put(t, both[0], membership(load, ada, "mk_1"))
	ref := store.KeyRef{TenantID: load, ClientID: "mk_1"}
	var want store.KeyAccess
	results := race(both, servers, func(s store.Store, i int) error {
		for n := range uses {
			use := store.NewKeyAccess(second(i+1), second(4).Add(time.Duration(uses*i+n)*time.Second), "192.0.2."+string(rune('1'+i)))
			if err := s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{ref: use}); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range servers {
		check(t, results[i])
		last := second(4).Add(time.Duration(uses*i+uses-1) * time.Second)
		want = want.Plus(store.NewKeyAccess(second(i+1), last, "192.0.2."+string(rune('1'+i))))
	}
	got, err := both[0].Accesses(t.Context(), load, []string{"mk_1"})
	check(t, err)
	equal(t, "access by both secrets", got, map[string]store.KeyAccess{"mk_1": want})
}
