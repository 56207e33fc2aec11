package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
)

var authorities = []policy.Authority{
	policy.AuthorityNone, policy.AuthorityMember, policy.AuthorityTenantAdmin, policy.AuthorityAccountAdmin, policy.AuthorityOperator,
}

// subject is a user with just that authority.
func subject(a policy.Authority) policy.Subject {
	s := policy.Subject{Membership: policy.Membership{Role: policy.RoleMember}}
	switch a {
	case policy.AuthorityMember:
	case policy.AuthorityNone:
		s.Membership.Role = ""
	case policy.AuthorityTenantAdmin:
		s.Membership.Role = policy.RoleTenantAdmin
	case policy.AuthorityAccountAdmin:
		s.User.Roles = []policy.Role{policy.RoleAccountAdmin}
	case policy.AuthorityOperator:
		s.User.Roles = []policy.Role{policy.RoleOperator}
	}
	return s
}

func TestAuthority(t *testing.T) {
	for i, a := range authorities {
		equal(t, "order", int(a), i)
		s := subject(a)
		equal(t, "authority", s.Authority(), a)
		s.User.Disabled = true
		equal(t, "authority of a disabled user", s.Authority(), policy.AuthorityNone)
		s = subject(a)
		s.Membership.Role = ""
		equal(t, "authority of a non-member", s.Authority(), policy.AuthorityNone)
	}
	both := policy.Subject{
		User:       policy.User{Roles: []policy.Role{policy.RoleAccountAdmin, policy.RoleOperator}},
		Membership: policy.Membership{Role: policy.RoleTenantAdmin},
	}
	equal(t, "the highest counts", both.Authority(), policy.AuthorityOperator)
	both.User.Roles = both.User.Roles[:1]
	equal(t, "the highest counts", both.Authority(), policy.AuthorityAccountAdmin)
	misplaced := policy.Subject{
		User:       policy.User{Roles: []policy.Role{policy.RoleTenantAdmin}},
		Membership: policy.Membership{Role: policy.RoleMember},
	}
	equal(t, "a membership's role on the user gives nothing", misplaced.Authority(), policy.AuthorityMember)
	misplaced = policy.Subject{Membership: policy.Membership{Role: policy.RoleOperator}}
	equal(t, "a user's role on the membership gives nothing", misplaced.Authority(), policy.AuthorityMember)
}

// Columns: none, member, tenant admin, account admin, operator.
var allowed = map[string]string{
	"keys:read":         "--xxx",
	"keys:write":        "--xxx",
	"tenants:write":     "---xx",
	"users:write":       "---xx",
	"policy:read":       "---xx",
	"policy:write":      "---xx",
	"audit:read":        "---xx",
	"accounts:write":    "----x",
	"self":              "-xxxx",
	"rotate":            "-xxxx",
	"tokens:introspect": "-xxxx",
	"api":               "-xxxx",
	"unknown":           "-----",
	"":                  "-----",
	"KEYS:READ":         "-----",
}

func TestAllows(t *testing.T) {
	catalogues := []policy.Catalogue{{"api"}, {"api", "accounts:write", "keys:write"}} // a catalogue can't open the administration API
	for scope, row := range allowed {
		for i, a := range authorities {
			for _, catalogue := range catalogues {
				equal(t, fmt.Sprintf("%q for authority %d", scope, a), subject(a).Allows(scope, catalogue), row[i] == 'x')
			}
		}
	}
	equal(t, "a scope that left the catalogue", subject(policy.AuthorityOperator).Allows("api", nil), false)
}

func TestAdministrationScopes(t *testing.T) {
	for _, scope := range policy.AdministrationScopes() {
		equal(t, scope, policy.IsAdministrationScope(scope), true)
		equal(t, "error of "+scope, policy.CheckScopeToken(scope), nil)
	}
	for scope := range allowed {
		equal(t, scope, policy.IsAdministrationScope(scope), slices.Contains(policy.AdministrationScopes(), scope))
	}
	equal(t, "number", len(policy.AdministrationScopes()), len(allowed)-4)
	policy.AdministrationScopes()[0] = "changed"
	equal(t, "the list is the caller's own", policy.AdministrationScopes()[0], policy.ScopeKeysRead)
}

func TestCut(t *testing.T) {
	catalogue := policy.Catalogue{"api", "results"}
	scopes := []string{"results", "accounts:write", "keys:write", "gone", "self", "policy:write", "api"}
	for a, want := range map[policy.Authority][]string{
		policy.AuthorityNone:         {},
		policy.AuthorityMember:       {"results", "self", "api"},
		policy.AuthorityTenantAdmin:  {"results", "keys:write", "self", "api"},
		policy.AuthorityAccountAdmin: {"results", "keys:write", "self", "policy:write", "api"},
		policy.AuthorityOperator:     {"results", "accounts:write", "keys:write", "self", "policy:write", "api"},
	} {
		before := slices.Clone(scopes)
		equal(t, "cut", subject(a).Cut(scopes, catalogue), want)
		equal(t, "scopes given", scopes, before)
	}
	equal(t, "nothing", subject(policy.AuthorityOperator).Cut(nil, catalogue), []string{})
}

func TestCheckKeyScopes(t *testing.T) {
	catalogue := policy.Catalogue{"api", "results"}
	for _, good := range [][]string{nil, {"api"}, {"results", "api"}, {"api", "keys:write"}, policy.AdministrationScopes()} {
		equal(t, strings.Join(good, " "), catalogue.CheckKeyScopes(good), nil)
	}
	for _, bad := range []string{"", "API", "api results", "api ", "admin", "keys", "keys:*", "api\x00"} {
		equal(t, bad, catalogue.CheckKeyScopes([]string{"api", bad}), policy.ErrInvalidScope)
	}
	long := catalogue.CheckKeyScopes([]string{strings.Repeat("a", 100_000)})
	if long == nil || len(long.Error()) > 1000 {
		t.Error("the error about a long scope is missing or long")
	}
}

func TestCheckScopeToken(t *testing.T) {
	for c := range 256 {
		var want error
		if c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' { // RFC 6749 section 3.3
			want = policy.ErrInvalidScope
		}
		equal(t, string(rune(c)), policy.CheckScopeToken("a"+string([]byte{byte(c)})), want)
	}
	equal(t, "empty", policy.CheckScopeToken(""), policy.ErrInvalidScope)
	equal(t, "128 characters", policy.CheckScopeToken(strings.Repeat("a", 128)), nil)
	equal(t, "129 characters", policy.CheckScopeToken(strings.Repeat("a", 129)), policy.ErrInvalidScope)
	equal(t, "line end", policy.CheckScopeToken("api\n"), policy.ErrInvalidScope)
}

func TestEveryAdministrationScopeHasAMeaning(t *testing.T) {
	seen := map[string]string{}
	for _, scope := range policy.AdministrationScopes() {
		meaning := policy.ScopeMeaning(scope)
		if meaning == "" || seen[meaning] != "" {
			t.Errorf("%s means %q, as does %q", scope, meaning, seen[meaning])
		}
		seen[meaning] = scope
	}
	equal(t, "a scope of the catalogue", policy.ScopeMeaning("api"), "")
}

func TestScopesThatSeeMore(t *testing.T) {
	equal(t, "tenants", policy.ScopesThatSeeTenants(),
		"keys:read keys:write tenants:write users:write policy:read policy:write audit:read accounts:write")
	equal(t, "members", policy.ScopesThatSeeMembers(), "keys:read keys:write users:write")
}
