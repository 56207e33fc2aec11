package admin

import (
	"cmp"
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// Member is a membership with its user.
type Member struct {
	policy.Membership
	User policy.User
}

// SetMember gives a user of the account a role in the tenant, and says whether the membership is new. Somebody of higher authority than the
// actor is left as they are (R32).
func (s *Service) SetMember(
	ctx context.Context, actor Actor, in TenantContext, userID string, role policy.Role, condition IfMatch,
) (member Member, added bool, err error) {
	user, err := s.Store.User(ctx, in.Account.ID, userID)
	if err != nil {
		return Member{}, false, err
	}
	return s.setMember(ctx, actor, in, user, role, func(m policy.Membership) error {
		return cmp.Or(policy.CheckOver(actor.Authority(), policy.Subject{User: user, Membership: m}.Standing()), condition.check(MemberTag(m)))
	})
}

// setMember asks, in the same write, whether the actor may.
func (s *Service) setMember(
	ctx context.Context, actor Actor, in TenantContext, user policy.User, role policy.Role, may func(policy.Membership) error,
) (member Member, added bool, err error) {
	var before, after policy.Membership
	err = s.Store.UpdateMembership(ctx, in.Tenant.ID, user.ID, func(m policy.Membership) (_ policy.Membership, _ []policy.Event, err error) {
		before = m
		if err := may(m); err != nil {
			return m, nil, err
		}
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

// RemoveMember ends a membership in the tenant and revokes its keys (R8). Nobody removes somebody of higher authority, and an admin whose
// only membership it is stays until there is another one (R32): without a membership nobody can sign in or hold an access key.
func (s *Service) RemoveMember(ctx context.Context, actor Actor, in TenantContext, userID string, condition IfMatch) error {
	user, err := s.Store.User(ctx, in.Account.ID, userID)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // a membership without a user is removed like any other
		return err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return err
	}
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		leaves := departure{user: user, roles: user.AdminRoles(), fromTenant: in.Tenant.ID}
		return s.unlessLast(ctx, actor, leaves, func() error {
			var role policy.Role
			err := s.removeMember(ctx, actor, in, userID, "member removed", func(m policy.Membership) error {
				role = m.Role
				return cmp.Or(policy.CheckOver(actor.Authority(), policy.Subject{User: user, Membership: m}.Standing()),
					condition.check(MemberTag(m)))
			})
			if err != nil {
				return err
			}
			return s.takeBack(ctx, actor, in, leaves, role)
		})
	})
	return inEffect(err)
}

// takeBack makes somebody a member again who was given an admin's role since they were read: another admin may have gone because they stay
// (R32). It is store.ErrConflict then. Their keys are gone.
func (s *Service) takeBack(ctx context.Context, actor Actor, in TenantContext, left departure, role policy.Role) error {
	user, err := s.Store.User(ctx, in.Account.ID, left.user.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || left.covers(user.AdminRoles()) {
		return err
	}
	_, _, err = s.setMember(ctx, actor, in, user, role, func(policy.Membership) error { return nil }) // as high as they may be by now
	return errors.Join(store.ErrConflict, err)
}

// removeMember asks, in the same write, whether the actor may.
func (s *Service) removeMember(
	ctx context.Context, actor Actor, in TenantContext, userID, reason string, may func(policy.Membership) error,
) error {
	return s.changeMembership(ctx, in.Tenant.ID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if !m.Exists() || m.AccountID != in.Account.ID {
			return m, nil, store.ErrNotFound
		}
		if err := may(m); err != nil {
			return m, nil, err
		}
		rest, revoked := m.Removed()
		left := memberEvent(actor, policy.ActionMemberRemoved, m, nil)
		left.Payload.Revoked = m.PasswordTokens()
		left.Announce = left.Payload.Revoked != nil
		return rest, append(revokedEvents(actor, m, revoked, reason), left), nil
	})
}

// Members lists the members of the tenant by user ID.
func (s *Service) Members(ctx context.Context, in TenantContext, page store.Page) ([]Member, error) {
	var members []Member
	for left := page; ; left.Limit = page.Limit - len(members) {
		memberships, err := s.Store.Memberships(ctx, in.Tenant.ID, left)
		if err != nil {
			return nil, err
		}
		found, err := s.withUsers(ctx, in, memberships)
		if err != nil {
			return nil, err
		}
		members = append(members, found...)
		if len(memberships) < left.Limit || len(members) == page.Limit {
			return members, nil
		}
		left.After = memberships[len(memberships)-1].UserID
	}
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
