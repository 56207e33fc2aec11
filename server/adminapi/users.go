package adminapi

import (
	"cmp"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
	"mintkey/store"
)

func viewUser(u policy.User) api.User {
	return api.User{
		ID: u.ID, AccountID: u.AccountID, Kind: cmp.Or(u.Kind, policy.KindPerson), Name: u.Name, Email: u.Email,
		Roles: append([]policy.Role{}, u.Roles...), Disabled: u.Disabled, HasPassword: u.PasswordHash != "", CreatedAt: u.CreatedAt,
	}
}

// CreateUser creates a user in the account.
func (a *API) CreateUser(c *Call) (Reply, error) {
	body, err := decode[api.NewUser](c)
	if err != nil {
		return Reply{}, err
	}
	user, err := a.service.CreateUser(c.Context(), c.actor, c.in, admin.NewUser(body))
	return created(viewUser(user), "/admin/v1/accounts/%s/users/%s", user.AccountID, user.ID), err
}

// ListUsers lists the users of the account.
func (a *API) ListUsers(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	fetch := func(p store.Page) ([]policy.User, error) { return a.service.Users(c.Context(), c.in, p) }
	return page(q, fetch, func(u policy.User) string { return u.ID }, viewUser)
}

// GetUser returns one user.
func (a *API) GetUser(c *Call) (Reply, error) {
	user, err := a.service.User(c.Context(), c.in, c.PathValue("user"))
	return ok(viewUser(user)).withTag(admin.UserTag(user)), err
}

// ListUserKeys lists the access keys of a user in all tenants: what is left behind when the user leaves.
func (a *API) ListUserKeys(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	page := admin.KeyPage{After: q.after, Limit: q.limit}
	keys, next, err := a.service.UserKeys(c.Context(), c.actor, c.in, c.PathValue("user"), page)
	return ok(c.viewKeys(keys, next)), err
}

// PatchUser changes a user.
func (a *API) PatchUser(c *Call) (Reply, error) {
	body, err := decode[api.UserChange](c)
	if err != nil {
		return Reply{}, err
	}
	patch := admin.UserPatch{Kind: body.Kind, Name: body.Name, Email: body.Email, Roles: body.Roles, Disabled: body.Disabled}
	if body.Password.Given {
		patch.Password = &body.Password.Value
	}
	if patch.IfMatch, err = c.ifMatch(); err != nil {
		return Reply{}, err
	}
	user, err := a.service.PatchUser(c.Context(), c.actor, c.in, c.PathValue("user"), patch)
	return ok(viewUser(user)).withTag(admin.UserTag(user)), err
}

// DeleteUser deletes a user and revokes all the user's access keys.
func (a *API) DeleteUser(c *Call) (Reply, error) {
	condition, err := c.ifMatch()
	if err != nil {
		return Reply{}, err
	}
	return noContent(), a.service.DeleteUser(c.Context(), c.actor, c.in, c.PathValue("user"), condition)
}

// SendPasswordLink mails a user a link to choose a password.
func (a *API) SendPasswordLink(c *Call) (Reply, error) {
	if err := web.NoBody(c.Request.Request); err != nil {
		return Reply{}, err
	}
	return noContent(), a.sendLink(c.Context(), c.actor, c.in, c.PathValue("user"))
}

// EndSessions ends all sessions of a user in the console.
func (a *API) EndSessions(c *Call) (Reply, error) {
	_, err := a.service.EndSessions(c.Context(), c.actor, c.in, c.PathValue("user"))
	return noContent(), err
}
