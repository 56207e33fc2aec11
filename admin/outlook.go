package admin

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
)

// Upcoming is an expiry, or a notice before one, that lies ahead.
type Upcoming struct {
	At         time.Time
	DaysBefore int // of a notice; 0 for the expiry itself
	ClientID   string
	Label      string
	TenantID   string
	UserID     string
	UserName   string
	Email      string
}

// Calendar lists the expiries and notices of the account from now until the given time, soonest first.
func (s *Service) Calendar(ctx context.Context, actor Actor, in TenantContext, until time.Time) ([]Upcoming, error) {
	var upcoming []Upcoming
	days := append(policy.NoticeDays(), 0)
	err := s.eachExpiring(ctx, in.Account, actor.At, until.Add(time.Duration(slices.Max(days))*policy.Day), func(key expiring) {
		for _, before := range days {
			if at := policy.NoticeTime(key.at, before); !at.Before(actor.At) && at.Before(until) {
				upcoming = append(upcoming, Upcoming{
					At: at, DaysBefore: before, ClientID: key.ClientID, TenantID: key.TenantID, UserID: key.UserID,
				})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(upcoming, compareUpcoming)
	return s.named(ctx, in, upcoming)
}

// Outlook returns when access keys of the account expire from now until the given time, in order, and the first of them in full.
func (s *Service) Outlook(
	ctx context.Context, actor Actor, in TenantContext, until time.Time, full int,
) (times []time.Time, first []Upcoming, err error) {
	var upcoming []Upcoming
	err = s.eachExpiring(ctx, in.Account, actor.At, until, func(key expiring) {
		times = append(times, key.at)
		upcoming = append(upcoming, Upcoming{At: key.at, ClientID: key.ClientID, TenantID: key.TenantID, UserID: key.UserID})
		if len(upcoming) > 2*full { // only the first of them are shown
			slices.SortFunc(upcoming, compareUpcoming)
			upcoming = upcoming[:full]
		}
	})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(times, time.Time.Compare)
	slices.SortFunc(upcoming, compareUpcoming)
	first, err = s.named(ctx, in, upcoming[:min(full, len(upcoming))])
	return times, first, err
}

func compareUpcoming(a, b Upcoming) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ClientID, b.ClientID), cmp.Compare(b.DaysBefore, a.DaysBefore))
}

// named adds what the orders of keys don't have. What belongs to a key that is gone meanwhile is left out.
func (s *Service) named(ctx context.Context, in TenantContext, upcoming []Upcoming) ([]Upcoming, error) {
	users := map[string][]string{}
	for _, u := range upcoming {
		users[u.TenantID] = append(users[u.TenantID], u.UserID)
	}
	members := map[string]map[string]Member{}
	for tenantID, ids := range users {
		slices.Sort(ids)
		in.Tenant, members[tenantID] = policy.Tenant{ID: tenantID, AccountID: in.Account.ID}, map[string]Member{}
		for some := range slices.Chunk(slices.Compact(ids), walkSize) {
			found, err := s.membersByID(ctx, in, some)
			if err != nil {
				return nil, err
			}
			maps.Copy(members[tenantID], found)
		}
	}
	named := upcoming[:0]
	for _, u := range upcoming {
		m := members[u.TenantID][u.UserID]
		if key, err := m.Key(u.ClientID); err == nil {
			u.Label, u.UserName, u.Email = key.Label, m.User.Name, m.User.Email
			named = append(named, u)
		}
	}
	return named, nil
}
