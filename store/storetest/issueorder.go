package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func issueOrderCases() []testCase {
	return []testCase{
		{"keys by issue are in order, by account", issueOrderIsKept},
		{"keys by issue in pages", issueOrderInPages},
		{"keys by issue until a time", issueOrderUntil},
		{"each key by issue", eachByIssue},
		{"keys by issue follow the membership", issueOrderFollows},
		{"race of 12 creates leaves two keys by issue", func(t testing.TB, at place) { racingIssues(t, at, 12) }},
		{"race of 100 creates leaves two keys by issue", func(t testing.TB, at place) { racingIssues(t, at, 100) }},
	}
}

// issued is a membership whose keys were all issued at one time.
func issued(at time.Time, tenantID, userID string, clientIDs ...string) policy.Membership {
	m := membership(tenantID, userID, clientIDs...)
	for i := range m.Keys {
		m.Keys[i].Secrets[0].IssuedAt = at
	}
	return m
}

func wantByIssue(t testing.TB, s store.KeyOrders, want ...store.DatedKey) {
	t.Helper()
	got, err := s.KeysByIssue(t.Context(), acme, store.DatedKey{}, farOff(), 1000)
	check(t, err)
	equal(t, "keys by issue", got, want)
}

// issueKeys makes keys of two accounts, some at one instant, and returns those of acme in order. The IDs are such that joining
// them by a hyphen, a slash or nothing would sort them otherwise.
func issueKeys(t testing.TB, s store.Store) []store.DatedKey {
	t.Helper()
	settle(t, s)
	order := []store.DatedKey{
		{At: time.Time{}, TenantID: "perf", UserID: ada, ClientID: "mk_zero"},
		{At: time.Date(1815, 12, 10, 0, 0, 0, 1, time.UTC), TenantID: load, UserID: ada, ClientID: "mk_old"},
		{At: time.Unix(-1, 999999999).UTC(), TenantID: load, UserID: bob, ClientID: "mk_1969"},
		{At: time.Unix(0, 0).UTC(), TenantID: load, UserID: "ada-1", ClientID: "mk_1970"},
		{At: day(1), TenantID: load, UserID: ada, ClientID: "mk_2"},
		{At: day(1), TenantID: load, UserID: ada, ClientID: "mk_20"},
		{At: day(1), TenantID: load, UserID: ada, ClientID: "x-3@example.com"},
		{At: day(1), TenantID: load, UserID: "ada-1", ClientID: "mk_1"},
		{At: day(1), TenantID: load + "-1", UserID: ada, ClientID: "mk_0"},
		{At: day(1).Add(time.Nanosecond), TenantID: load, UserID: bob, ClientID: "mk_ns"},
		{At: day(1).Add(time.Second), TenantID: load, UserID: ada, ClientID: "mk_s"},
		{At: day(300), TenantID: load, UserID: ada, ClientID: "mk_late"},
	}
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, load+"-1")))
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, "perf")))
	members := map[[2]string]policy.Membership{}
	for i := range order {
		key := order[(i*5+3)%len(order)] // in disorder
		name := [2]string{key.TenantID, key.UserID}
		m, ok := members[name]
		if !ok {
			m = membership(key.TenantID, key.UserID)
		}
		m.Keys = append(m.Keys, issued(key.At, key.TenantID, key.UserID, key.ClientID).Keys...)
		members[name] = m
	}
	for _, m := range members {
		put(t, s, m)
	}
	for _, id := range []string{acme + "-1", other} {
		check(t, s.CreateAccount(t.Context(), account(id)))
		check(t, s.CreateTenant(t.Context(), tenant(t, id, "of-"+id)))
		elsewhere := issued(day(1), "of-"+id, ada+"-of-"+id, "mk_"+id)
		elsewhere.AccountID = id
		put(t, s, elsewhere)
	}
	return order
}

func issueOrderIsKept(t testing.TB, at place) {
	s := at.connect(t)
	wantByIssue(t, s, issueKeys(t, s)...)
	got, err := s.KeysByIssue(t.Context(), "nobody", store.DatedKey{}, farOff(), 10)
	check(t, err)
	equal(t, "keys of no account", got, nil)
}

func issueOrderInPages(t testing.TB, at place) {
	s := at.connect(t)
	want := issueKeys(t, s)
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []store.DatedKey
		for after := (store.DatedKey{}); ; after = got[len(got)-1] {
			page, err := s.KeysByIssue(t.Context(), acme, after, farOff(), limit)
			check(t, err)
			if len(page) > limit || len(got) > len(want) {
				t.Fatalf("pages of %d give too much: %d after %d", limit, len(page), len(got))
			}
			got = append(got, page...)
			if len(page) < limit {
				break
			}
		}
		equal(t, "keys in pages", got, want)
	}
	// A place need not be one of a key: that may have been revoked since.
	for i, after := range want {
		after.ClientID += "!"
		got, err := s.KeysByIssue(t.Context(), acme, after, farOff(), 100)
		check(t, err)
		equal(t, "keys after one that is gone", got, want[i+1:])
	}
}

