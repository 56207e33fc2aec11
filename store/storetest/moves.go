package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func moveCases() []testCase {
	return []testCase{
		{"key moves whole", keyMovesWhole},
		{"key moves back, and goes", keyMovesBackAndGoes},
		{"move that is refused changes nothing", moveRefused},
		{"move to nobody is refused", moveToNobody},
		{"key that moves has an owner all the while", keyThatMovesHasAnOwner},
		{"race of moves, creates, revocations and departures keeps each key once", raceOfMoves},
	}
}

// passes moves a key under the rule that nobody has more than policy.MaxKeys.
func passes(s store.Store, t testing.TB, clientID, from, to string, events ...policy.Event) error {
	return s.MoveKey(t.Context(), load, clientID, from, to,
		func(from, to policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
			key, err := from.Key(clientID)
			if err != nil {
				return from, to, nil, err
			}
			if to, err = to.WithKey(key, policy.DefaultExpirationPolicy(day(0)), day(5)); err != nil {
				return from, to, nil, err
			}
			from, err = from.WithoutKey(clientID)
			return from, to, events, err
		})
}

func keyMovesWhole(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1", "mk_2"))
	put(t, s, membership(load, bob))
	check(t, s.RecordAccess(t.Context(), map[store.KeyRef]store.KeyAccess{{TenantID: load, ClientID: "mk_1"}: used(second(5))}))
	wantOwner(t, s, "mk_1", load, ada)
	since, err := s.MembershipChanges(t.Context(), load, "")
	check(t, err)
	check(t, passes(s, t, "mk_1", ada, bob, event(acme, load, 1)))

	for userID, want := range map[string]policy.Membership{ada: membership(load, ada, "mk_2"), bob: membership(load, bob, "mk_1")} {
		got, err := s.Membership(t.Context(), load, userID)
		check(t, err)
		equal(t, "membership of "+userID, got, want)
	}
	wantOwner(t, s, "mk_1", load, bob)
	wantOwner(t, s, "mk_2", load, ada)
	events, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "events", len(events), 1)
	accesses, err := s.AccessTimes(t.Context(), load, []string{"mk_1"})
	check(t, err)
	equal(t, "last access", len(accesses), 1)
	issued, err := s.KeysByIssue(t.Context(), acme, store.DatedKey{}, farOff(), 10)
	check(t, err)
	var order []string
	for _, key := range issued {
		order = append(order, key.UserID+" "+key.ClientID)
	}
	equal(t, "order of issue", order, []string{ada + " mk_2", bob + " mk_1"})
	found, err := s.KeysByDigestPrefix(t.Context(), digestOf(membership(load, bob, "mk_1"), 0, 0))
	check(t, err)
	if !slices.Contains(found, "mk_1") {
		t.Errorf("by its digest the key is found at %v", found)
	}
	changes, err := s.MembershipChanges(t.Context(), load, since.Version)
	check(t, err)
	slices.Sort(changes.IDs)
	equal(t, "users in the feed of changes", slices.Compact(changes.IDs), []string{ada, bob})
}

func keyMovesBackAndGoes(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	put(t, s, membership(load, bob))
	for range 2 {
		check(t, passes(s, t, "mk_1", ada, bob))
		wantOwner(t, s, "mk_1", load, bob)
		wantError(t, passes(s, t, "mk_1", ada, bob), policy.ErrKeyNotFound)
		check(t, passes(s, t, "mk_1", bob, ada))
		wantOwner(t, s, "mk_1", load, ada)
	}
	check(t, passes(s, t, "mk_1", ada, bob))
	remove(t, s, load, ada)
	wantOwner(t, s, "mk_1", load, bob)
	remove(t, s, load, bob)
	_, err := s.SubjectByClientID(t.Context(), "mk_1")
	wantError(t, err, store.ErrNotFound)
	// What was kept of the move does not pass to a later key.
	put(t, s, membership(load, ada, "mk_1"))
	wantOwner(t, s, "mk_1", load, ada)
	accesses, err := s.AccessTimes(t.Context(), load, []string{"mk_1"})
	check(t, err)
	equal(t, "last access of a later key", len(accesses), 0)
}

