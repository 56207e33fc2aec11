package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func feedCases() []testCase {
	return []testCase{
		{"changes name whose membership changed", changesNameMembers},
		{"changes name which user changed", changesNameUsers},
		{"changes are of one tenant and of one account", changesAreApart},
		{"changes since an unknown version", changesSinceUnknown},
		{"changes since before a reopening", changesSinceReopening},
		{"changes are forgotten when there are many", changesAreForgotten},
		{"changes are told before anybody sees them", changesComeFirst},
	}
}

// follower remembers how far it has asked a feed.
type follower struct {
	ask   func(ctx context.Context, since store.Version) (store.Changes, error)
	since store.Version
}

// ofMembers follows the tenant load.
func ofMembers(s store.Store) *follower {
	return &follower{ask: func(ctx context.Context, since store.Version) (store.Changes, error) {
		return s.MembershipChanges(ctx, load, since)
	}}
}

func ofUsers(s store.Store, accountID string) *follower {
	return &follower{ask: func(ctx context.Context, since store.Version) (store.Changes, error) {
		return s.UserChanges(ctx, accountID, since)
	}}
}

// next returns who has changed since the last time, sorted, and whether that is all.
func (f *follower) next(t testing.TB) (ids []string, complete bool) {
	t.Helper()
	changes, err := f.ask(t.Context(), f.since)
	check(t, err)
	f.since = changes.Version
	slices.Sort(changes.IDs)
	return slices.Compact(changes.IDs), changes.Complete
}

func (f *follower) want(t testing.TB, after string, want ...string) {
	t.Helper()
	got, complete := f.next(t)
	equal(t, "changes after "+after, got, want)
	equal(t, "changes after "+after+" are complete", complete, true)
}

func (f *follower) wantIncomplete(t testing.TB, after string) {
	t.Helper()
	got, complete := f.next(t)
	equal(t, "changes after "+after, got, nil)
	equal(t, "changes after "+after+" are complete", complete, false)
}

func changesNameMembers(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, feed := both[0], ofMembers(both[1])
	settle(t, s)
	feed.wantIncomplete(t, "the start")
	feed.want(t, "nothing")
	put(t, s, membership(load, ada))
	feed.want(t, "the first join", ada)
	feed.want(t, "nothing")
	put(t, s, membership(load, ada, "mk_1"))
	put(t, s, membership(load, bob))
	feed.want(t, "a new key and a join", ada, bob)
	check(t, both[1].UpdateMembership(t.Context(), load, bob, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleTenantAdmin
		return m, nil, nil
	}))
	feed.want(t, "another role", bob)
	remove(t, s, load, ada)
	feed.want(t, "a removal", ada)
	put(t, s, membership(load, ada))
	feed.want(t, "a return", ada)
}

func changesNameUsers(t testing.TB, at place) {
	both := at.connectTwice(t)
	s, feed := both[0], ofUsers(both[1], acme)
	check(t, s.CreateAccount(t.Context(), account(acme)))
	feed.wantIncomplete(t, "the start")
	feed.want(t, "nothing")
	check(t, s.CreateUser(t.Context(), user(acme, ada)))
	feed.want(t, "the first user", ada)
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	feed.want(t, "another user", bob)
	for _, edit := range []func(*policy.User){
		func(u *policy.User) { u.Name = "Renamed" },
		func(u *policy.User) { u.Email = "moved@example.com" },
	} {
		check(t, s.UpdateUser(t.Context(), acme, ada, func(u policy.User) (policy.User, []policy.Event, error) {
			edit(&u)
			return u, nil, nil
		}))
		feed.want(t, "an edit", ada)
	}
	check(t, s.DeleteUser(t.Context(), acme, bob))
	feed.want(t, "a deletion", bob)
}

func changesAreApart(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, s.CreateAccount(t.Context(), account(other)))
	check(t, s.CreateTenant(t.Context(), tenant(t, acme, load+"-1")))
	put(t, s, membership(load, ada))
	members, users := ofMembers(s), ofUsers(s, acme)
	members.wantIncomplete(t, "the start")
	users.wantIncomplete(t, "the start")
	put(t, s, membership(load+"-1", ada))
	check(t, s.CreateUser(t.Context(), user(other, "eve")))
	members.want(t, "a join elsewhere")
	users.want(t, "a user elsewhere")
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	members.want(t, "a user")
	put(t, s, membership(load, bob))
	users.want(t, "a join", bob)
}

