package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

// NewUser is what a user is made from. An empty ID has one made; an empty name is the e-mail address; no password is none.
type NewUser struct {
	ID       string
	Name     string
	Email    string
	Roles    []policy.Role
	Password *string
	Disabled bool
}

// CreateUser makes a user in the account of the place.
func (o *Office) CreateUser(ctx context.Context, actor Actor, in Place, n NewUser) (policy.User, error) {
	return o.createUser(ctx, actor, in, n)
}

// CreateUserWithLink makes a user who is mailed a link to choose a password.
func (o *Office) CreateUserWithLink(ctx context.Context, actor Actor, in Place, n NewUser) (policy.User, error) {
	n.Password = nil
	return o.createUser(ctx, actor, in, n, policy.ActionPasswordLinkSent)
}

// createUser records the further actions in the same write.
func (o *Office) createUser(ctx context.Context, actor Actor, in Place, n NewUser, further ...policy.Action) (policy.User, error) {
	id, err := chooseID(n.ID)
	if err != nil {
		return policy.User{}, err
	}
	user := policy.User{
		ID: id, AccountID: in.Account.ID, Kind: policy.KindPerson, Name: cmp.Or(n.Name, n.Email), Email: n.Email, Roles: sortedRoles(n.Roles),
		Disabled: n.Disabled, CreatedAt: actor.At, Generation: rand.Text(),
	}
	if err := checkUser(actor, policy.User{}, user); err != nil {
		return policy.User{}, err
	}
	if n.Password != nil {
		if user.PasswordHash, err = hashPassword(*n.Password); err != nil {
			return policy.User{}, err
		}
	}
	event := actor.event(policy.ActionUserCreated, in.Account.ID)
	event.UserID = id
	event.Details = map[string]string{"email": user.Email, "roles": roleText(user.Roles)}
	events := []policy.Event{event}
	for _, action := range further {
		events = append(events, passwordLinkEvent(actor, action, user))
	}
	return user, o.Store.CreateUser(ctx, user, events...)
}

func checkUser(actor Actor, before, after policy.User) error {
	return cmp.Or(policy.CheckEmail(after.Email), policy.CheckName(after.Name), policy.CheckUserRoles(after.Roles),
		policy.CheckUserChange(actor.Authority(), before.Roles, after.Roles))
}

func hashPassword(password string) (string, error) {
	if err := policy.CheckPassword(password); err != nil {
		return "", err
	}
	return passwords.Hash(password)
}

// UserPatch changes a user; what is nil stays. A Password that points to nil takes the password away.
type UserPatch struct {
	Name     *string
	Email    *string
	Roles    *[]policy.Role
	Password **string
	Disabled *bool
	// ForgetOpenID lets whoever has the user's e-mail address at the OpenID provider sign in next, and be remembered.
	ForgetOpenID bool
}

// apply returns the user after the patch and the names of what changed. The hash stands for the new password.
func (p UserPatch) apply(u policy.User, hash string) (policy.User, []string) {
	var changed []string
	set := func(name string, differs bool, assign func()) {
		if differs {
			assign()
			changed = append(changed, name)
		}
	}
	set("name", p.Name != nil && *p.Name != u.Name, func() { u.Name = *p.Name })
	set("email", p.Email != nil && *p.Email != u.Email, func() { u.Email, u.OpenID = *p.Email, policy.Identity{} })
	set("openid", p.ForgetOpenID && u.OpenID != policy.Identity{}, func() { u.OpenID = policy.Identity{} })
	set("roles", p.Roles != nil && !slices.Equal(sortedRoles(*p.Roles), sortedRoles(u.Roles)), func() { u.Roles = sortedRoles(*p.Roles) })
	set(policy.ChangedPassword, p.Password != nil, func() { u.PasswordHash = hash })
	set("disabled", p.Disabled != nil && *p.Disabled != u.Disabled, func() { u.Disabled = *p.Disabled })
	return u, changed
}

func (p UserPatch) hash() (string, error) {
	if p.Password == nil || *p.Password == nil {
		return "", nil
	}
	return hashPassword(**p.Password)
}

