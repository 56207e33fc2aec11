package admin

import (
	"context"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// documentDepartures lists who is about to stop being an admin, in the order in which that began. Of two admins who go at the same time,
// on whichever servers, the later one counts the earlier one as gone, and the earlier one the later one as staying, so that one of them
// stays.
const documentDepartures = "admin-departures"

// departureLasts is after how long an entry counts as left by a crash. What it announces takes a few writes.
const departureLasts = time.Minute

// departure is that a user stops acting in some roles: by losing them, by being disabled or deleted, or by leaving a tenant.
type departure struct {
	user       policy.User
	roles      []policy.Role
	fromTenant string // the tenant that is left; empty where the user keeps or loses all memberships
}

// covers says whether the roles are among those that are left: a change must not take one more, which somebody has given meanwhile.
func (d departure) covers(lost []policy.Role) bool {
	return !slices.ContainsFunc(lost, func(role policy.Role) bool { return !slices.Contains(d.roles, role) })
}

// departureEntry is one entry of documentDepartures.
type departureEntry struct {
	UserID string    `json:"user_id"`
	At     time.Time `json:"at"`
}

// unlessLast carries out a departure, unless nobody would be left with one of the roles: then it is a policy.LastAdminError (R32). It
// is store.ErrConflict while another departure of the same user is under way.
func (s *Service) unlessLast(ctx context.Context, actor Actor, leaves departure, carryOut func() error) error {
	if len(leaves.roles) == 0 {
		return carryOut()
	}
	earlier, err := s.announceDeparture(ctx, leaves.user.ID, actor.At)
	if err != nil {
		return err
	}
	// What fails here is over in a minute.
	defer func() { _ = s.endDeparture(context.WithoutCancel(ctx), leaves.user.ID) }()
	if err := s.checkSuccession(ctx, leaves, earlier); err != nil {
		return err
	}
	return carryOut()
}

// announceDeparture returns the users whose departures began before.
func (s *Service) announceDeparture(ctx context.Context, userID string, now time.Time) (earlier []string, err error) {
	err = store.UpdateJSON(ctx, s.Store, documentDepartures, func(entries []departureEntry) ([]departureEntry, error) {
		earlier = nil
		entries = slices.DeleteFunc(entries, func(e departureEntry) bool { return now.Sub(e.At).Abs() >= departureLasts })
		for _, entry := range entries {
			if entry.UserID == userID {
				return nil, store.ErrConflict
			}
			earlier = append(earlier, entry.UserID)
		}
		return append(entries, departureEntry{userID, now}), nil
	})
	return earlier, err
}

func (s *Service) endDeparture(ctx context.Context, userID string) error {
	return store.UpdateJSON(ctx, s.Store, documentDepartures, func(entries []departureEntry) ([]departureEntry, error) {
		return slices.DeleteFunc(entries, func(e departureEntry) bool { return e.UserID == userID }), nil
	})
}

// checkSuccession returns a policy.LastAdminError unless somebody else has each of the roles. Whoever can act, as a member of some tenant,
// is followed by somebody who can: without a membership nobody signs in or holds an access key.
func (s *Service) checkSuccession(ctx context.Context, leaves departure, earlier []string) error {
	tenants, err := s.Store.TenantsOf(ctx, leaves.user.AccountID, leaves.user.ID)
	if err != nil {
		return err
	}
	if leaves.fromTenant != "" && !slices.Equal(tenants, []string{leaves.fromTenant}) {
		return nil
	}
	for _, role := range leaves.roles {
		follows := func(u policy.User) (bool, error) {
			if u.ID == leaves.user.ID || slices.Contains(earlier, u.ID) || !slices.Contains(u.AdminRoles(), role) {
				return false, nil
			}
			if len(tenants) == 0 {
				return true, nil
			}
			theirs, err := s.Store.TenantsOf(ctx, u.AccountID, u.ID)
			return len(theirs) > 0, err
		}
		found, err := s.anyUser(ctx, leaves.user.AccountID, follows)
		if err == nil && !found && role == policy.RoleOperator {
			found, err = s.anyUserElsewhere(ctx, leaves.user.AccountID, follows)
		}
		if err != nil {
			return err
		}
		if !found {
			return &policy.LastAdminError{Role: role}
		}
	}
	return nil
}

// anyUser says whether a user of the account is as asked.
func (s *Service) anyUser(ctx context.Context, accountID string, is func(policy.User) (bool, error)) (bool, error) {
	for page := (store.Page{Limit: walkSize}); ; {
		users, err := s.Store.Users(ctx, accountID, page)
		if err != nil {
			return false, err
		}
		for _, user := range users {
			if found, err := is(user); found || err != nil {
				return found, err
			}
			page.After = user.ID
		}
		if len(users) < walkSize {
			return false, nil
		}
	}
}

// anyUserElsewhere says whether a user of any other account is as asked.
func (s *Service) anyUserElsewhere(ctx context.Context, accountID string, is func(policy.User) (bool, error)) (bool, error) {
	for page := (store.Page{Limit: walkSize}); ; {
		accounts, err := s.Store.Accounts(ctx, page)
		if err != nil {
			return false, err
		}
		for _, account := range accounts {
			page.After = account.ID
			if account.ID == accountID {
				continue
			}
			if found, err := s.anyUser(ctx, account.ID, is); found || err != nil {
				return found, err
			}
		}
		if len(accounts) < walkSize {
			return false, nil
		}
	}
}
