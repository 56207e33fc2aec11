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

// departure is that a user stops acting in some roles: by losing them, by being disabled or deleted, or by leaving a tenant. That a tenant
// is suspended is the departure of all its admins at once: see suspendUnlessLast.
type departure struct {
	user       policy.User
	roles      []policy.Role
	fromTenant string // the tenant that is left; empty where the user keeps or loses all memberships
	everybody  bool   // leaves that tenant
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
	return s.announced(ctx, actor, []string{leaves.user.ID}, func(earlier []string) error {
		if err := s.checkSuccession(ctx, leaves, earlier); err != nil {
			return err
		}
		return carryOut()
	})
}

// suspendUnlessLast carries out the suspension of a tenant, whose admins are given. Those who are members of no other tenant that works
// can do nothing any more; if they are the last with one of their roles, it is a policy.LastAdminError (R32).
func (s *Service) suspendUnlessLast(
	ctx context.Context, actor Actor, tenantID string, admins []policy.User, carryOut func() error,
) error {
	if len(admins) == 0 {
		return carryOut()
	}
	ids := make([]string, len(admins))
	for i, user := range admins {
		ids[i] = user.ID
	}
	return s.announced(ctx, actor, ids, func(earlier []string) error {
		for _, user := range admins {
			leaves := departure{user: user, roles: user.AdminRoles(), fromTenant: tenantID, everybody: true}
			if err := s.checkSuccession(ctx, leaves, earlier); err != nil {
				return err
			}
		}
		return carryOut()
	})
}

// announced runs something with the departures of the users announced, and passes it the users whose departures began before.
func (s *Service) announced(ctx context.Context, actor Actor, userIDs []string, run func(earlier []string) error) error {
	earlier, err := s.announceDeparture(ctx, userIDs, actor.At)
	if err != nil {
		return err
	}
	// What fails here is over in a minute.
	defer func() { _ = s.endDeparture(context.WithoutCancel(ctx), userIDs) }()
	return run(earlier)
}

// announceDeparture returns the users whose departures began before.
func (s *Service) announceDeparture(ctx context.Context, userIDs []string, now time.Time) (earlier []string, err error) {
	err = store.UpdateJSON(ctx, s.Store, documentDepartures, func(entries []departureEntry) ([]departureEntry, error) {
		earlier = nil
		entries = slices.DeleteFunc(entries, func(e departureEntry) bool { return now.Sub(e.At).Abs() >= departureLasts })
		for _, entry := range entries {
			if slices.Contains(userIDs, entry.UserID) {
				return nil, store.ErrConflict
			}
			earlier = append(earlier, entry.UserID)
		}
		for _, userID := range userIDs {
			entries = append(entries, departureEntry{userID, now})
		}
		return entries, nil
	})
	return earlier, err
}

func (s *Service) endDeparture(ctx context.Context, userIDs []string) error {
	return store.UpdateJSON(ctx, s.Store, documentDepartures, func(entries []departureEntry) ([]departureEntry, error) {
		return slices.DeleteFunc(entries, func(e departureEntry) bool { return slices.Contains(userIDs, e.UserID) }), nil
	})
}

// checkSuccession returns a policy.LastAdminError unless somebody else has each of the roles. Whoever can act, as a member of some tenant,
// is followed by somebody who can: without a membership, or in suspended tenants only, nobody signs in or uses an access key.
func (s *Service) checkSuccession(ctx context.Context, leaves departure, earlier []string) error {
	tenants, err := s.workingTenantsOf(ctx, leaves.user)
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
			theirs, err := s.workingTenantsOf(ctx, u)
			if leaves.everybody {
				theirs = slices.DeleteFunc(theirs, func(id string) bool { return id == leaves.fromTenant })
			}
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

// workingTenantsOf lists the tenants that the user is a member of and that are not suspended.
func (s *Service) workingTenantsOf(ctx context.Context, user policy.User) ([]string, error) {
	tenants, err := s.Store.TenantsOf(ctx, user.AccountID, user.ID)
	if err != nil {
		return nil, err
	}
	var working []string
	for _, id := range tenants {
		tenant, err := s.Store.Tenant(ctx, id)
		if err != nil {
			return nil, err
		}
		if !tenant.IsSuspended() {
			working = append(working, id)
		}
	}
	return working, nil
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
