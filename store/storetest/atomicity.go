package storetest

import (
	"context"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func atomicityCases() []testCase {
	return []testCase{
		{"events come with the change", eventsComeWithChange},
		{"events stay away with a refused change", eventsStayAway},
	}
}

// change is one way to write. It records the events that it is given, and refuses with err if there is one.
type change struct {
	name string
	run  func(ctx context.Context, s store.Store, events []policy.Event, err error) error
}

// changes lists all ways to write that go with events, each possible after settle.
func changes() []change {
	return []change{
		{"UpdateAccount", func(ctx context.Context, s store.Store, events []policy.Event, err error) error {
			return s.UpdateAccount(ctx, acme, func(a policy.Account) (policy.Account, []policy.Event, error) { return a, events, err })
		}},
		{"UpdateUser", func(ctx context.Context, s store.Store, events []policy.Event, err error) error {
			return s.UpdateUser(ctx, acme, ada, func(u policy.User) (policy.User, []policy.Event, error) { return u, events, err })
		}},
		{"UpdateMembership", func(ctx context.Context, s store.Store, events []policy.Event, err error) error {
			return s.UpdateMembership(ctx, load, ada, func(policy.Membership) (policy.Membership, []policy.Event, error) {
				return membership(load, ada, "mk_1"), events, err
			})
		}},
		{"UpdateMembership to nothing", func(ctx context.Context, s store.Store, events []policy.Event, err error) error {
			return s.UpdateMembership(ctx, load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m, _ = m.Removed()
				return m, events, err
			})
		}},
	}
}

func eventsComeWithChange(t testing.TB, at place) {
	s := at.connect(t)
	ctx := t.Context()
	want := []policy.Event{event(acme, "", 0)}
	check(t, s.CreateAccount(ctx, account(acme), want[0]))
	next := func(tenantID string) []policy.Event {
		e := []policy.Event{event(acme, tenantID, 2*len(want)), event(acme, "", 2*len(want)+1)}
		want = append([]policy.Event{e[1], e[0]}, want...)
		return e
	}
	check(t, s.CreateTenant(ctx, tenant(t, acme, load), next(load)...))
	check(t, s.CreateUser(ctx, user(acme, ada), next("")...))
	for _, c := range changes() {
		check(t, c.run(ctx, s, next(load), nil))
	}
	check(t, s.DeleteUser(ctx, acme, ada, next("")...))
	got, err := s.Events(ctx, acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events", got, want)
}

func eventsStayAway(t testing.TB, at place) {
	s := at.connect(t)
	writeInVain(t, s, event(acme, load, 1), event(acme, "", 2))
	got, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events", got, nil)
}

// writeInVain tries everything that is refused.
func writeInVain(t testing.TB, s store.Store, e ...policy.Event) {
	t.Helper()
	ctx := t.Context()
	settle(t, s)
	wantError(t, s.CreateAccount(ctx, account(acme), e...), store.ErrExists)
	wantError(t, s.CreateTenant(ctx, tenant(t, acme, load), e...), store.ErrExists)
	wantError(t, s.CreateUser(ctx, user(acme, ada), e...), store.ErrExists)
	wantError(t, s.CreateUser(ctx, withEmail(user(acme, bob), "ada@example.com"), e...), store.ErrEmailTaken)
	wantError(t, s.DeleteUser(ctx, acme, bob, e...), store.ErrNotFound)
	check(t, s.CreateUser(ctx, user(acme, bob)))
	wantError(t, s.UpdateUser(ctx, acme, bob, func(u policy.User) (policy.User, []policy.Event, error) {
		return withEmail(u, "ada@example.com"), e, nil
	}), store.ErrEmailTaken)
	for _, c := range changes() {
		wantRefused(t, c.run(ctx, s, e, errRefused))
	}
}
