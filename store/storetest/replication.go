package storetest

import (
	"context"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func replicationCases() []testCase {
	return []testCase{
		{"without replicas all is confirmed", allConfirmed},
		{"confirming changes nothing", confirmingChangesNothing},
		{"a change is made without confirmation", madeWithoutConfirmation},
		{"cancelled confirmation", cancelledConfirmation},
	}
}

// grow gives ada in "load" one key.
func grow(ctx context.Context, s store.Store) error {
	return s.UpdateMembership(ctx, load, ada, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		return membership(load, ada, "mk_1"), []policy.Event{event(acme, load, 3)}, nil
	})
}

func allConfirmed(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	for _, tenantID := range []string{load, "unknown", ""} {
		check(t, s.Confirm(t.Context(), tenantID))
	}
	check(t, store.ConfirmOnce(t.Context(), func(ctx context.Context) error {
		if err := grow(ctx, s); err != nil {
			return err
		}
		return s.Confirm(ctx, load)
	}))
	check(t, s.ForgetReplicas(t.Context()))
	check(t, s.ForgetReplicas(t.Context()))
	check(t, s.Confirm(t.Context(), load))
	check(t, grow(t.Context(), s))
}

func confirmingChangesNothing(t testing.TB, at place) {
	s := at.connect(t)
	Populate(t, s)
	before := Everything(t, s)
	for _, tenantID := range []string{load, "unknown", ""} {
		check(t, s.Confirm(t.Context(), tenantID))
	}
	equal(t, "everything once it is confirmed", Everything(t, s), before)
	check(t, s.ForgetReplicas(t.Context()))
	equal(t, "everything once replicas are forgotten", Everything(t, s), before)
}

// What need not be confirmed, or follows something that was not, is made all the same.
func madeWithoutConfirmation(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	check(t, grow(store.WithoutConfirmation(t.Context()), s))
	got, err := s.Membership(t.Context(), load, ada)
	check(t, err)
	equal(t, "the membership", got, membership(load, ada, "mk_1"))
	events, err := s.Events(t.Context(), acme, store.EventsQuery{Limit: 10})
	check(t, err)
	equal(t, "how many events", len(events), 1)
	err = store.ConfirmOnce(t.Context(), func(ctx context.Context) error {
		store.LeaveUnconfirmed(ctx)
		return s.CreateUser(ctx, user(acme, bob))
	})
	wantError(t, err, store.ErrUnconfirmed)
	_, err = s.User(t.Context(), acme, bob)
	check(t, err)
}

func cancelledConfirmation(t testing.TB, at place) {
	s := at.connect(t)
	settle(t, s)
	wantError(t, s.Confirm(cancelled(t), load), context.Canceled)
	wantError(t, s.Confirm(cancelled(t), ""), context.Canceled)
	wantError(t, s.ForgetReplicas(cancelled(t)), context.Canceled)
}
