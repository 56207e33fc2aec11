package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// NewUser describes a user to be made. If the ID is empty, one is made; an empty name becomes the e-mail address; without a password
// the user has none.
type NewUser struct {
	ID       string
	Kind     policy.UserKind // empty: a person
	Name     string
	Email    string
	Roles    []policy.Role
	Password *string
	Disabled bool
}

// CreateUser makes a user in the account.
func (s *Service) CreateUser(ctx context.Context, actor Actor, in TenantContext, n NewUser) (policy.User, error) {
	return s.createUser(ctx, actor, in, n)
}

// CreateUserWithLink makes a user who is mailed a link to choose a password. A robot can't: policy.ErrServiceUser.
func (s *Service) CreateUserWithLink(ctx context.Context, actor Actor, in TenantContext, n NewUser) (policy.User, error) {
	if n.Kind == policy.KindService {
		return policy.User{}, policy.ErrServiceUser
	}
	n.Password = nil
	return s.createUser(ctx, actor, in, n, policy.ActionPasswordLinkSent)
}

// createUser also records the further actions, in the same write.
func (s *Service) createUser(ctx context.Context, actor Actor, in TenantContext, n NewUser, further ...policy.Action) (policy.User, error) {
	id, err := chooseID(n.ID)
	if err != nil {
		return policy.User{}, err
	}
	user := policy.User{
		ID: id, AccountID: in.Account.ID, Kind: cmp.Or(n.Kind, policy.KindPerson), Name: cmp.Or(n.Name, n.Email), Email: n.Email,
		Roles: sortedRoles(n.Roles), Disabled: n.Disabled, CreatedAt: actor.At, Generation: rand.Text(),
	}
	if err := cmp.Or(policy.CheckKind(user.Kind), checkUser(actor, policy.User{}, user)); err != nil {
		return policy.User{}, err
	}
	if n.Password != nil {
		if err := policy.CheckPasswordOf(user, *n.Password); err != nil {
			return policy.User{}, err
		}
		if user.PasswordHash, err = s.hashPassword(ctx, *n.Password); err != nil {
			return policy.User{}, err
		}
	}
	event := actor.event(policy.ActionUserCreated, in.Account.ID)
	event.UserID = id
	event.Details = map[string]string{"email": user.Email, "roles": roleText(user.Roles)}
	if user.IsRobot() {
		event.Details["kind"] = string(user.Kind)
	}
	events := []policy.Event{event}
	for _, action := range further {
		events = append(events, passwordLinkEvent(actor, action, user))
	}
	return user, s.Store.CreateUser(ctx, user, events...)
}

func checkUser(actor Actor, before, after policy.User) error {
	return cmp.Or(policy.CheckKindChange(before.Kind, after.Kind),
		policy.CheckEmail(after.Email), policy.CheckName(after.Name), policy.CheckUserRoles(after.Roles),
		policy.CheckUserChange(actor.Authority(), before.Roles, after.Roles))
}

func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	if err := policy.CheckPassword(password); err != nil {
		return "", err
	}
	return s.Hasher.Hash(ctx, password)
}

// UserPatch changes a user; nil fields stay as they are. A Password that points to nil takes the password away.
type UserPatch struct {
	// Kind makes a robot of a person, once (R34).
	Kind     *policy.UserKind
	Name     *string
	Email    *string
	Roles    *[]policy.Role
	Password **string
	Disabled *bool
	// ForgetOpenID unbinds the user from the OpenID provider: whoever has the user's e-mail address there can sign in next, and is bound.
	ForgetOpenID bool
	IfMatch      IfMatch
}