// eachByIssue goes over keys in no order, also of a tenant with more than are read at once.
func eachByIssue(t testing.TB, at place) {
	s := at.connect(t)
	all := issueKeys(t, s)
	each := func(from, until time.Time) (found []store.DatedKey) {
		t.Helper()
		check(t, s.EachKeyByIssue(t.Context(), acme, from, until, func(key store.DatedKey) error {
			found = append(found, key)
			return nil
		}))
		slices.SortFunc(found, func(a, b store.DatedKey) int { return slices.Index(all, a) - slices.Index(all, b) })
		return found
	}
	equal(t, "all keys", each(time.Time{}, farOff()), all)
	equal(t, "keys of one instant", each(day(1), day(1)), all[4:9])
	equal(t, "keys from a time", each(day(1).Add(1), farOff()), all[9:])
	equal(t, "keys up to a time", each(time.Time{}, day(1).Add(-1)), all[:4])
	stop := errors.New("stop")
	if err := s.EachKeyByIssue(t.Context(), acme, time.Time{}, farOff(), func(store.DatedKey) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of the visitor is lost: %v", err)
	}
	check(t, s.EachKeyByIssue(t.Context(), "nobody", time.Time{}, farOff(), func(store.DatedKey) error { return stop }))

	const many = 5003 // more than a store reads at once
	m := membership(load, bob)
	for i := range many {
		m.Keys = append(m.Keys, issued(day(400).Add(time.Duration(i)), load, bob, fmt.Sprint("mk_many", i)).Keys...)
	}
	put(t, s, m)
	if found := each(day(400), farOff()); len(found) != many {
		t.Errorf("%d of %d keys were visited", len(found), many)
	}
}

func issueOrderUntil(t testing.TB, at place) {
	s := at.connect(t)
	all := issueKeys(t, s)
	for _, row := range []struct {
		name         string
		after, until int // indexes of all
		early        time.Duration
		want         []store.DatedKey
	}{
		{"the very instant of several", 0, 8, 0, all[1:9]},
		{"a nanosecond before them", 0, 8, time.Nanosecond, all[1:4]},
		{"a nanosecond after them", 5, 9, 0, all[6:10]},
		{"before 1970", 0, 2, 0, all[1:3]},
		{"before the place", 10, 3, 0, nil},
	} {
		got, err := s.KeysByIssue(t.Context(), acme, all[row.after], all[row.until].At.Add(-row.early), 100)
		check(t, err)
		equal(t, row.name, got, row.want)
	}
	got, err := s.KeysByIssue(t.Context(), acme, store.DatedKey{}, time.Time{}, 100)
	check(t, err)
	equal(t, "until the zero time", got, all[:1])
}

func issueOrderFollows(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	key := func(clientID string, n int) store.DatedKey {
		return store.DatedKey{At: day(n), TenantID: load, UserID: ada, ClientID: clientID}
	}
	put(t, s, membership(load, ada))
	wantByIssue(t, s)
	first, second := issued(day(1), load, ada, "mk_1"), issued(day(2), load, ada, "mk_1", "mk_2")
	put(t, s, first)
	wantByIssue(t, s, key("mk_1", 1))
	second.Keys[0] = first.Keys[0]
	put(t, s, second)
	wantByIssue(t, s, key("mk_1", 1), key("mk_2", 2))

	refresh := func(refused error) error {
		return s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRefreshedKey("mk_1", policy.Secret{}, policy.Refresh{Overlap: time.Hour}, nil, day(9))
			check(t, err)
			return m, nil, refused
		})
	}
	wantRefused(t, refresh(errRefused))
	wantByIssue(t, s, key("mk_1", 1), key("mk_2", 2))
	check(t, refresh(nil))
	wantByIssue(t, s, key("mk_2", 2), key("mk_1", 9))

	check(t, s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithoutKey("mk_2")
		return m, nil, err
	}))
	wantByIssue(t, s, key("mk_1", 9))
	check(t, s.UpdateMembership(t.Context(), load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = "" // the keys are left in: they go all the same
		return m, nil, nil
	}))
	wantByIssue(t, s)
}

func racingIssues(t testing.TB, at place, n int) {
	both := at.connectTwice(t)
	s := both[0]
	raceCreates(t, both, n)
	m, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	var want []string
	for _, key := range m.Keys {
		want = append(want, key.ClientID)
	}
	keys, err := both[1].KeysByIssue(t.Context(), acme, store.DatedKey{}, farOff(), 1000)
	check(t, err)
	var got []string
	for _, key := range keys {
		got = append(got, key.ClientID)
	}
	equal(t, "keys by issue", len(got), policy.MaxKeys)
	slices.Sort(want)
	equal(t, "keys by issue", got, want)
}
