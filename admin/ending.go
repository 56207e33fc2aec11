package admin

import (
	"cmp"
	"context"

	"mintkey/policy"
)

// What a page asks before it ends something: whether it would be refused, so that nobody is asked in vain. The change itself asks again.

// CheckPatchUser returns the user as PatchUser would leave them, or the error that it would return. It hashes no password.
func (s *Service) CheckPatchUser(ctx context.Context, actor Actor, in TenantContext, id string, patch UserPatch) (policy.User, error) {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return policy.User{}, err
	}
	after, _ := patch.apply(user, user.PasswordHash, actor.At)
	if err := cmp.Or(checkUser(actor, user, after), patch.checkPassword(after), patch.IfMatch.check(UserTag(user))); err != nil {
		return policy.User{}, err
	}
	return after, s.checkSuccession(ctx, departure{user: user, roles: policy.AdminRolesLost(user, after)}, nil)
}

// CheckRemoveMember returns the error that RemoveMember would return.
func (s *Service) CheckRemoveMember(ctx context.Context, actor Actor, in TenantContext, userID string, condition IfMatch) error {
	user, err := s.Store.User(ctx, in.Account.ID, userID)
	if err != nil {
		return err
	}
	m, err := s.Store.Membership(ctx, in.Tenant.ID, userID)
	if err != nil {
		return err
	}
	authority := actor.Authority()
	if err := cmp.Or(policy.CheckUserChange(authority, user.Roles, nil),
		policy.CheckOver(authority, policy.Subject{User: user, Membership: m}.Standing()), condition.check(MemberTag(m))); err != nil {
		return err
	}
	return s.checkSuccession(ctx, departure{user: user, roles: user.AdminRoles(), fromTenant: in.Tenant.ID}, nil)
}

// CheckSuspendTenant returns how many members the tenant has, or the error that suspending it with PatchTenant would return.
func (s *Service) CheckSuspendTenant(ctx context.Context, actor Actor, in TenantContext, condition IfMatch) (members int, err error) {
	tenant, err := s.Store.Tenant(ctx, in.Tenant.ID)
	if err == nil {
		err = condition.check(TenantTag(tenant))
	}
	if err != nil {
		return 0, err
	}
	seen, err := s.lookAtMembers(ctx, actor, in)
	if err != nil {
		return 0, err
	}
	for _, user := range seen.admins {
		leaves := departure{user: user, roles: user.AdminRoles(), fromTenant: in.Tenant.ID, everybody: true}
		if err := s.checkSuccession(ctx, leaves, nil); err != nil {
			return 0, err
		}
	}
	return seen.members, nil
}

// MemberTag is the tag of somebody's role in a tenant; their access keys are none of it. Whoever is no member has one too.
func MemberTag(m policy.Membership) Tag {
	if !m.Exists() {
		return tagOf(nil)
	}
	return tagOf([]any{m.Role, m.JoinedAt})
}