// apply returns the user after the patch and the names of what changed. hash is that of the new password.
func (p UserPatch) apply(u policy.User, hash string, now time.Time) (policy.User, []string) {
	var changed []string
	set := func(name string, differs bool, assign func()) {
		if differs {
			assign()
			changed = append(changed, name)
		}
	}
	set("kind", p.Kind != nil && *p.Kind != cmp.Or(u.Kind, policy.KindPerson), func() { u = p.withKind(u, now) })
	set("name", p.Name != nil && *p.Name != u.Name, func() { u.Name = *p.Name })
	set("email", p.Email != nil && *p.Email != u.Email, func() { u = u.WithEmail(*p.Email, now) })
	set("openid", p.ForgetOpenID && u.OpenID != policy.Identity{}, func() { u = u.Unbound(now) })
	set("roles", p.Roles != nil && !slices.Equal(sortedRoles(*p.Roles), sortedRoles(u.Roles)), func() { u.Roles = sortedRoles(*p.Roles) })
	set(policy.ChangedPassword, p.Password != nil && !u.IsRobot(), func() { u = u.WithPassword(hash, now) })
	set("disabled", p.Disabled != nil && *p.Disabled != u.Disabled, func() { u = u.WithDisabled(*p.Disabled, now) })
	return u, changed
}

// withKind returns the user with the kind of the patch, which checkUser refuses unless it is that of a robot.
func (p UserPatch) withKind(u policy.User, now time.Time) policy.User {
	if *p.Kind == policy.KindService {
		return u.AsRobot(now)
	}
	u.Kind = *p.Kind
	return u
}

func (s *Service) hashPatch(ctx context.Context, p UserPatch) (string, error) {
	if p.Password == nil || *p.Password == nil {
		return "", nil
	}
	return s.hashPassword(ctx, **p.Password)
}

// checkPassword returns an error if the new password, if there is one, can't be that of the user as they are now.
func (p UserPatch) checkPassword(u policy.User) error {
	if p.Password == nil || *p.Password == nil {
		return nil
	}
	return policy.CheckPasswordOf(u, **p.Password)
}

// PatchUser changes a user of the account. Disabling one stops all their keys and ends all their tokens, sessions and links, in every
// tenant; enabling gives back the keys (R8). A person who becomes a robot keeps the keys, and loses all ways to sign in (R34). The user is
// told of this, of a new password, address or role, and of a binding that is gone: a takeover would begin with one of these. The last admin
// can be neither demoted nor disabled (R32).
func (s *Service) PatchUser(ctx context.Context, actor Actor, in TenantContext, id string, patch UserPatch) (policy.User, error) {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return policy.User{}, err
	}
	if patch.Kind != nil {
		if err := policy.CheckKind(*patch.Kind); err != nil {
			return policy.User{}, err
		}
	}
	patched, _ := patch.apply(user, user.PasswordHash, actor.At)
	if err := cmp.Or(checkUser(actor, user, patched), patch.checkPassword(patched)); err != nil { // before anything is hashed
		return policy.User{}, err
	}
	hash, err := s.hashPatch(ctx, patch)
	if err != nil {
		return policy.User{}, err
	}
	ends, err := s.endOfTokens(ctx, actor, user)
	if err != nil {
		return policy.User{}, err
	}
	leaves := departure{user: user, roles: policy.AdminRolesLost(user, patched)}
	var after policy.User
	var saved []policy.Event
	save := func(ctx context.Context) error {
		return s.Store.UpdateUser(ctx, in.Account.ID, id, func(before policy.User) (policy.User, []policy.Event, error) {
			saved = nil
			var changed []string
			after, changed = patch.apply(before, hash, ends)
			err := cmp.Or(checkUser(actor, before, after), patch.checkPassword(after), patch.IfMatch.check(UserTag(before)))
			if err != nil || len(changed) == 0 {
				return before, nil, err
			}
			if !leaves.covers(policy.AdminRolesLost(before, after)) {
				return before, nil, store.ErrConflict
			}
			saved = []policy.Event{patchEvent(actor, before, after, changed)}
			return after, saved, nil
		})
	}
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		if err := s.unlessLast(ctx, actor, leaves, func() error { return save(ctx) }); err != nil {
			return err
		}
		for _, event := range saved {
			_ = s.publish(ctx, event) // logged, and the outbox retries
		}
		if !after.Disabled || !endsTokens(saved) {
			return nil
		}
		return s.endSinceLook(ctx, actor, after)
	})
	if endsTokens(saved) {
		err = inEffect(err)
	}
	if err != nil {
		return policy.User{}, err
	}
	return after, nil
}

