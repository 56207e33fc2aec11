package storetest_test

import (
	"context"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

func membershipTwins() []twin {
	return []twin{
		{"membership is kept", "keeps one secret of a key", func(s store.Store) store.Store { return editing{s, oneSecret} }},
		{"membership missing", "returns an empty membership", func(s store.Store) store.Store { return emptyMembership{s} }},
		{"membership begins with its IDs and no role", "does not fill the account", func(s store.Store) store.Store { return noAccount{s} }},
		{"membership begins with its IDs and no role", "makes a member", func(s store.Store) store.Store { return editing{s, alwaysMember} }},
		{"membership of a missing tenant", "pretends success", func(s store.Store) store.Store { return pretendsMember{s} }},
		{"membership change refused", "saves all the same", func(s store.Store) store.Store { return savesRefusedMember{s} }},
		{"membership without a role is removed", "keeps the member", func(s store.Store) store.Store { return editing{s, alwaysMember} }},
		{"membership without a role is removed", "keeps the tenant of the user", func(s store.Store) store.Store { return keepsTenantsOf{s} }},
		{"membership without a role is removed", "keeps the client IDs", func(s store.Store) store.Store { return keepsClientIDs{s} }},
		{"memberships of several tenants", "looks in one tenant", func(s store.Store) store.Store { return oneTenant{s} }},
		{"memberships by ID", "makes up members", func(s store.Store) store.Store { return makesUpMembers{s} }},
		{"memberships in pages, by tenant", "takes a prefix for the tenant", func(s store.Store) store.Store { return prefixMembers{s} }},
		{"tenants of a user", "does not sort", func(s store.Store) store.Store { return unsortedTenants{s} }},
	}
}

// editing tampers with what a change returns.
type editing struct {
	store.Store
	edit func(policy.Membership) policy.Membership
}

func (b editing) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, events, err := change(m)
		return b.edit(m), events, err
	})
}

func oneSecret(m policy.Membership) policy.Membership {
	m.Keys = slices.Clone(m.Keys)
	for i := range m.Keys {
		m.Keys[i].Secrets = m.Keys[i].Secrets[:1]
	}
	return m
}

func alwaysMember(m policy.Membership) policy.Membership {
	if !m.Exists() {
		m.Role = policy.RoleMember
	}
	return m
}

type emptyMembership struct{ store.Store }

func (b emptyMembership) Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error) {
	m, err := b.Store.Membership(ctx, tenantID, userID)
	return m, unless(err, store.ErrNotFound)
}

type noAccount struct{ store.Store }

func (b noAccount) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.AccountID = ""
		return change(m)
	})
}

type pretendsMember struct{ store.Store }

func (b pretendsMember) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return unless(b.Store.UpdateMembership(ctx, tenantID, userID, change), store.ErrNotFound)
}

type savesRefusedMember struct{ store.Store }

func (b savesRefusedMember) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	var refused error
	err := b.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, events, err := change(m)
		refused = err
		return m, events, nil
	})
	if refused != nil {
		return refused
	}
	return err
}

type keepsTenantsOf struct{ store.Store }

func (b keepsTenantsOf) TenantsOf(context.Context, string, string) ([]string, error) {
	return []string{"load"}, nil
}

// keepsClientIDs leads from each client ID to the owner of old.
type keepsClientIDs struct{ store.Store }

func (b keepsClientIDs) SubjectByClientID(ctx context.Context, _ string) (policy.Subject, error) {
	return b.Subject(ctx, "load", "ada")
}

type makesUpMembers struct{ store.Store }

func (b makesUpMembers) MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error) {
	found, err := b.Store.MembershipsByID(ctx, tenantID, userIDs)
	for _, id := range userIDs {
		if _, ok := found[id]; !ok {
			found[id] = policy.Membership{}
		}
	}
	return found, err
}

// oneTenant takes the tenant of the first membership for that of all.
type oneTenant struct{ store.Store }

func (b oneTenant) MembershipsOf(ctx context.Context, refs []store.MemberRef) (map[store.MemberRef]policy.Membership, error) {
	found := map[store.MemberRef]policy.Membership{}
	for _, ref := range refs {
		members, err := b.MembershipsByID(ctx, refs[0].TenantID, []string{ref.UserID})
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			found[ref] = m
		}
	}
	return found, nil
}

type prefixMembers struct{ store.Store }

func (b prefixMembers) Memberships(ctx context.Context, tenantID string, page store.Page) ([]policy.Membership, error) {
	own, err := b.Store.Memberships(ctx, tenantID, page)
	if err != nil {
		return nil, err
	}
	page.Limit -= len(own)
	foreign, err := b.Store.Memberships(ctx, tenantID+"-1", page)
	return append(own, foreign...), err
}

type unsortedTenants struct{ store.Store }

func (b unsortedTenants) TenantsOf(ctx context.Context, accountID, userID string) ([]string, error) {
	ids, err := b.Store.TenantsOf(ctx, accountID, userID)
	slices.Reverse(ids)
	return ids, err
}
