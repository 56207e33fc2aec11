package admin

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// FindMembers lists members of the tenant who have each word of the text in their name or e-mail address, by user ID, after the given one:
// see policy.NewSearch. more is true if there are others beyond the limit.
func (s *Service) FindMembers(
	ctx context.Context, in TenantContext, text string, page store.Page,
) (found []Member, more bool, err error) {
	listed, err := s.memberIndex(ctx, in)
	if err != nil {
		return nil, false, err
	}
	search := policy.NewSearch(text)
	var ids []string
	for _, m := range listed {
		if m.userID <= page.After || !search.In(m.foldedName, m.foldedEmail) {
			continue
		}
		if len(ids) == page.Limit {
			more = true
			break
		}
		ids = append(ids, m.userID)
	}
	members, err := s.membersByID(ctx, in, ids)
	for _, id := range ids {
		if m, ok := members[id]; ok {
			found = append(found, m)
		}
	}
	return found, more, err
}

// FindUsers lists users of the account who have each word of the text in their name or e-mail address, by user ID, after the given one:
// see policy.NewSearch. more is true if there are others beyond the limit.
func (s *Service) FindUsers(
	ctx context.Context, in TenantContext, text string, page store.Page,
) (found []policy.User, more bool, err error) {
	if text == "" {
		page.Limit++
		found, err = s.Store.Users(ctx, in.Account.ID, page)
		if more = len(found) == page.Limit; more {
			found = found[:page.Limit-1]
		}
		return found, more, err
	}
	listed, err := s.userIndex(ctx, in)
	if err != nil {
		return nil, false, err
	}
	search := policy.NewSearch(text)
	var ids []string
	for _, u := range listed {
		if u.id <= page.After || !search.In(u.foldedName, u.foldedEmail) {
			continue
		}
		if len(ids) == page.Limit {
			more = true
			break
		}
		ids = append(ids, u.id)
	}
	users, err := s.Store.UsersByID(ctx, in.Account.ID, ids)
	for _, id := range ids {
		if u, ok := users[id]; ok {
			found = append(found, u)
		}
	}
	return found, more, err
}

// Users lists the users of the account of the place, by ID.
func (s *Service) Users(ctx context.Context, in TenantContext, page store.Page) ([]policy.User, error) {
	return s.Store.Users(ctx, in.Account.ID, page)
}

// User returns one user of the account of the place, or store.ErrNotFound.
func (s *Service) User(ctx context.Context, in TenantContext, id string) (policy.User, error) {
	return s.Store.User(ctx, in.Account.ID, id)
}

// UsersByID returns those of the users who are in the account of the place, by ID.
func (s *Service) UsersByID(ctx context.Context, in TenantContext, ids []string) (map[string]policy.User, error) {
	return s.Store.UsersByID(ctx, in.Account.ID, ids)
}