func changesSinceUnknown(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada))
	for _, unknown := range []store.Version{"", "nonsense", "/", "1-1", "99999999999999-0"} {
		for _, feed := range []*follower{ofMembers(s), ofUsers(s, acme)} {
			feed.since = unknown
			feed.wantIncomplete(t, fmt.Sprintf("the version %q", unknown))
			feed.want(t, "nothing")
		}
	}
}

func changesSinceReopening(t testing.TB, at place) {
	s := at.open()
	settle(t, s)
	put(t, s, membership(load, ada))
	before := ofMembers(s)
	before.wantIncomplete(t, "the start")
	put(t, s, membership(load, ada, "mk_1"))
	check(t, s.Close())
	s = at.connect(t)
	put(t, s, membership(load, bob))
	feed := ofMembers(s)
	feed.since = before.since
	if ids, complete := feed.next(t); complete {
		equal(t, "changes since before the reopening", ids, []string{ada, bob})
	}
}

func changesAreForgotten(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	feed, old := ofMembers(s), ofMembers(s)
	feed.wantIncomplete(t, "the start")
	old.wantIncomplete(t, "the start")
	feed.want(t, "many joins", joinMany(t, s, "a", store.ChangesKept)...)
	joinMany(t, s, "b", store.ChangesKept+100)
	old.wantIncomplete(t, "more joins than are kept")
	put(t, s, membership(load, ada))
	old.want(t, "another join", ada)
}

// joinMany makes members, and returns their IDs in order.
func joinMany(t testing.TB, s store.Store, prefix string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	eachAtOnce(n, func(i int) {
		ids[i] = fmt.Sprintf("%s%05d", prefix, i)
		admit(t, s, acme, ids[i])
		err := s.UpdateMembership(t.Context(), load, ids[i], func(policy.Membership) (policy.Membership, []policy.Event, error) {
			return membership(load, ids[i]), nil, nil
		})
		if err != nil {
			t.Errorf("join: %v", err)
		}
	})
	return ids
}

// eachAtOnce does n things, many at once, because a store takes the changes of many writers together.
func eachAtOnce(n int, do func(i int)) {
	var all sync.WaitGroup
	const writers = 50
	for w := range writers {
		all.Go(func() {
			for i := w; i < n; i += writers {
				do(i)
			}
		})
	}
	all.Wait()
}

// changesComeFirst holds a copy that follows the feed against what was read before the feed was asked.
func changesComeFirst(t testing.TB, at place) {
	both := at.connectTwice(t)
	settle(t, both[0])
	const labels = 200
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; n < labels && !t.Failed(); n++ {
			m := membership(load, ada, "mk_1")
			m.Keys[0].Label = fmt.Sprintf("%03d", n)
			err := both[0].UpdateMembership(t.Context(), load, ada, func(policy.Membership) (policy.Membership, []policy.Event, error) {
				return m, nil, nil
			})
			if err != nil {
				t.Errorf("write: %v", err)
			}
		}
	})
	defer writer.Wait()
	s, feed := both[1], ofMembers(both[1])
	feed.wantIncomplete(t, "the start")
	copied := labelOf(t, s) // as after every answer that is incomplete: the writer may already have begun
	for last := fmt.Sprintf("%03d", labels-1); copied != last && !t.Failed(); {
		seen := labelOf(t, s)
		if ids, complete := feed.next(t); !complete || len(ids) > 0 {
			copied = labelOf(t, s)
		}
		if copied < seen {
			t.Errorf("the copy is at %q although %q was read before the feed was asked", copied, seen)
		}
	}
}

func labelOf(t testing.TB, s store.Store) string {
	t.Helper()
	found, err := s.MembershipsByID(t.Context(), load, []string{ada})
	check(t, err)
	if m, ok := found[ada]; ok {
		return m.Keys[0].Label
	}
	return ""
}
