package storetest_test

import (
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

func belongingTwins() []twin {
	return []twin{
		{"user ID is never used twice", "pretends success", func(s store.Store) store.Store { return pretendsUser{s, store.ErrIDUsed} }},
		{"user ID is never used twice", "calls every ID used", func(s store.Store) store.Store { return callsAllUsed{s} }},
		{"user ID used in another store stays used in a copy", "adds nothing", func(s store.Store) store.Store { return addsNoIDs{s} }},
		{"race of creations and deletions of one ID makes one user", "pretends success", func(s store.Store) store.Store {
			return pretendsUser{s, store.ErrExists}
		}},
		{"membership of nobody is refused", "pretends success", func(s store.Store) store.Store { return pretendsMembership{s} }},
		{"membership of nobody is refused", "shows nothing of what is left", func(s store.Store) store.Store { return hidesLeftovers{s} }},
		{"membership begins with the generation of its user", "begins without", func(s store.Store) store.Store { return withoutGeneration{s} }},
		{"membership of an earlier user is none", "does not compare", func(s store.Store) store.Store { return mixesUsers{s} }},
		{"race of joins with a deletion leaves nobody", "lists tenants for ever", func(s store.Store) store.Store { return listsForEver{s} }},
		{"users by address, of all accounts", "finds the first", func(s store.Store) store.Store { return findsFirst{s} }},
	}
}

type callsAllUsed struct{ store.Store }

func (b callsAllUsed) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	err := b.Store.CreateUser(ctx, u, events...)
	if errors.Is(err, store.ErrExists) {
		return store.ErrIDUsed
	}
	return err
}

type addsNoIDs struct{ store.Store }

func (addsNoIDs) AddUsedIDs(context.Context, ...string) error { return nil }

type pretendsMembership struct{ store.Store }

func (b pretendsMembership) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return unless(b.Store.UpdateMembership(ctx, tenantID, userID, change), store.ErrNotFound)
}

type hidesLeftovers struct{ store.Store }

func (b hidesLeftovers) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if _, err := b.User(ctx, m.AccountID, userID); errors.Is(err, store.ErrNotFound) {
			m, _ = m.Removed()
		}
		return change(m)
	})
}

type withoutGeneration struct{ store.Store }

func (b withoutGeneration) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.UserGeneration = ""
		return change(m)
	})
}

// mixesUsers makes a subject of whatever has the IDs.
type mixesUsers struct{ store.Store }

func (b mixesUsers) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	subject, err := b.Store.Subject(ctx, tenantID, userID)
	if !errors.Is(err, store.ErrNotFound) {
		return subject, err
	}
	subject.Membership, err = b.Membership(ctx, tenantID, userID)
	return subject, err
}

type listsForEver struct{ store.Store }

func (listsForEver) TenantsOf(context.Context, string, string) ([]string, error) {
	return []string{"load"}, nil
}

type findsFirst struct{ store.Store }

func (b findsFirst) UsersByEmail(ctx context.Context, email string) ([]policy.User, error) {
	users, err := b.Store.UsersByEmail(ctx, email)
	return users[:min(len(users), 1)], err
}
