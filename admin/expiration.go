package admin

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// SetPolicy changes the expiration policy of the account of the place, and returns it as it is then. A change that changes nothing records nothing.
func (o *Office) SetPolicy(ctx context.Context, actor Actor, in Place, change policy.PolicyChange) (policy.ExpirationPolicy, error) {
	var after policy.ExpirationPolicy
	err := o.Store.UpdateAccount(ctx, in.Account.ID, func(a policy.Account) (policy.Account, []policy.Event, error) {
		before := a.Expiration
		var err error
		if after, err = before.Revise(change, actor.At); err != nil || slices.Equal(after, before) {
			return a, nil, err
		}
		a.Expiration = after
		event := actor.event(policy.ActionPolicyChanged, a.ID)
		event.Details = policyDetails(before.InForce(actor.At), after.InForce(actor.At))
		event.Announce = true
		return a, []policy.Event{event}, nil
	})
	return after, err
}

func policyDetails(before, after policy.Revision) map[string]string {
	return map[string]string{
		"enabled_before": strconv.FormatBool(before.Enabled), "enabled": strconv.FormatBool(after.Enabled),
		"period_days_before": strconv.Itoa(before.PeriodDays), "period_days": strconv.Itoa(after.PeriodDays),
	}
}

// Affected is a key whose expiry a change of the policy would move. The zero time is never.
type Affected struct {
	ClientID string
	TenantID string
	UserID   string
	Before   time.Time
	After    time.Time
}

// PreviewPolicy says whom a change would hit, soonest first (R15). It needs no acknowledgement: it is there to see the risk first.
func (o *Office) PreviewPolicy(ctx context.Context, actor Actor, in Place, change policy.PolicyChange) ([]Affected, error) {
	change.AcknowledgeRisk = true
	after, err := in.Account.Expiration.Revise(change, actor.At)
	if err != nil {
		return nil, err
	}
	var affected []Affected
	err = o.forEachKey(ctx, in, func(m policy.Membership, key policy.AccessKey) {
		was, becomes := key.Expiry(in.Account.Expiration), key.Expiry(after)
		if !was.Equal(becomes) {
			affected = append(affected, Affected{key.ClientID, m.TenantID, m.UserID, was, becomes})
		}
	})
	slices.SortFunc(affected, func(a, b Affected) int {
		return cmp.Or(compareExpiry(a.After, b.After), compareExpiry(a.Before, b.Before), cmp.Compare(a.ClientID, b.ClientID))
	})
	return affected, err
}

// compareExpiry orders expiries soonest first, and never last.
func compareExpiry(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	default:
		return a.Compare(b)
	}
}

// Upcoming is an expiry, or a notice before one, that lies ahead.
type Upcoming struct {
	At         time.Time
	DaysBefore int // of a notice; 0 for the expiry itself
	Key        policy.AccessKey
	Membership policy.Membership
	User       policy.User
}

// Calendar lists the expiries and notices of the account of the place from now until the given time, soonest first.
func (o *Office) Calendar(ctx context.Context, actor Actor, in Place, until time.Time) ([]Upcoming, error) {
	var upcoming []Upcoming
	err := o.forEachKey(ctx, in, func(m policy.Membership, key policy.AccessKey) {
		expiry := key.Expiry(in.Account.Expiration)
		if expiry.IsZero() {
			return
		}
		for _, days := range append(policy.NoticeDays(), 0) {
			if at := policy.NoticeTime(expiry, days); !at.Before(actor.At) && at.Before(until) {
				upcoming = append(upcoming, Upcoming{At: at, DaysBefore: days, Key: key, Membership: m})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(upcoming, func(a, b Upcoming) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key.ClientID, b.Key.ClientID), cmp.Compare(b.DaysBefore, a.DaysBefore))
	})
	return upcoming, o.addUsers(ctx, in, upcoming)
}

func (o *Office) addUsers(ctx context.Context, in Place, upcoming []Upcoming) error {
	var ids []string
	for _, u := range upcoming {
		ids = append(ids, u.Membership.UserID)
	}
	slices.Sort(ids)
	users, err := o.Store.UsersByID(ctx, in.Account.ID, slices.Compact(ids))
	for i := range upcoming {
		upcoming[i].User = users[upcoming[i].Membership.UserID]
	}
	return err
}

// forEachKey visits every access key of every tenant of the account.
func (o *Office) forEachKey(ctx context.Context, in Place, visit func(policy.Membership, policy.AccessKey)) error {
	for tenants := (store.Page{Limit: walkSize}); ; {
		found, err := o.Store.Tenants(ctx, in.Account.ID, tenants)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, tenant := range found {
			if err := o.forEachKeyIn(ctx, tenant.ID, visit); err != nil {
				return err
			}
			tenants.After = tenant.ID
		}
	}
}

func (o *Office) forEachKeyIn(ctx context.Context, tenantID string, visit func(policy.Membership, policy.AccessKey)) error {
	for members := (store.Page{Limit: walkSize}); ; {
		found, err := o.Store.Memberships(ctx, tenantID, members)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, m := range found {
			for _, key := range m.Keys {
				visit(m, key)
			}
			members.After = m.UserID
		}
	}
}
