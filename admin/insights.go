package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Insights are answers from the traffic of an account: for its busiest tenants, and for the keys that were refused most, however seldom
// they are used.
type Insights struct {
	Days    []DayOfTenant
	Failing []FailingKey
	// Passwords has tokens for passwords by week, of the tenants that had any.
	Passwords []WeeksOfTenant
	Weeks     []time.Time // when each week begins, oldest first; the last is the present one
}

// DayOfTenant compares today so far with whole days of the same name.
type DayOfTenant struct {
	TenantID     string
	Today, Usual int64 // Usual is the median of the last four
}

// FailingKey is an access key that was refused in the last 7 days.
type FailingKey struct {
	TenantID, ClientID string
	Refused, Issued    int64
	Reason             store.Outcome // the most frequent one
}

// WeeksOfTenant counts by week.
type WeeksOfTenant struct {
	TenantID string
	Counts   []int64
}

const (
	insightTenants = trafficParts // of how many tenants at most
	failingShown   = 10
	insightWeeks   = 8
	insightDays    = 7 * insightWeeks
)

// Insights reads a bounded number of records: those of the busiest tenants, and of those with the most refusals.
func (s *Service) Insights(ctx context.Context, actor Actor, in TenantContext) (Insights, error) {
	today := actor.At.UTC().Truncate(policy.Day)
	span := func(days int) store.TrafficSpan {
		return store.TrafficSpan{Step: store.TrafficDays, From: today.AddDate(0, 0, 1-days), Steps: days}
	}
	account := store.TrafficSource{AccountID: in.Account.ID}
	tenants, err := s.Store.TrafficParts(ctx, account, span(insightDays), insightTenants)
	if err != nil {
		return Insights{}, err
	}
	var found Insights
	for i := range insightWeeks {
		found.Weeks = append(found.Weeks, span(insightDays).At(7*i))
	}
	for _, tenant := range tenants {
		of := store.TrafficSource{AccountID: in.Account.ID, TenantID: tenant.ID}
		counts, err := s.Store.Traffic(ctx, of, span(4*7+1))
		if err != nil {
			return Insights{}, err
		}
		found.Days = append(found.Days, dayOfTenant(tenant.ID, counts))
		of.ClientID = store.TrafficPasswords
		if counts, err = s.Store.Traffic(ctx, of, span(insightDays)); err != nil {
			return Insights{}, err
		}
		if weeks, some := byWeek(counts); some {
			found.Passwords = append(found.Passwords, WeeksOfTenant{tenant.ID, weeks})
		}
	}
	found.Failing, err = s.failingKeys(ctx, account, span(7))
	return found, err
}

// failingKeys are those of the account with the most refusals.
func (s *Service) failingKeys(ctx context.Context, account store.TrafficSource, span store.TrafficSpan) (failing []FailingKey, err error) {
	tenants, err := s.Store.TrafficRefused(ctx, account, span, insightTenants)
	if err != nil {
		return nil, err
	}
	for _, tenant := range tenants {
		of := store.TrafficSource{AccountID: account.AccountID, TenantID: tenant.ID}
		keys, err := s.Store.TrafficRefused(ctx, of, span, failingShown+1) // one of them may be passwords
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if key.ID != store.TrafficPasswords {
				failing = append(failing, failingKey(tenant.ID, key))
			}
		}
	}
	slices.SortFunc(failing, func(a, b FailingKey) int {
		return cmp.Or(cmp.Compare(b.Refused, a.Refused), cmp.Compare(a.ClientID, b.ClientID))
	})
	return failing[:min(len(failing), failingShown)], nil
}

// dayOfTenant takes 29 days, of which the last is today.
func dayOfTenant(id string, counts []store.TrafficCounts) DayOfTenant {
	var same []int64
	last := len(counts) - 1
	for week := 1; week <= 4; week++ {
		same = append(same, counts[last-7*week].Total())
	}
	slices.Sort(same)
	return DayOfTenant{id, counts[last].Total(), (same[1] + same[2]) / 2}
}

func failingKey(tenantID string, key store.TrafficPart) FailingKey {
	failing := FailingKey{TenantID: tenantID, ClientID: key.ID, Refused: key.Counts.Refused(), Issued: key.Counts.Issued()}
	for _, reason := range store.Refusals() {
		if n := key.Counts[reason]; n > 0 && (failing.Reason == store.TokenIssued || n > key.Counts[failing.Reason]) {
			failing.Reason = reason
		}
	}
	return failing
}

func byWeek(days []store.TrafficCounts) (weeks []int64, some bool) {
	weeks = make([]int64, len(days)/7)
	for i, day := range days {
		weeks[i/7] += day.Issued()
		some = some || day.Issued() > 0
	}
	return weeks, some
}
