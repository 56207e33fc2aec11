package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Role is what a user may do: operator and account_admin are roles of the user, tenant_admin and member of a membership.
type Role string

// The roles, highest authority first.
const (
	RoleOperator     Role = "operator"
	RoleAccountAdmin Role = "account_admin"
	RoleTenantAdmin  Role = "tenant_admin"
	RoleMember       Role = "member"
)

// CheckUserRoles returns ErrInvalidRole unless every role can be a user's.
func CheckUserRoles(roles []Role) error {
	for _, role := range roles {
		if role != RoleOperator && role != RoleAccountAdmin {
			return fmt.Errorf("%w; not %.40q", ErrInvalidRole, string(role))
		}
	}
	return nil
}

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
	ScopeTokensIntrospect = "tokens:introspect"
)

// leastAuthority maps each administration scope to the lowest authority that may use it.
var leastAuthority = map[string]Authority{
	ScopeKeysRead:         AuthorityTenantAdmin,
	ScopeKeysWrite:        AuthorityTenantAdmin,
	ScopeTenantsWrite:     AuthorityAccountAdmin,
	ScopeUsersWrite:       AuthorityAccountAdmin,
	ScopePolicyRead:       AuthorityAccountAdmin,
	ScopePolicyWrite:      AuthorityAccountAdmin,
	ScopeAuditRead:        AuthorityAccountAdmin,
	ScopeAccountsWrite:    AuthorityOperator,
	ScopeSelf:             AuthorityMember,
	ScopeTokensIntrospect: AuthorityMember,
}

// AdministrationScopes lists the scopes of the administration and self-service APIs, in a fixed order.
func AdministrationScopes() []string {
	return []string{
		ScopeKeysRead, ScopeKeysWrite, ScopeTenantsWrite, ScopeUsersWrite, ScopePolicyRead, ScopePolicyWrite,
		ScopeAuditRead, ScopeAccountsWrite, ScopeSelf, ScopeTokensIntrospect,
	}
}

// IsAdministrationScope says whether the scope opens one of this server's own APIs.
func IsAdministrationScope(scope string) bool {
	_, ok := leastAuthority[scope]
	return ok
}

// scope-token of RFC 6749 section 3.3: printable ASCII without space, quote and backslash.
var scopeToken = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]{1,128}$`)

// CheckScopeToken returns ErrInvalidScope unless scope can be one scope (RFC 6749 section 3.3).
func CheckScopeToken(scope string) error {
	if !scopeToken.MatchString(scope) {
		return fmt.Errorf("%w: a scope has printable ASCII characters without space, quote and backslash", ErrInvalidScope)
	}
	return nil
}

// Catalogue is the configured list of scopes that the company's own APIs know.
type Catalogue []string

// CheckKeyScopes returns ErrInvalidScope unless each scope is in the catalogue or an administration scope (R9).
func (c Catalogue) CheckKeyScopes(scopes []string) error {
	for _, scope := range scopes {
		if !slices.Contains(c, scope) && !IsAdministrationScope(scope) {
			return fmt.Errorf("%w %.60q; allowed are %s and the administration scopes %s", ErrInvalidScope, scope,
				strings.Join(c, ", "), strings.Join(AdministrationScopes(), ", "))
		}
	}
	return nil
}

// Authority orders what people may do. It is derived from roles, never stored.
type Authority int

// The authorities, lowest first. AuthorityNone is that of a disabled user or a non-member.
const (
	AuthorityNone Authority = iota
	AuthorityMember
	AuthorityTenantAdmin
	AuthorityAccountAdmin
	AuthorityOperator
)

// Role is the role that gives the authority; empty for AuthorityNone.
func (a Authority) Role() Role {
	return [...]Role{"", RoleMember, RoleTenantAdmin, RoleAccountAdmin, RoleOperator}[a]
}

// Authority is the authority that the role gives; AuthorityNone for the empty role and one that does not exist.
func (r Role) Authority() Authority {
	for a := AuthorityMember; a <= AuthorityOperator; a++ {
		if a.Role() == r {
			return a
		}
	}
	return AuthorityNone
}

// Subject is whom a token speaks for: a user in a tenant of an account.
type Subject struct {
	Account    Account
	Tenant     Tenant
	User       User
	Membership Membership
}

// Authority is the highest authority that the subject's roles give.
func (s Subject) Authority() Authority {
	switch {
	case s.User.Disabled || !s.Membership.Exists():
		return AuthorityNone
	case slices.Contains(s.User.Roles, RoleOperator):
		return AuthorityOperator
	case slices.Contains(s.User.Roles, RoleAccountAdmin):
		return AuthorityAccountAdmin
	case s.Membership.Role == RoleTenantAdmin:
		return AuthorityTenantAdmin
	default:
		return AuthorityMember
	}
}

// ScopesAbove lists those of the scopes that need more than the authority.
func ScopesAbove(authority Authority, scopes []string) []string {
	var above []string
	for _, scope := range scopes {
		if leastAuthority[scope] > authority {
			above = append(above, scope)
		}
	}
	return above
}

// Allows says whether the subject's roles allow the scope: an administration scope from its least authority
// up, a catalogue scope for every member.
func (s Subject) Allows(scope string, catalogue Catalogue) bool {
	if least, ok := leastAuthority[scope]; ok {
		return s.Authority() >= least
	}
	return s.Authority() >= AuthorityMember && slices.Contains(catalogue, scope)
}

// Cut returns the scopes that the subject's roles still allow, in their order (R9).
func (s Subject) Cut(scopes []string, catalogue Catalogue) []string {
	kept := make([]string, 0, len(scopes))
	for _, scope := range scopes {
		if s.Allows(scope, catalogue) {
			kept = append(kept, scope)
		}
	}
	return kept
}

// CheckGrant returns ErrNotGrantable if an actor who learns the secret of a key with these scopes, owned by a user of the
// given authority, could do more with it than now. The actor's authority and scopes are those of its own token. Every administration
// scope of the key needs an actor of at least the owner's authority; all but "self" must be the actor's own.
func CheckGrant(actor Authority, actorScopes []string, owner Authority, keyScopes []string) error {
	for _, scope := range keyScopes {
		if !IsAdministrationScope(scope) {
			continue
		}
		if actor < owner || scope != ScopeSelf && !slices.Contains(actorScopes, scope) {
			return fmt.Errorf("%w: scope %s", ErrNotGrantable, scope)
		}
	}
	return nil
}

// CheckUserChange returns ErrNotGrantable if an actor would give a role above its own authority, or change a user
// who has one.
func CheckUserChange(actor Authority, before, after []Role) error {
	for _, role := range slices.Concat(before, after) {
		if role == RoleOperator && actor < AuthorityOperator || role == RoleAccountAdmin && actor < AuthorityAccountAdmin {
			return fmt.Errorf("%w: only users with the role %s or above can give it, or change a user who has it", ErrNotGrantable, role)
		}
	}
	return nil
}