// PatchUser changes a user of the account. Disabling one revokes the user's keys in every tenant (R8). Setting a password is announced to the user.
func (o *Office) PatchUser(ctx context.Context, actor Actor, in Place, id string, patch UserPatch) (policy.User, error) {
	hash, err := patch.hash()
	if err != nil {
		return policy.User{}, err
	}
	if patch.Disabled != nil && !*patch.Disabled {
		// What a crash left alive while the user was disabled must not come back with the user.
		if err := o.finishDisabling(ctx, actor, in, id); err != nil {
			return policy.User{}, err
		}
	}
	var after policy.User
	err = o.Store.UpdateUser(ctx, in.Account.ID, id, func(before policy.User) (policy.User, []policy.Event, error) {
		var changed []string
		after, changed = patch.apply(before, hash)
		if err := checkUser(actor, before, after); err != nil || len(changed) == 0 {
			return before, nil, err
		}
		event := actor.event(policy.ActionUserUpdated, in.Account.ID)
		event.UserID = id
		event.Details = map[string]string{policy.DetailChanged: strings.Join(changed, ", "), "roles": roleText(after.Roles), "disabled": strconv.FormatBool(after.Disabled)}
		event.Announce = event.ChangesPassword() && after.PasswordHash != "" // the user hears of it
		return after, []policy.Event{event}, nil
	})
	if err == nil && after.Disabled {
		err = o.endOfDisabled(ctx, actor, in, id)
	}
	return after, err
}

// endOfDisabled ends what must not come back when the user is enabled again: access keys, and links to choose a password.
func (o *Office) endOfDisabled(ctx context.Context, actor Actor, in Place, id string) error {
	return errors.Join(o.endPasswordLinks(ctx, id, actor.At), o.revokeAllKeys(ctx, actor, in, id, "user disabled"))
}

func (o *Office) finishDisabling(ctx context.Context, actor Actor, in Place, userID string) error {
	user, err := o.Store.User(ctx, in.Account.ID, userID)
	if err != nil || !user.Disabled {
		return err
	}
	if err := checkUser(actor, user, user); err != nil {
		return err
	}
	return o.endOfDisabled(ctx, actor, in, userID)
}

// DeleteUser removes a user with every membership and key. The user is disabled first, so that no key can be made while the memberships
// end one by one; a delete that was cut short can be repeated.
func (o *Office) DeleteUser(ctx context.Context, actor Actor, in Place, id string) error {
	err := o.Store.UpdateUser(ctx, in.Account.ID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		if err := policy.CheckUserChange(actor.Authority(), u.Roles, nil); err != nil {
			return u, nil, err
		}
		u.Disabled = true
		return u, nil, nil
	})
	if err != nil {
		return err
	}
	err = o.forEachTenantOf(ctx, in.Account.ID, id, func(tenantID string) error {
		return o.removeMember(ctx, actor, in.Account.ID, tenantID, id, "user deleted")
	})
	if err != nil {
		return err
	}
	event := actor.event(policy.ActionUserDeleted, in.Account.ID)
	event.UserID = id
	return o.Store.DeleteUser(ctx, in.Account.ID, id, event)
}

func (o *Office) revokeAllKeys(ctx context.Context, actor Actor, in Place, userID, reason string) error {
	return o.forEachTenantOf(ctx, in.Account.ID, userID, func(tenantID string) error {
		return o.changeMembership(ctx, actor, tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			rest, revoked := m.WithoutKeys()
			return rest, revokedEvents(actor, m, revoked, reason), nil
		})
	})
}

func (o *Office) forEachTenantOf(ctx context.Context, accountID, userID string, do func(tenantID string) error) error {
	tenants, err := o.Store.TenantsOf(ctx, accountID, userID)
	if err != nil {
		return err
	}
	for _, tenantID := range tenants {
		if err := do(tenantID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

func sortedRoles(roles []policy.Role) []policy.Role {
	sorted := slices.Clone(roles)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func roleText(roles []policy.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}
