package admin

import (
	"context"
	"maps"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// listedUser is the part of a user that tables search and sort by.
type listedUser struct {
	id, foldedName, foldedEmail string
	roles                       []policy.Role
	disabled, robot, password   bool
	created, lastSignIn         time.Time
}

// userIndex returns the account's current users, sorted by ID.
func (s *Service) userIndex(ctx context.Context, in TenantContext) ([]listedUser, error) {
	listed := func(u policy.User) listedUser {
		return listedUser{
			id: u.ID, foldedName: policy.FoldText(u.Name), foldedEmail: policy.FoldText(u.Email), roles: u.Roles, disabled: u.Disabled,
			robot: u.IsRobot(), password: u.PasswordHash != "", created: u.CreatedAt, lastSignIn: u.LastSignInAt,
		}
	}
	return s.userIndexes.lookup(ctx, in.Account.ID, source[listedUser]{
		changes: []func(context.Context, store.Version) (store.Changes, error){
			func(ctx context.Context, since store.Version) (store.Changes, error) {
				return s.Store.UserChanges(ctx, in.Account.ID, since)
			},
		},
		id: func(u listedUser) string { return u.id },
		read: func(ctx context.Context, ids []string) ([]listedUser, error) {
			found, err := s.Store.UsersByID(ctx, in.Account.ID, ids)
			var users []listedUser
			for _, u := range slices.Collect(maps.Values(found)) {
				users = append(users, listed(u))
			}
			return users, err
		},
		all: func(ctx context.Context) (all []listedUser, err error) {
			for page := (store.Page{Limit: walkSize}); ; page.After = all[len(all)-1].id {
				found, err := s.Store.Users(ctx, in.Account.ID, page)
				if err != nil || len(found) == 0 {
					return all, err
				}
				for _, u := range found {
					all = append(all, listed(u))
				}
			}
		},
	})
}
