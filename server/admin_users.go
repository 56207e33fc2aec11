package server

import (
	"encoding/json"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
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
	user, err := s.office.CreateUser(c.Context(), c.actor, c.place, admin.NewUser(body))
	return created(viewUser(user), "/admin/v1/accounts/%s/users/%s", user.AccountID, user.ID), err
}

func (s *Server) listUsers(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]policy.User, error) {
		return s.store.Users(c.Context(), c.place.Account.ID, p)
	}
	return page(q, fetch, func(u policy.User) string { return u.ID }, viewUser)
}

func (s *Server) getUser(c *call) (reply, error) {
	user, err := s.store.User(c.Context(), c.place.Account.ID, c.PathValue("user"))
	return ok(viewUser(user)), err
}

// patchUser takes a JSON merge patch (RFC 7396): what is missing stays, and a null password takes the password away.
func (s *Server) patchUser(c *call) (reply, error) {
	var body struct {
		Name     *string         `json:"name"`
		Email    *string         `json:"email"`
		Roles    *[]policy.Role  `json:"roles"`
		Password json.RawMessage `json:"password"`
		Disabled *bool           `json:"disabled"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	patch := admin.UserPatch{Name: body.Name, Email: body.Email, Roles: body.Roles, Disabled: body.Disabled}
	if body.Password != nil {
		patch.Password = new(*string)
		if err := json.Unmarshal(body.Password, patch.Password); err != nil {
			return reply{}, web.Refuse(web.ErrInvalidRequest, "The field \"password\" must be a string or null.")
		}
	}
	user, err := s.office.PatchUser(c.Context(), c.actor, c.place, c.PathValue("user"), patch)
	return ok(viewUser(user)), err
}

func (s *Server) deleteUser(c *call) (reply, error) {
	return noContent(), s.office.DeleteUser(c.Context(), c.actor, c.place, c.PathValue("user"))
}
