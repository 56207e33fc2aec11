package admin

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
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
	would, err := s.previewPolicy(ctx, actor, in, change, condition, math.MaxInt/4)
	return would.First, err
}

// Preview is what a change of the policy would do, in short.
type Preview struct {
	First []Affected // soonest first
	Total int
	Gains int // of which keys would expire later, or not at all
}

// PreviewPolicyInShort is PreviewPolicy that lists the first keys only.
func (s *Service) PreviewPolicyInShort(
	ctx context.Context, actor Actor, in TenantContext, change policy.PolicyChange, condition IfMatch, listed int,
) (Preview, error) {
	return s.previewPolicy(ctx, actor, in, change, condition, listed)
}

func (s *Service) previewPolicy(
	ctx context.Context, actor Actor, in TenantContext, change policy.PolicyChange, condition IfMatch, listed int,
) (Preview, error) {
	if err := condition.check(PolicyTag(in.Account.Expiration)); err != nil {
		return Preview{}, err
	}
	p, err := newPreview(in, change, actor.At, listed)
	if err != nil {
		return Preview{}, err
	}
	err = s.eachExpiring(ctx, in.Account, actor.At, time.Time{}, p.visit)
	return p.result(), err
}

// preview collects what a change would do.
type preview struct {
	after        policy.ExpirationPolicy
	total, gains int
	first        soonest[Affected]
}

func newPreview(in TenantContext, change policy.PolicyChange, now time.Time, listed int) (*preview, error) {
	change.AcknowledgeRisk = true
	after, err := in.Account.Expiration.Revise(change, now)
	return &preview{after: after, first: soonest[Affected]{most: listed, compare: compareAffected}}, err
}

func (p *preview) visit(key expiring) {
	was, becomes := key.at, policy.Earlier(p.after.Expiry(key.At), key.end)
	if was.Equal(becomes) {
		return
	}
	p.total++
	if becomes.IsZero() || !was.IsZero() && becomes.After(was) {
		p.gains++
	}
	p.first.add(Affected{key.ClientID, key.TenantID, key.UserID, was, becomes})
}

func (p *preview) result() Preview { return Preview{p.first.list(), p.total, p.gains} }

func compareAffected(a, b Affected) int {
	if order := compareExpiry(a.After, b.After); order != 0 {
		return order
	}
	return cmp.Or(compareExpiry(a.Before, b.Before), strings.Compare(a.ClientID, b.ClientID))
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
