package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

type userView struct {
	ID          string        `json:"id"`
	AccountID   string        `json:"account_id"`
	Name        string        `json:"name"`
	Email       string        `json:"email"`
	Roles       []policy.Role `json:"roles"`
	Disabled    bool          `json:"disabled"`
	HasPassword bool          `json:"has_password"`
	CreatedAt   time.Time     `json:"created_at"`
}

func viewUser(u policy.User) userView {
	roles := append([]policy.Role{}, u.Roles...)
	return userView{u.ID, u.AccountID, u.Name, u.Email, roles, u.Disabled, u.PasswordHash != "", u.CreatedAt}
}

func (s *Server) createUser(c *call) (reply, error) {
	var body struct {
		ID       string        `json:"id"`
		Name     string        `json:"name"`
		Email    string        `json:"email"`
		Roles    []policy.Role `json:"roles"`
		Password *string       `json:"password"`
		Disabled bool          `json:"disabled"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	id, err := chooseID(body.ID)
	if err != nil {
		return reply{}, err
	}
	if body.Name == "" {
		body.Name = body.Email
	}
	user := policy.User{ID: id, AccountID: c.account.ID, Name: body.Name, Email: body.Email, Roles: sortedRoles(body.Roles), Disabled: body.Disabled, CreatedAt: c.about.At}
	if err := c.checkUser(policy.User{}, user); err != nil {
		return reply{}, err
	}
	if body.Password != nil {
		if user.PasswordHash, err = hashPassword(*body.Password); err != nil {
			return reply{}, err
		}
	}
	event := c.event(policy.ActionUserCreated)
	event.UserID = user.ID
	event.Details = map[string]string{"email": user.Email, "roles": roleText(user.Roles)}
	if err := s.store.CreateUser(c.Context(), user, event); err != nil {
		return reply{}, err
	}
	return created(viewUser(user), "/admin/v1/accounts/%s/users/%s", c.account.ID, user.ID), nil
}

func (c *call) checkUser(before, after policy.User) error {
	return cmp.Or(policy.CheckEmail(after.Email), policy.CheckName(after.Name), policy.CheckUserRoles(after.Roles),
		policy.CheckUserChange(c.caller.Authority(), before.Roles, after.Roles))
}

func hashPassword(password string) (string, error) {
	if err := policy.CheckPassword(password); err != nil {
		return "", err
	}
	return passwords.Hash(password)
}

func (s *Server) listUsers(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.User, error) { return s.store.Users(c.Context(), c.account.ID, p) }
	return page(q, fetch, func(u policy.User) string { return u.ID }, viewUser)
}

func (s *Server) getUser(c *call) (reply, error) {
	user, err := s.store.User(c.Context(), c.account.ID, pathValue(c.Request, "user"))
	return ok(viewUser(user)), err
}

// userPatch is a JSON merge patch (RFC 7396) of a user: what is missing stays.
type userPatch struct {
	Name     *string         `json:"name"`
	Email    *string         `json:"email"`
	Roles    *[]policy.Role  `json:"roles"`
	Password json.RawMessage `json:"password"` // null takes the password away
	Disabled *bool           `json:"disabled"`
}

// apply returns the user after the patch and the names of what changed. The hash stands for the new password.
func (p userPatch) apply(u policy.User, hash string) (policy.User, []string) {
	var changed []string
	set := func(name string, differs bool, assign func()) {
		if differs {
			assign()
			changed = append(changed, name)
		}
	}
	set("name", p.Name != nil && *p.Name != u.Name, func() { u.Name = *p.Name })
	set("email", p.Email != nil && *p.Email != u.Email, func() { u.Email = *p.Email })
	set("roles", p.Roles != nil && !slices.Equal(sortedRoles(*p.Roles), sortedRoles(u.Roles)), func() { u.Roles = sortedRoles(*p.Roles) })
	set("password", p.Password != nil, func() { u.PasswordHash = hash })
	set("disabled", p.Disabled != nil && *p.Disabled != u.Disabled, func() { u.Disabled = *p.Disabled })
	return u, changed
}

func (p userPatch) passwordHash() (string, error) {
	if p.Password == nil || string(p.Password) == "null" {
		return "", nil
	}
	var password string
	if err := json.Unmarshal(p.Password, &password); err != nil {
		return "", refuse(errInvalidRequest, "The field \"password\" must be a string or null.")
	}
	return hashPassword(password)
}

func (s *Server) patchUser(c *call) (reply, error) {
	var patch userPatch
	if err := c.decode(&patch); err != nil {
		return reply{}, err
	}
	hash, err := patch.passwordHash()
	if err != nil {
		return reply{}, err
	}
	id := pathValue(c.Request, "user")
	if patch.Disabled != nil && !*patch.Disabled {
		// Keys that a crash left alive while the user was disabled must not come back with the user.
		if err := s.finishDisabling(c, id); err != nil {
			return reply{}, err
		}
	}
	var after policy.User
	err = s.store.UpdateUser(c.Context(), c.account.ID, id, func(before policy.User) (policy.User, []policy.Event, error) {
		var changed []string
		after, changed = patch.apply(before, hash)
		if err := c.checkUser(before, after); err != nil || len(changed) == 0 {
			return before, nil, err
		}
		event := c.event(policy.ActionUserUpdated)
		event.UserID = id
		event.Details = map[string]string{"changed": strings.Join(changed, ", "), "roles": roleText(after.Roles), "disabled": strconv.FormatBool(after.Disabled)}
		return after, []policy.Event{event}, nil
	})
	if err != nil {
		return reply{}, err
	}
	if after.Disabled {
		if err := s.revokeAllKeys(c, id, "user disabled"); err != nil {
			return reply{}, err
		}
	}
	return ok(viewUser(after)), nil
}

func (s *Server) finishDisabling(c *call, userID string) error {
	user, err := s.store.User(c.Context(), c.account.ID, userID)
	if err != nil || !user.Disabled {
		return err
	}
	if err := c.checkUser(user, user); err != nil {
		return err
	}
	return s.revokeAllKeys(c, userID, "user disabled")
}

// deleteUser disables the user first, so that no key can be made while the memberships end one by one; a delete that
// was cut short can be repeated.
func (s *Server) deleteUser(c *call) (reply, error) {
	id := pathValue(c.Request, "user")
	err := s.store.UpdateUser(c.Context(), c.account.ID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		if err := policy.CheckUserChange(c.caller.Authority(), u.Roles, nil); err != nil {
			return u, nil, err
		}
		u.Disabled = true
		return u, nil, nil
	})
	if err != nil {
		return reply{}, err
	}
	err = s.forEachMembership(c.Context(), c.account.ID, id, func(tenantID string) error {
		return s.removeMember(c, tenantID, id, "user deleted")
	})
	if err != nil {
		return reply{}, err
	}
	event := c.event(policy.ActionUserDeleted)
	event.UserID = id
	return noContent(), s.store.DeleteUser(c.Context(), c.account.ID, id, event)
}

func (s *Server) revokeAllKeys(c *call, userID, reason string) error {
	return s.forEachMembership(c.Context(), c.account.ID, userID, func(tenantID string) error {
		return s.store.UpdateMembership(c.Context(), tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, revoked := m.WithoutKeys()
			return m, c.revokedEvents(m, revoked, reason), nil
		})
	})
}

func (s *Server) forEachMembership(ctx context.Context, accountID, userID string, do func(tenantID string) error) error {
	tenants, err := s.store.TenantsOf(ctx, accountID, userID)
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

// revokedEvents records each key that died with a membership or a user (R8).
func (c *call) revokedEvents(m policy.Membership, keys []policy.AccessKey, reason string) []policy.Event {
	var events []policy.Event
	for _, key := range keys {
		events = append(events, c.keyEvent(policy.ActionKeyRevoked, m, key.ClientID, map[string]string{"reason": reason}))
	}
	return events
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
