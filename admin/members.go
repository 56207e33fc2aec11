package admin

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// Member is a membership with its user.
type Member struct {
	policy.Membership
	User policy.User
}

// SetMember gives a user of the account a role in the tenant, and says whether the membership is new.
func (s *Service) SetMember(
	ctx context.Context, actor Actor, in TenantContext, userID string, role policy.Role,
) (member Member, added bool, err error) {
	user, err := s.Store.User(ctx, in.Account.ID, userID)
	if err != nil {
		return Member{}, false, err
	}
	var before, after policy.Membership
	err = s.Store.UpdateMembership(ctx, in.Tenant.ID, user.ID, func(m policy.Membership) (_ policy.Membership, _ []policy.Event, err error) {
		before = m
		if after, err = m.WithRole(role, actor.At); err != nil || after.Role == before.Role {
			return after, nil, err
		}
		event := memberEvent(actor, policy.ActionMemberRoleChanged, m, map[string]string{"role": string(role)})
		if before.Exists() {
			event.Announce = true
			event.Payload.Person = &policy.PersonChange{Roles: &policy.RoleChange{Before: []policy.Role{before.Role}, After: []policy.Role{role}}}
		} else {
			after.UserGeneration = user.Generation
			event.Action = policy.ActionMemberAdded
		}
		return after, []policy.Event{event}, nil
	})
	return Member{after, user}, !before.Exists(), err
}

// RemoveMember ends a membership in the tenant and revokes its keys (R8).
func (s *Service) RemoveMember(ctx context.Context, actor Actor, in TenantContext, userID string) error {
	return s.removeMember(ctx, actor, in.Account.ID, in.Tenant.ID, userID, "member removed")
}

func (s *Service) removeMember(ctx context.Context, actor Actor, accountID, tenantID, userID, reason string) error {
	return s.changeMembership(ctx, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if !m.Exists() || m.AccountID != accountID {
			return m, nil, store.ErrNotFound
		}
		rest, revoked := m.Removed()
		return rest, append(revokedEvents(actor, m, revoked, reason), memberEvent(actor, policy.ActionMemberRemoved, m, nil)), nil
	})
}

// Members lists the members of the tenant by user ID.
func (s *Service) Members(ctx context.Context, in TenantContext, page store.Page) ([]Member, error) {
	memberships, err := s.Store.Memberships(ctx, in.Tenant.ID, page)
	if err != nil {
		return nil, err
	}
	users, err := s.Store.UsersByID(ctx, in.Account.ID, userIDs(memberships))
	members := make([]Member, len(memberships))
	for i, m := range memberships {
		members[i] = Member{m, users[m.UserID]}
	}
	return members, err
}

func memberEvent(actor Actor, action policy.Action, m policy.Membership, details map[string]string) policy.Event {
	event := actor.event(action, m.AccountID)
	event.TenantID, event.UserID, event.Details = m.TenantID, m.UserID, details
	return event
}

func userIDs(memberships []policy.Membership) []string {
	ids := make([]string, len(memberships))
	for i, m := range memberships {
		ids[i] = m.UserID
	}
	return ids
}
