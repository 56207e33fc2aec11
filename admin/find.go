package admin

import (
	"context"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// FindMembers lists members of the tenant of the place whose name or e-mail address contains the text, without case, by user ID. It says
// whether there are more than the limit.
func (o *Office) FindMembers(ctx context.Context, in Place, text string, limit int) (found []Member, more bool, err error) {
	for page := (store.Page{Limit: walkSize}); ; {
		members, err := o.Members(ctx, in, page)
		if err != nil || len(members) == 0 {
			return found, false, err
		}
		for _, member := range members {
			page.After = member.UserID
			if !nameContains(member.User, text) {
				continue
			}
			if len(found) == limit {
				return found, true, nil
			}
			found = append(found, member)
		}
	}
}

// FindUsers lists users of the account of the place whose name or e-mail address contains the text, without case, by user ID, after the given one.
// It says whether there are more than the limit.
func (o *Office) FindUsers(ctx context.Context, in Place, text string, page store.Page) (found []policy.User, more bool, err error) {
	for walk := (store.Page{After: page.After, Limit: walkSize}); ; {
		users, err := o.Store.Users(ctx, in.Account.ID, walk)
		if err != nil || len(users) == 0 {
			return found, false, err
		}
		for _, user := range users {
			walk.After = user.ID
			if !nameContains(user, text) {
				continue
			}
			if len(found) == page.Limit {
				return found, true, nil
			}
			found = append(found, user)
		}
	}
}

func nameContains(u policy.User, text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(strings.ToLower(u.Name), text) || strings.Contains(strings.ToLower(u.Email), text)
}
