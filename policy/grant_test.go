package policy_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mintkey/policy"
)

func TestCheckGrant(t *testing.T) {
	const member, tenantAdmin, accountAdmin, operator = policy.AuthorityMember, policy.AuthorityTenantAdmin, policy.AuthorityAccountAdmin,
		policy.AuthorityOperator
	for _, test := range []struct {
		name   string
		actor  policy.Authority
		scopes []string
		owner  policy.Authority
		key    []string
		want   error
	}{
		{"a plain key for anybody", tenantAdmin, []string{"keys:write"}, operator, []string{"api"}, nil},
		{"no scope", tenantAdmin, []string{"keys:write"}, operator, nil, nil},
		{"one's own scope, for an equal", tenantAdmin, []string{"keys:write"}, tenantAdmin, []string{"keys:write"}, nil},
		{"one's own scope, for a lesser", accountAdmin, []string{"keys:write"}, member, []string{"keys:write"}, nil},
		{
			"one's own scope, for somebody above", tenantAdmin,
			[]string{"keys:write"},
			accountAdmin,
			[]string{"keys:write"},
			policy.ErrNotGrantable,
		},
		{
			"a scope that one's roles allow but one's token lacks", accountAdmin,
			[]string{"keys:write"},
			accountAdmin,
			[]string{"keys:write", "keys:read"},
			policy.ErrNotGrantable,
		},
		{"introspection that one's token lacks", operator, []string{"keys:write"}, member, []string{"tokens:introspect"}, policy.ErrNotGrantable},
		{"self for an equal", tenantAdmin, []string{"keys:write"}, tenantAdmin, []string{"self"}, nil},
		{"rotate for an equal", tenantAdmin, []string{"keys:write"}, tenantAdmin, []string{"rotate"}, nil},
		{"rotate for somebody above", tenantAdmin, []string{"keys:write"}, accountAdmin, []string{"rotate"}, policy.ErrNotGrantable},
		{"self for somebody above", tenantAdmin, []string{"keys:write", "self"}, accountAdmin, []string{"self"}, policy.ErrNotGrantable},
		{
			"one bad scope among good ones", tenantAdmin,
			[]string{"keys:write"},
			member,
			[]string{"api", "keys:write", "self", "accounts:write"},
			policy.ErrNotGrantable,
		},
		{"an owner refreshing a plain key with self", member, []string{"self"}, member, []string{"api", "self"}, nil},
		{
			"an owner refreshing an admin key with self", tenantAdmin,
			[]string{"self"},
			tenantAdmin,
			[]string{"keys:write"},
			policy.ErrNotGrantable,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, "error", policy.CheckGrant(test.actor, test.scopes, test.owner, test.key), test.want)
		})
	}
}

// Anybody who knows a key's secret can do with it what the key's owner may do. For the actor that must never be more than before: no
// administration scope that the actor's token lacks, and none with more authority than the actor's. Everything else is granted.
func TestGrantNeverEscalates(t *testing.T) {
	catalogue := policy.Catalogue{"api", "results"}
	scopes := rapid.SliceOfDistinct(rapid.SampledFrom(append(policy.AdministrationScopes(), catalogue...)), rapid.ID)
	rapid.Check(t, func(t *rapid.T) {
		actor := rapid.SampledFrom(authorities[1:]).Draw(t, "actor")
		owner := rapid.SampledFrom(authorities).Draw(t, "owner")
		keyScopes := scopes.Draw(t, "key's scopes")
		actorScopes := scopes.Draw(t, "actor's scopes")
		if rapid.Bool().Draw(t, "covers") {
			actorScopes = append(actorScopes, keyScopes...)
		}
		could := subject(actor).Cut(actorScopes, catalogue)
		within := true
		for _, scope := range keyScopes {
			if !policy.IsAdministrationScope(scope) {
				continue
			}
			within = within && actor >= owner && (scope == policy.ScopeSelf || scope == policy.ScopeRotate || slices.Contains(actorScopes, scope))
		}
		err := policy.CheckGrant(actor, actorScopes, owner, keyScopes)
		if (err == nil) != within {
			t.Fatalf("CheckGrant: %v, want granted: %v", err, within)
		}
		if err != nil {
			return
		}
		for _, scope := range subject(owner).Cut(keyScopes, catalogue) {
			switch {
			case !policy.IsAdministrationScope(scope):
			case owner > actor:
				t.Fatalf("%s reaches above the actor", scope)
			case scope != policy.ScopeSelf && scope != policy.ScopeRotate && !slices.Contains(could, scope):
				t.Fatalf("the key can do %s, the actor could do %v", scope, could)
			}
		}
	})
}

func TestCheckUserRoles(t *testing.T) {
	for _, good := range [][]policy.Role{nil, {policy.RoleOperator}, {policy.RoleAccountAdmin, policy.RoleOperator}} {
		equal(t, "error", policy.CheckUserRoles(good), nil)
	}
	for _, bad := range []policy.Role{"", "root", "Operator", policy.RoleTenantAdmin, policy.RoleMember} {
		equal(t, "error of "+string(bad), policy.CheckUserRoles([]policy.Role{policy.RoleOperator, bad}), policy.ErrInvalidRole)
	}
}

func TestCheckUserChange(t *testing.T) {
	plain, admin, operator := []policy.Role(nil), []policy.Role{policy.RoleAccountAdmin}, []policy.Role{policy.RoleOperator}
	for _, test := range []struct {
		name          string
		before, after []policy.Role
		least         policy.Authority
	}{
		{"nobody stays nobody", plain, plain, policy.AuthorityNone},
		{"make an account admin", plain, admin, policy.AuthorityAccountAdmin},
		{"change an account admin", admin, admin, policy.AuthorityAccountAdmin},
		{"demote an account admin", admin, plain, policy.AuthorityAccountAdmin},
		{"make an operator", plain, operator, policy.AuthorityOperator},
		{"change an operator", operator, operator, policy.AuthorityOperator},
		{"demote an operator", operator, admin, policy.AuthorityOperator},
		{"hide an operator behind another role", admin, append(admin[:1:1], operator...), policy.AuthorityOperator},
	} {
		for _, actor := range authorities {
			var want error
			if actor < test.least {
				want = policy.ErrNotGrantable
			}
			equal(t, test.name, policy.CheckUserChange(actor, test.before, test.after), want)
		}
	}
}
