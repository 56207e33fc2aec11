package storetest_test

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

func moveTwins() []twin {
	inTwoSteps := func(s store.Store) store.Store { return movesInTwoSteps{s} }
	return []twin{
		{"key moves whole", "moves in two steps, and forgets the last access", inTwoSteps},
		{"key moves back, and goes", "moves nothing", func(s store.Store) store.Store { return movesNothing{s} }},
		{"move that is refused changes nothing", "moves all the same", func(s store.Store) store.Store { return movesWhatIsRefused{s} }},
		{"move to nobody is refused", "makes members", func(s store.Store) store.Store { return movesToAnybody{s} }},
		{"key that moves has an owner all the while", "moves in two steps", inTwoSteps},
		{"race of moves, creates, revocations and departures keeps each key once", "copies", func(s store.Store) store.Store {
			return copies{s}
		}},
	}
}

type movesNothing struct{ store.Store }

func (movesNothing) MoveKey(context.Context, string, string, string, string, store.KeyMove) error {
	return nil
}

// read returns both memberships as they are now.
func read(ctx context.Context, s store.Store, tenantID, fromID, toID string) (from, to policy.Membership, err error) {
	if from, err = s.Membership(ctx, tenantID, fromID); err == nil {
		to, err = s.Membership(ctx, tenantID, toID)
	}
	return from, to, err
}

func write(ctx context.Context, s store.Store, m policy.Membership, events []policy.Event) error {
	return s.UpdateMembership(ctx, m.TenantID, m.UserID, func(policy.Membership) (policy.Membership, []policy.Event, error) {
		return m, events, nil
	})
}

type movesInTwoSteps struct{ store.Store }

func (b movesInTwoSteps) MoveKey(ctx context.Context, tenantID, _, fromID, toID string, change store.KeyMove) error {
	from, to, err := read(ctx, b.Store, tenantID, fromID, toID)
	if err != nil {
		return err
	}
	from, to, events, err := change(from, to)
	if err != nil {
		return err
	}
	if err := write(ctx, b.Store, from, events); err != nil {
		return err
	}
	return write(ctx, b.Store, to, nil)
}

type copies struct{ store.Store }

func (b copies) MoveKey(ctx context.Context, tenantID, _, fromID, toID string, change store.KeyMove) error {
	from, to, err := read(ctx, b.Store, tenantID, fromID, toID)
	if err != nil {
		return err
	}
	_, to, events, err := change(from, to)
	if err != nil {
		return err
	}
	return write(ctx, b.Store, to, events)
}

type movesWhatIsRefused struct{ store.Store }

func (b movesWhatIsRefused) MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change store.KeyMove) error {
	err := b.Store.MoveKey(ctx, tenantID, clientID, fromID, toID, change)
	if err == nil {
		return nil
	}
	return b.Store.MoveKey(ctx, tenantID, clientID, fromID, toID,
		func(from, to policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
			key, err := from.Key(clientID)
			if err != nil {
				return from, to, nil, err
			}
			to.Keys = append(to.Keys, key)
			from, err = from.WithoutKey(clientID)
			return from, to, nil, err
		})
}

type movesToAnybody struct{ store.Store }

func (b movesToAnybody) MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change store.KeyMove) error {
	if change != nil {
		_ = b.UpdateMembership(ctx, tenantID, toID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Role = policy.RoleMember
			return m, nil, nil
		})
	}
	return b.Store.MoveKey(ctx, tenantID, clientID, fromID, toID, change)
}
