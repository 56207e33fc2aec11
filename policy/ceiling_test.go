package policy_test

import (
	"errors"
	"testing"

	"mintkey/policy"
)

const (
	none, plain, tenantAdmin = policy.AuthorityNone, policy.AuthorityMember, policy.AuthorityTenantAdmin
	accountAdmin, operator   = policy.AuthorityAccountAdmin, policy.AuthorityOperator
)

// A key does what both its ceiling and its owner's present roles allow (R9).
func TestThrough(t *testing.T) {
	for _, test := range []struct {
		ceiling policy.Role
		owner   policy.Authority
		want    policy.Authority
	}{
		{policy.RoleMember, operator, plain},
		{policy.RoleTenantAdmin, operator, tenantAdmin},
		{policy.RoleOperator, operator, operator},
		{policy.RoleOperator, plain, plain},
		{policy.RoleAccountAdmin, tenantAdmin, tenantAdmin},
		{policy.RoleOperator, none, none},
		{"", operator, plain}, // a record that names none
		{"root", operator, plain},
	} {
		name := "ceiling " + string(test.ceiling) + " of " + string(test.owner.Role())
		s := subject(test.owner).Through(policy.AccessKey{Ceiling: test.ceiling})
		equal(t, name, s.Authority(), test.want)
		equal(t, name+", to see accounts", s.Allows(policy.ScopeAccountsWrite, nil), test.want == operator)
		equal(t, name+", standing", s.Standing(), subject(test.owner).Standing())
		s.User.Disabled = true
		equal(t, name+", disabled", s.Authority(), none)
	}
}

// Whoever is shown a secret lowers the ceiling; only the owner, signed in, raises it (R9).
func TestHandedOut(t *testing.T) {
	for _, test := range []struct {
		name    string
		ceiling policy.Role
		owner   policy.Authority
		shown   policy.Authority
		toOwner bool
		want    policy.Role
	}{
		{"an admin refreshes it after a promotion", policy.RoleMember, operator, tenantAdmin, false, policy.RoleMember},
		{"an operator refreshes it after a promotion", policy.RoleMember, operator, operator, false, policy.RoleMember},
		{"the owner's token refreshes it after a promotion", policy.RoleMember, operator, operator, false, policy.RoleMember},
		{"the owner refreshes it in a session", policy.RoleMember, operator, operator, true, policy.RoleOperator},
		{"an admin of less authority sees it", policy.RoleOperator, operator, tenantAdmin, false, policy.RoleTenantAdmin},
		{"the owner has lost a role", policy.RoleOperator, tenantAdmin, operator, false, policy.RoleTenantAdmin},
		{"the owner has lost a role, in a session", policy.RoleOperator, plain, plain, true, policy.RoleMember},
	} {
		key := policy.AccessKey{Ceiling: test.ceiling, Scopes: []string{"api"}}
		key, dropped, err := key.HandedOut(subject(test.owner), test.shown, test.toOwner)
		equal(t, test.name, key.Ceiling, test.want)
		equal(t, test.name+", dropped", len(dropped), 0)
		equal(t, test.name+", error", err, nil)
	}
}

func TestHandedOutDropsWhatTheOwnerMayNotDo(t *testing.T) {
	key := policy.AccessKey{Ceiling: policy.RoleOperator, Scopes: []string{"accounts:write", "api", "keys:write", "self"}}
	before := key.Clone()
	after, dropped, err := key.HandedOut(subject(tenantAdmin), operator, false)
	equal(t, "error", err, nil)
	equal(t, "kept", after.Scopes, []string{"api", "keys:write", "self"})
	equal(t, "dropped", dropped, []string{"accounts:write"})
	equal(t, "the key given", key, before)

	disabled := subject(tenantAdmin)
	disabled.User.Disabled = true
	after, _, err = key.HandedOut(disabled, operator, false)
	equal(t, "error for a disabled owner", err, nil)
	equal(t, "a disabled owner has lost no role", after.Scopes, []string{"api", "keys:write", "self"})

	key.Scopes = []string{"keys:read", "keys:write"}
	_, _, err = key.HandedOut(subject(plain), operator, false)
	equal(t, "nothing would be left", err, policy.ErrScopeAboveOwner)
	above := new(policy.ScopeAboveOwnerError)
	if !errors.As(err, &above) {
		t.Fatalf("the error is %#v", err)
	}
	equal(t, "refused", above.Refused, key.Scopes)
	equal(t, "allowed", above.Allowed, subject(plain).Cut(policy.AdministrationScopes(), nil))
}
