package admin

import (
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// withUsers returns the memberships with their users, in the same order, without those that a deleted user has left behind (R31).
func (s *Service) withUsers(ctx context.Context, in TenantContext, memberships []policy.Membership) ([]Member, error) {
	users, err := s.Store.UsersByID(ctx, in.Account.ID, userIDs(memberships))
	if err != nil {
		return nil, err
	}
	members := make([]Member, 0, len(memberships))
	for _, m := range memberships {
		if user, ok := users[m.UserID]; ok && m.BelongsTo(user) {
			members = append(members, Member{m, user})
		}
	}
	return members, nil
}

// membersByID returns those of the users who are members of the tenant, by ID.
func (s *Service) membersByID(ctx context.Context, in TenantContext, userIDs []string) (map[string]Member, error) {
	found, err := s.Store.MembershipsByID(ctx, in.Tenant.ID, userIDs)
	if err != nil {
		return nil, err
	}
	memberships := make([]policy.Membership, 0, len(found))
	for _, m := range found {
		memberships = append(memberships, m)
	}
	members, err := s.withUsers(ctx, in, memberships)
	byID := make(map[string]Member, len(members))
	for _, m := range members {
		byID[m.UserID] = m
	}
	return byID, err
}

// endMemberships removes every membership of a user with its keys. The actor may delete the user, and so needs no further authority.
func (s *Service) endMemberships(ctx context.Context, actor Actor, in TenantContext, userID string) error {
	return s.forEachTenantOf(ctx, in.Account.ID, userID, func(tenantID string) error {
		in.Tenant = policy.Tenant{ID: tenantID, AccountID: in.Account.ID}
		return s.removeMember(ctx, actor, in, userID, "user deleted", func(policy.Membership) error { return nil })
	})
}

// deleteUser removes a disabled user for good. Memberships end before, so that they end as long as the delete can be repeated, and once
// more after it, because one may have been made until then; now none can be.
func (s *Service) deleteUser(ctx context.Context, actor Actor, in TenantContext, userID string) error {
	if err := s.endMemberships(ctx, actor, in, userID); err != nil {
		return err
	}
	event := actor.event(policy.ActionUserDeleted, in.Account.ID)
	event.UserID = userID
	err := s.Store.DeleteUser(ctx, in.Account.ID, userID, event)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return errors.Join(err, s.endMemberships(ctx, actor, in, userID))
}