// endOfTokens is the instant up to which a change of the user ends what was issued: now, or when the newest status index of the user was
// given, if that was by the clock of a server that is ahead.
func (s *Service) endOfTokens(ctx context.Context, actor Actor, user policy.User) (time.Time, error) {
	ends := actor.At
	err := s.forEachTenantOf(ctx, user.AccountID, user.ID, func(tenantID string) error {
		m, err := s.Store.Membership(ctx, tenantID, user.ID)
		if latest := m.LatestIndex(); latest.After(ends) {
			ends = latest
		}
		return err
	})
	return ends, err
}

// endSinceLook ends what a user who is disabled by now was given between the look at their tokens and the write that disabled them. Nothing
// can be given any more.
func (s *Service) endSinceLook(ctx context.Context, actor Actor, user policy.User) error {
	ends, err := s.endOfTokens(ctx, actor, user)
	if err != nil || !ends.After(user.EndedBefore) {
		return err
	}
	var saved []policy.Event
	err = s.Store.UpdateUser(ctx, user.AccountID, user.ID, func(before policy.User) (policy.User, []policy.Event, error) {
		saved = nil
		if !before.Disabled || !ends.After(before.EndedBefore) {
			return before, nil, nil
		}
		after := before.WithDisabled(true, ends)
		saved = []policy.Event{patchEvent(actor, before, after, []string{"disabled"})}
		return after, saved, nil
	})
	if errors.Is(err, store.ErrNotFound) { // deleted meanwhile, with all that was given
		return nil
	}
	for _, event := range saved {
		if err == nil {
			_ = s.publish(ctx, event) // logged, and the outbox retries
		}
	}
	return err
}

func patchEvent(actor Actor, before, after policy.User, changed []string) policy.Event {
	event := actor.event(policy.ActionUserUpdated, after.AccountID)
	event.UserID = after.ID
	event.Details = map[string]string{
		policy.DetailChanged: strings.Join(changed, ", "), "roles": roleText(after.Roles), "disabled": strconv.FormatBool(after.Disabled),
	}
	if slices.Contains(changed, policy.ChangedPassword) {
		event.Payload.Password = &policy.PasswordChange{TakenAway: after.PasswordHash == ""}
	}
	event.Payload.Ended, event.Payload.Person = policy.TokensEnded(before, after), policy.PersonChangeOf(before, after)
	event.Announce = event.Payload.Password != nil || event.Payload.Ended != nil || event.Payload.Person != nil
	return event
}

// DeleteUser removes a user with every membership and key. The user is disabled first, so that no key can be made while the
// memberships end one by one; a delete that was interrupted can be repeated. The last admin can't be deleted (R32). For a user who is
// gone it is store.ErrNotFound, once what may be left of them has ended.
func (s *Service) DeleteUser(ctx context.Context, actor Actor, in TenantContext, id string, condition IfMatch) error {
	return inEffect(store.ConfirmOnce(ctx, func(ctx context.Context) error { return s.endUser(ctx, actor, in, id, condition) }))
}

func (s *Service) endUser(ctx context.Context, actor Actor, in TenantContext, id string, condition IfMatch) error {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return s.deleteUser(ctx, actor, in, id)
	}
	if err != nil {
		return err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return err
	}
	leaves := departure{user: user, roles: user.AdminRoles()}
	return s.unlessLast(ctx, actor, leaves, func() error { return s.disableAndDelete(ctx, actor, in, leaves, condition) })
}

func (s *Service) disableAndDelete(ctx context.Context, actor Actor, in TenantContext, leaves departure, condition IfMatch) error {
	id := leaves.user.ID
	err := s.Store.UpdateUser(ctx, in.Account.ID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		if err := cmp.Or(policy.CheckUserChange(actor.Authority(), u.Roles, nil), condition.check(UserTag(u))); err != nil {
			return u, nil, err
		}
		if !leaves.covers(u.AdminRoles()) {
			return u, nil, store.ErrConflict
		}
		return u.WithDisabled(true, actor.At), nil, nil
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.deleteUser(ctx, actor, in, id)
}

func (s *Service) forEachTenantOf(ctx context.Context, accountID, userID string, do func(tenantID string) error) error {
	tenants, err := s.Store.TenantsOf(ctx, accountID, userID)
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
