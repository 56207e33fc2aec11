package admin

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// SetPolicy changes the expiration policy of the account, and returns the new one. A change without effect is not recorded.
func (s *Service) SetPolicy(
	ctx context.Context, actor Actor, in TenantContext, change policy.PolicyChange, condition IfMatch,
) (policy.ExpirationPolicy, error) {
	var after policy.ExpirationPolicy
	err := s.Store.UpdateAccount(ctx, in.Account.ID, func(a policy.Account) (policy.Account, []policy.Event, error) {
		before := a.Expiration
		err := condition.check(PolicyTag(before))
		if err != nil {
			return a, nil, err
		}
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

// Affected is a key whose expiry a change of the policy would move. The zero time means never.
type Affected struct {
	ClientID string
	TenantID string
	UserID   string
	Before   time.Time
	After    time.Time
}

// PreviewPolicy lists the keys whose expiry a change would move, soonest first (R15). It needs no acknowledgement: it exists to show the
// risk.
func (s *Service) PreviewPolicy(
	ctx context.Context, actor Actor, in TenantContext, change policy.PolicyChange, condition IfMatch,
) ([]Affected, error) {
	if err := condition.check(PolicyTag(in.Account.Expiration)); err != nil {
		return nil, err
	}
	change.AcknowledgeRisk = true
	after, err := in.Account.Expiration.Revise(change, actor.At)
	if err != nil {
		return nil, err
	}
	var affected []Affected
	err = s.forEachKey(ctx, in, func(tenantID string, key *listedKey) {
		was, becomes := key.expiry(in.Account.Expiration), key.expiry(after)
		if !was.Equal(becomes) {
			affected = append(affected, Affected{key.clientID, tenantID, key.owner.userID, was, becomes})
		}
	})
	slices.SortFunc(affected, func(a, b Affected) int {
		if order := compareExpiry(a.After, b.After); order != 0 {
			return order
		}
		return cmp.Or(compareExpiry(a.Before, b.Before), strings.Compare(a.ClientID, b.ClientID))
	})
	return affected, err
}

// compareExpiry orders expiries soonest first; "never" comes last.
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
	ClientID   string
	Label      string
	TenantID   string
	UserID     string
	UserName   string
	Email      string
}

// Calendar lists the expiries and notices of the account from now until the given time, soonest first.
func (s *Service) Calendar(ctx context.Context, actor Actor, in TenantContext, until time.Time) ([]Upcoming, error) {
	return s.upcoming(ctx, actor, in, until, append(policy.NoticeDays(), 0))
}

// Expiries is Calendar without the notices.
func (s *Service) Expiries(ctx context.Context, actor Actor, in TenantContext, until time.Time) ([]Upcoming, error) {
	return s.upcoming(ctx, actor, in, until, []int{0})
}

func (s *Service) upcoming(ctx context.Context, actor Actor, in TenantContext, until time.Time, daysBefore []int) ([]Upcoming, error) {
	var upcoming []Upcoming
	err := s.forEachKey(ctx, in, func(tenantID string, key *listedKey) {
		expiry := key.expiry(in.Account.Expiration)
		if expiry.IsZero() {
			return
		}
		for _, days := range daysBefore {
			if at := policy.NoticeTime(expiry, days); !at.Before(actor.At) && at.Before(until) {
				owner := key.owner
				upcoming = append(upcoming, Upcoming{at, days, key.clientID, key.label, tenantID, owner.userID, owner.name, owner.email})
			}
		}
	})
	slices.SortFunc(upcoming, func(a, b Upcoming) int {
		if order := a.At.Compare(b.At); order != 0 {
			return order
		}
		return cmp.Or(strings.Compare(a.ClientID, b.ClientID), cmp.Compare(b.DaysBefore, a.DaysBefore))
	})
	return upcoming, err
}

// forEachKey visits every access key of every tenant of the account.
func (s *Service) forEachKey(ctx context.Context, in TenantContext, visit func(tenantID string, key *listedKey)) error {
	for tenants := (store.Page{Limit: walkSize}); ; {
		found, err := s.Store.Tenants(ctx, in.Account.ID, tenants)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, tenant := range found {
			members, err := s.memberIndex(ctx, TenantContext{in.Account, tenant})
			if err != nil {
				return err
			}
			for _, m := range members {
				for i := range m.keys {
					visit(tenant.ID, &m.keys[i])
				}
			}
			tenants.After = tenant.ID
		}
	}
}
