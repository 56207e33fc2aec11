package policy

import "strings"

// The administration scopes.
const (
	ScopeKeysRead         = "keys:read"
	ScopeKeysWrite        = "keys:write"
	ScopeTenantsWrite     = "tenants:write"
	ScopeUsersWrite       = "users:write"
	ScopePolicyRead       = "policy:read"
	ScopePolicyWrite      = "policy:write"
	ScopeAuditRead        = "audit:read"
	ScopeAccountsWrite    = "accounts:write"
	ScopeSelf             = "self"
	ScopeRotate           = "rotate"
	ScopeTokensIntrospect = "tokens:introspect"
)

// adminScope is all that this server knows of an administration scope.
type adminScope struct {
	name    string
	least   Authority // the lowest authority that may use it
	sees    sight
	meaning string // what it allows, for people
}

// sight is what a scope lets its holder read besides what it is for: accounts, tenants and members have no reading scope of their own.
type sight int

const (
	seesNothing sight = iota
	seesTenants       // accounts and tenants
	seesMembers       // and the members of tenants
)

// adminScopes has one row for each administration scope. Every list of them is derived from it.
var adminScopes = [...]adminScope{
	{ScopeKeysRead, AuthorityTenantAdmin, seesMembers, "see access keys"},
	{ScopeKeysWrite, AuthorityTenantAdmin, seesMembers, "create, refresh and revoke access keys"},
	{ScopeTenantsWrite, AuthorityAccountAdmin, seesTenants, "create tenants"},
	{ScopeUsersWrite, AuthorityAccountAdmin, seesMembers, "manage users and members"},
	{ScopePolicyRead, AuthorityAccountAdmin, seesTenants, "see the expiration policy"},
	{ScopePolicyWrite, AuthorityAccountAdmin, seesTenants, "change the expiration policy"},
	{ScopeAuditRead, AuthorityAccountAdmin, seesTenants, "read the audit trail"},
	{ScopeAccountsWrite, AuthorityOperator, seesTenants, "create accounts"},
	{ScopeSelf, AuthorityMember, seesNothing, "see and refresh the owner’s own keys"},
	{ScopeRotate, AuthorityMember, seesNothing, "refresh this access key, and no other"},
	{ScopeTokensIntrospect, AuthorityMember, seesNothing, "look into tokens of the account"},
}

func findAdminScope(name string) (adminScope, bool) {
	for i := range adminScopes {
		if adminScopes[i].name == name {
			return adminScopes[i], true
		}
	}
	return adminScope{}, false
}

// AdministrationScopes lists the scopes of the administration and self-service APIs, in a fixed order.
func AdministrationScopes() []string { return scopesThatSee(seesNothing) }

// IsAdministrationScope says whether the scope opens one of this server's own APIs.
func IsAdministrationScope(scope string) bool {
	_, ok := findAdminScope(scope)
	return ok
}

// ScopeMeaning says in a few words what an administration scope allows; it is empty for any other scope.
func ScopeMeaning(scope string) string {
	row, _ := findAdminScope(scope)
	return row.meaning
}

// ScopesThatSeeTenants are the scopes of which any one is enough to read accounts and tenants, separated by spaces.
func ScopesThatSeeTenants() string { return strings.Join(scopesThatSee(seesTenants), " ") }

// ScopesThatSeeMembers are the scopes of which any one is enough to read the members of a tenant, separated by spaces.
func ScopesThatSeeMembers() string { return strings.Join(scopesThatSee(seesMembers), " ") }

func scopesThatSee(what sight) []string {
	var names []string
	for _, row := range adminScopes {
		if row.sees >= what {
			names = append(names, row.name)
		}
	}
	return names
}
