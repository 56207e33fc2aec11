package policy

import (
	"errors"
	"fmt"
	"slices"
)

// The refusals that protect people from those below them, and an account or the server from having nobody to run it (R32).
var (
	// ErrHigherAuthority refuses to change or stop somebody, or an access key, of higher authority. See AuthorityError.
	ErrHigherAuthority = errors.New("this belongs to somebody of higher authority")
	// ErrLastAdmin refuses to let the last enabled person go who has a role. See LastAdminError.
	ErrLastAdmin = errors.New("the last one who has this role")
)

// AuthorityError is ErrHigherAuthority with the lowest authority that it takes.
type AuthorityError struct {
	Least Authority
}

// Error names the role.
func (e *AuthorityError) Error() string {
	return fmt.Sprintf("this belongs to somebody of higher authority than yours: it takes the role %s or above", e.Least.Role())
}

// Is makes errors.Is true for ErrHigherAuthority, and for ErrNotGrantable, of which it is one.
func (*AuthorityError) Is(target error) bool {
	return target == ErrHigherAuthority || target == ErrNotGrantable
}

// CheckOver returns an AuthorityError if the target's authority is above the actor's. It is asked before everything that changes, demotes,
// removes, disables or locks out a person (R32).
func CheckOver(actor, target Authority) error {
	if actor < target {
		return &AuthorityError{target}
	}
	return nil
}

// CheckStop returns an AuthorityError if the key administers with more authority than the actor has: such a key is stopped by people of
// that authority. Any other key of a tenant can always be stopped by its admins (R32).
func CheckStop(actor Authority, owner Subject, key AccessKey) error {
	acts := min(key.CeilingAuthority(), owner.Standing())
	if slices.ContainsFunc(key.Scopes, func(scope string) bool {
		row, ok := findAdminScope(scope)
		return ok && row.least > AuthorityMember && row.least <= acts // what every member may do reaches nobody else's
	}) {
		return CheckOver(actor, acts)
	}
	return nil
}

// Standing is the authority that the subject's roles give, whether or not the user is disabled, a member of the tenant, or acts through an
// access key. It is how much authority it takes to change the user.
func (s Subject) Standing() Authority {
	switch {
	case slices.Contains(s.User.Roles, RoleOperator):
		return AuthorityOperator
	case slices.Contains(s.User.Roles, RoleAccountAdmin):
		return AuthorityAccountAdmin
	case s.Membership.Role == RoleTenantAdmin:
		return AuthorityTenantAdmin
	case s.Membership.Exists():
		return AuthorityMember
	default:
		return AuthorityNone
	}
}

// AdminRoles lists the roles of a user that an account or the server can't be left without; none of a user who is disabled or a robot.
func (u User) AdminRoles() []Role {
	if u.Disabled || u.IsRobot() {
		return nil
	}
	var roles []Role
	for _, role := range []Role{RoleOperator, RoleAccountAdmin} {
		if slices.Contains(u.Roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// AdminRolesLost lists those of the AdminRoles that a user has before a change and not after it.
func AdminRolesLost(before, after User) []Role {
	return slices.DeleteFunc(before.AdminRoles(), func(role Role) bool { return slices.Contains(after.AdminRoles(), role) })
}

// LastAdminError is ErrLastAdmin with the role.
type LastAdminError struct {
	Role Role
}

// Error says what to do first.
func (e *LastAdminError) Error() string {
	where := "the account"
	if e.Role == RoleOperator {
		where = "the server"
	}
	return fmt.Sprintf("this is the last enabled person with the role %s of %s who is a member of a tenant: "+
		"give the role to another member first", e.Role, where)
}

// Is makes errors.Is(err, ErrLastAdmin) true.
func (*LastAdminError) Is(target error) bool { return target == ErrLastAdmin }
