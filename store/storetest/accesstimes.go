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
	}
}

// second is a day without a fraction: a store need not keep more of an access time.
func second(n int) time.Time { return day(n).Truncate(time.Second) }

func accessTimesAreKept(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	put(t, s, membership(load, ada, "mk_1", "x-2.3_4@example.com", "mk_unused"))
	put(t, s, membership("perf", ada, "mk_3"))
	check(t, s.RecordAccess(t.Context(), nil))
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]time.Time{
		{TenantID: load, ClientID: "mk_1"}:                second(1),
		{TenantID: load, ClientID: "x-2.3_4@example.com"}: second(2),
		{TenantID: "perf", ClientID: "mk_3"}:              second(3),
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
		check(t, s.RecordAccess(t.Context(), map[store.KeyRef]time.Time{{TenantID: load, ClientID: "mk_1"}: step.record}))
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
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]time.Time{
		{TenantID: load, ClientID: "mk_1"}: second(5),
		{TenantID: load, ClientID: "mk_2"}: second(5),
	}))
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "membership", got, want)
	_, err = s.SubjectByClientID(t.Context(), "mk_2")
	wantError(t, err, store.ErrNotFound)
}
