package policy_test

import (
	"testing"

	"mintkey/policy"
)

func TestCheckOver(t *testing.T) {
	for _, actor := range authorities {
		for _, target := range authorities {
			var want error
			if actor < target {
				want = policy.ErrHigherAuthority
			}
			equal(t, "error", policy.CheckOver(actor, target), want)
		}
	}
	equal(t, "it is a refusal to grant", policy.CheckOver(plain, operator), policy.ErrNotGrantable)
}

// A key that administers with more authority than the actor has is not the actor's to stop; any other one is (R32).
func TestCheckStop(t *testing.T) {
	for _, test := range []struct {
		name    string
		ceiling policy.Role
		owner   policy.Authority
		scopes  []string
		least   policy.Authority
	}{
		{"an operator's", policy.RoleOperator, operator, []string{"api", "keys:read"}, operator},
		{"an operator's for the API", policy.RoleOperator, operator, []string{"api"}, none},
		{"an operator's with what every member may do", policy.RoleOperator, operator, []string{"self", "tokens:introspect"}, none},
		{"one below its owner", policy.RoleTenantAdmin, operator, []string{"keys:read"}, tenantAdmin},
		{"one whose scopes its ceiling does not allow", policy.RoleMember, operator, []string{"keys:read", "accounts:write"}, none},
		{"one whose owner was demoted", policy.RoleOperator, plain, []string{"keys:read"}, none},
	} {
		owner := subject(test.owner)
		key := policy.AccessKey{Ceiling: test.ceiling, Scopes: test.scopes}
		for _, actor := range authorities {
			var want error
			if actor < test.least {
				want = policy.ErrHigherAuthority
			}
			equal(t, test.name, policy.CheckStop(actor, owner, key), want)
			owner.User.Disabled = true // protects as before
			equal(t, test.name+", disabled", policy.CheckStop(actor, owner, key), want)
		}
	}
}

func TestAdminRolesLost(t *testing.T) {
	both := []policy.Role{policy.RoleOperator, policy.RoleAccountAdmin}
	admin := policy.User{Roles: both}
	for _, test := range []struct {
		name          string
		before, after policy.User
		want          []policy.Role
	}{
		{"nothing", admin, admin, []policy.Role{}},
		{"one role", admin, policy.User{Roles: both[1:]}, both[:1]},
		{"disabled", admin, policy.User{Roles: both, Disabled: true}, both},
		{"a robot", admin, policy.User{Roles: both, Kind: policy.KindService}, both},
		{"deleted", admin, policy.User{}, both},
		{"disabled before", policy.User{Roles: both, Disabled: true}, policy.User{}, nil},
		{"a role more", policy.User{Roles: both[:1]}, admin, []policy.Role{}},
	} {
		got := policy.AdminRolesLost(test.before, test.after)
		equal(t, test.name, len(got), len(test.want))
		for i := range got {
			equal(t, test.name, got[i], test.want[i])
		}
	}
}
