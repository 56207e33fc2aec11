package adminapi

import (
	"cmp"
	"maps"
	"slices"

	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

// ListPasswordLogins lists the tenant's members who still use a password, latest first, so that an admin can move them to access keys.
func (a *API) ListPasswordLogins(c *Call) (Reply, error) {
	if _, err := c.query(); err != nil {
		return Reply{}, err
	}
	uses, err := a.uses(c.Context(), c.in.Tenant.ID)
	if err != nil {
		return Reply{}, err
	}
	users, err := a.service.UsersByID(c.Context(), c.in, slices.Collect(maps.Keys(uses)))
	if err != nil {
		return Reply{}, err
	}
	return ok(api.List[api.PasswordLogin]{Items: viewLogins(uses, users)}), nil
}

func viewLogins(uses map[string]store.PasswordUse, users map[string]policy.User) []api.PasswordLogin {
	views := []api.PasswordLogin{}
	for userID, use := range uses {
		if user, ok := users[userID]; ok { // deleted users are left out
			views = append(views, api.PasswordLogin{
				UserID: userID, Name: user.Name, Email: user.Email, LastAt: use.LastAt, Count: use.Count, Address: use.Address,
			})
		}
	}
	slices.SortFunc(views, func(a, b api.PasswordLogin) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.UserID, b.UserID))
	})
	return views
}
