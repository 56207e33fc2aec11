package server

import (
	"cmp"
	"maps"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

type passwordLoginView struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
	Email  string `json:"email"`
	store.PasswordUse
}

// listPasswordLogins says who of a tenant still uses a password, the latest first, so that an admin can move them to access keys.
func (s *Server) listPasswordLogins(c *call) (reply, error) {
	if _, err := c.query(); err != nil {
		return reply{}, err
	}
	tenant := c.place.Tenant
	uses, err := s.usage.Logins.Of(c.Context(), tenant.ID)
	if err != nil {
		return reply{}, err
	}
	users, err := s.Store.UsersByID(c.Context(), tenant.AccountID, slices.Collect(maps.Keys(uses)))
	if err != nil {
		return reply{}, err
	}
	return ok(list[passwordLoginView]{Items: viewLogins(uses, users)}), nil
}

func viewLogins(uses map[string]store.PasswordUse, users map[string]policy.User) []passwordLoginView {
	views := []passwordLoginView{}
	for userID, use := range uses {
		if user, ok := users[userID]; ok { // a deleted user needs no moving
			views = append(views, passwordLoginView{userID, user.Name, user.Email, use})
		}
	}
	slices.SortFunc(views, func(a, b passwordLoginView) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.UserID, b.UserID))
	})
	return views
}
