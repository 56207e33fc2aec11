package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Role gives authority. Users can be operator and account_admin, members of a tenant are tenant_admin or member.
type Role string

// The roles, highest authority first.
const (
	RoleOperator     Role = "operator"
	RoleAccountAdmin Role = "account_admin"
	RoleTenantAdmin  Role = "tenant_admin"
	RoleMember       Role = "member"
)

// CheckUserRoles returns ErrInvalidRole unless a user can have each of the roles.
func CheckUserRoles(roles []Role) error {
	for _, role := range roles {
		if role != RoleOperator && role != RoleAccountAdmin {
			return fmt.Errorf("%w; not %s", ErrInvalidRole, Excerpt(string(role), 40))
		}
	}
	return nil
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

// Catalogue is the configured list of scopes of the company's own APIs.
type Catalogue []string

// CheckKeyScopes returns ErrInvalidScope unless each scope is in the catalogue or an administration scope (R9).
func (c Catalogue) CheckKeyScopes(scopes []string) error {
	for _, scope := range scopes {
		if !slices.Contains(c, scope) && !IsAdministrationScope(scope) {
			return fmt.Errorf("%w %s; allowed are %s and the administration scopes %s", ErrInvalidScope, Excerpt(scope, 60),
				strings.Join(c, ", "), strings.Join(AdministrationScopes(), ", "))
		}
	}
	return nil
}

// Missing lists those of the scopes that are neither in the catalogue nor administration scopes: the catalogue was another one when they
// were granted, or is at another server.
func (c Catalogue) Missing(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
		return slices.Contains(c, scope) || IsAdministrationScope(scope)
	})
}

// Authority ranks what people may do. It is derived from roles, never stored.
type Authority int

// The authorities, lowest first. AuthorityNone is that of a disabled user, a non-member, or anybody in a suspended tenant.
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

// Subject is the user behind a token, with the tenant, the account and the membership.
type Subject struct {
	Account    Account
	Tenant     Tenant
	User       User
	Membership Membership

	// Limit is the ceiling of the access key that the user acts through: see Through. AuthorityNone is no limit: the user acts in person.
	Limit Authority
	// InAccount is an admin of the account, or an operator, who has signed in and is a member of no tenant: whoever makes the first one.
	// There is no Tenant and no Membership then. It is never so of an access key or a token.
	InAccount bool
}

// Authority is the highest authority that the subject's roles give, cut to the ceiling of the access key that it acts through (R9).
func (s Subject) Authority() Authority {
	switch {
	case s.User.Disabled || s.Tenant.IsSuspended() || !s.Membership.Exists() && !s.InAccount:
		return AuthorityNone
	case s.Limit != AuthorityNone:
		return min(s.Limit, s.Standing())
	default:
		return s.Standing()
	}
}

// ScopesAbove lists those of the scopes that need more than the authority.
func ScopesAbove(authority Authority, scopes []string) []string {
	var above []string
	for _, scope := range scopes {
		if row, ok := findAdminScope(scope); ok && row.least > authority {
			above = append(above, scope)
		}
	}
	return above
}

// Allows says whether the subject's roles allow the scope. An administration scope needs its least authority; a catalogue scope is open
// to every member.
func (s Subject) Allows(scope string, catalogue Catalogue) bool {
	if row, ok := findAdminScope(scope); ok {
		return s.Authority() >= row.least
	}
	return s.Authority() >= AuthorityMember && slices.Contains(catalogue, scope)
}

// Cut returns those of the scopes that the subject's roles still allow, in the same order (R9). Where all are, they are the same slice.
func (s Subject) Cut(scopes []string, catalogue Catalogue) []string {
	return filtered(scopes, func(scope string) bool { return s.Allows(scope, catalogue) })
}

// filtered returns the texts that are kept: all of them, as is usual, without a copy.
func filtered(texts []string, keep func(string) bool) []string {
	for i, text := range texts {
		if keep(text) {
			continue
		}
		kept := slices.Clone(texts[:i])
		for _, text := range texts[i+1:] {
			if keep(text) {
				kept = append(kept, text)
			}
		}
		return kept
	}
	if texts == nil {
		return []string{}
	}
	return texts
}

// CheckGrant returns ErrNotGrantable if knowing the secret of a key with these scopes would give the actor more power than the actor has.
// The actor's authority and scopes are those of its own token, owner is the authority of the key's owner. For every administration scope
// of the key, the actor needs at least the owner's authority, and must have the scope too, unless it is
// "self" or "rotate": every user may have these, and whoever learns the secret of a key may as well refresh it.
func CheckGrant(actor Authority, actorScopes []string, owner Authority, keyScopes []string) error {
	for _, scope := range keyScopes {
		if !IsAdministrationScope(scope) {
			continue
		}
		if actor < owner || scope != ScopeSelf && scope != ScopeRotate && !slices.Contains(actorScopes, scope) {
			return fmt.Errorf("%w: scope %s", ErrNotGrantable, scope)
		}
	}
	return nil
}

// CheckUserChange returns ErrNotGrantable if an actor would give a role above its own authority, or change a user who has such a role; the
// latter is an AuthorityError (R32).
func CheckUserChange(actor Authority, before, after []Role) error {
	if err := CheckOver(actor, Subject{User: User{Roles: before}}.Standing()); err != nil {
		return err
	}
	for _, role := range after {
		if role == RoleOperator && actor < AuthorityOperator || role == RoleAccountAdmin && actor < AuthorityAccountAdmin {
			return fmt.Errorf("%w: only users with the role %s or above can give it", ErrNotGrantable, role)
		}
	}
	return nil
}