func moveRefused(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	put(t, s, membership(load, bob, "mk_2", "mk_3"))
	wantError(t, passes(s, t, "mk_1", ada, bob), policy.ErrKeyLimit)
	wantRefused(t, s.MoveKey(t.Context(), load, "mk_1", ada, bob,
		func(_, _ policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
			return membership(load, ada), membership(load, bob, "mk_1", "mk_2"), nil, errRefused
		}))
	for name, after := range map[string][2]policy.Membership{
		"a key is lost":  {membership(load, ada), membership(load, bob, "mk_1", "mk_2")},
		"a key is added": {membership(load, ada, "mk_4"), membership(load, bob, "mk_1", "mk_2", "mk_3")},
		"nothing moves":  {membership(load, ada, "mk_1"), membership(load, bob, "mk_2", "mk_3")},
		"it stays, too":  {membership(load, ada, "mk_1"), membership(load, bob, "mk_1", "mk_2", "mk_3")},
	} {
		err := s.MoveKey(t.Context(), load, "mk_1", ada, bob,
			func(_, _ policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
				return after[0], after[1], nil, nil
			})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	wantOwner(t, s, "mk_1", load, ada)
	got, err := s.Membership(t.Context(), load, bob)
	check(t, err)
	equal(t, "membership", got, membership(load, bob, "mk_2", "mk_3"))
}

func moveToNobody(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	put(t, s, membership(load, ada, "mk_1"))
	check(t, s.CreateUser(t.Context(), user(acme, bob)))
	wantError(t, passes(s, t, "mk_1", ada, bob), policy.ErrNotMember)
	wantError(t, passes(s, t, "mk_1", ada, "nobody"), policy.ErrNotMember)
	wantError(t, s.MoveKey(t.Context(), "nowhere", "mk_1", ada, bob, nil), store.ErrNotFound)
	put(t, s, membership(load, "ghost"))
	check(t, s.DeleteUser(t.Context(), acme, "ghost"))
	wantError(t, passes(s, t, "mk_1", ada, "ghost"), store.ErrNotFound)
	wantOwner(t, s, "mk_1", load, ada)
}

func keyThatMovesHasAnOwner(t testing.TB, at place) {
	both := at.connectTwice(t)
	settle(t, both[0])
	put(t, both[0], membership(load, ada, "mk_1"))
	put(t, both[0], membership(load, bob))
	const rounds, readers = 50, 3
	moved := make(chan struct{})
	read := func(s store.Store) error {
		for {
			select {
			case <-moved:
				return nil
			default:
				if _, err := s.SubjectByClientID(t.Context(), "mk_1"); err != nil {
					return err
				}
			}
		}
	}
	results := race(both, readers+1, func(s store.Store, i int) error {
		if i > 0 {
			return read(s)
		}
		defer close(moved)
		owners := [2]string{ada, bob}
		for round := range rounds {
			if err := passes(s, t, "mk_1", owners[round%2], owners[1-round%2]); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "moves and reads that succeeded", count(t, results, nil), readers+1)
}

// raceOfMoves has people of two keys at most pass keys around while others make and revoke some, and one leaves and comes back.
func raceOfMoves(t testing.TB, at place) {
	both := at.connectTwice(t)
	s := both[0]
	settle(t, s)
	people := []string{ada, bob, "eve"}
	for _, id := range people {
		put(t, s, membership(load, id, "mk_of_"+id))
	}
	expected := func(err error) bool {
		return err == nil || errors.Is(err, policy.ErrKeyLimit) || errors.Is(err, policy.ErrKeyNotFound) ||
			errors.Is(err, policy.ErrNotMember) || errors.Is(err, store.ErrNotFound)
	}
	const n = 60
	results := race(both, n, func(s store.Store, i int) error {
		from, to := people[i%3], people[(i/3+i+1)%3]
		change := func(edit func(policy.Membership) (policy.Membership, error)) error {
			return s.UpdateMembership(t.Context(), load, from, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m, err := edit(m)
				return m, nil, err
			})
		}
		switch {
		case i%10 == 7:
			return change(func(m policy.Membership) (policy.Membership, error) {
				return m.WithKey(accessKey(fmt.Sprint("mk_", i)), policy.DefaultExpirationPolicy(day(0)), day(5))
			})
		case i%10 == 8:
			return change(func(m policy.Membership) (policy.Membership, error) { return m.WithoutKey("mk_of_" + people[i/10%3]) })
		case i == 30:
			if err := change(func(m policy.Membership) (policy.Membership, error) { m, _ = m.Removed(); return m, nil }); err != nil {
				return err
			}
			return change(func(m policy.Membership) (policy.Membership, error) { return m.WithRole(policy.RoleMember, day(5)) })
		case from == to:
			return nil
		default:
			return passes(s, t, "mk_of_"+people[i%7%3], from, to)
		}
	})
	held := map[string]string{}
	for _, id := range people {
		m, err := s.Membership(t.Context(), load, id)
		check(t, err)
		if len(m.Keys) > policy.MaxKeys {
			t.Errorf("%s has %d keys", id, len(m.Keys))
		}
		for _, key := range m.Keys {
			if other, twice := held[key.ClientID]; twice {
				t.Errorf("%s is held by %s and by %s", key.ClientID, other, id)
			}
			held[key.ClientID] = id
			wantOwner(t, s, key.ClientID, load, id)
		}
	}
	for i, err := range results {
		if !expected(err) {
			t.Errorf("%d: %v", i, err)
		}
	}
	issued, err := s.KeysByIssue(t.Context(), acme, store.DatedKey{}, farOff(), 100)
	check(t, err)
	inOrder := map[string]string{}
	for _, key := range issued {
		inOrder[key.ClientID] = key.UserID
	}
	equal(t, "owners by the order of issue", inOrder, held)
}
