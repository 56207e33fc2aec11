package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Insights are answers from the traffic of an account, for its busiest tenants.
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
	insightKeys    = 50           // how many of the busiest keys of each are looked at
	failingShown   = 10
	insightWeeks   = 8
	insightDays    = 7 * insightWeeks
)

// Insights reads a bounded number of records: those of the busiest tenants and their busiest keys.
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
		keys, err := s.Store.TrafficParts(ctx, of, span(7), insightKeys)
		if err != nil {
			return Insights{}, err
		}
		for _, key := range keys {
			if key.Counts.Refused() > 0 && key.ID != store.TrafficPasswords {
				found.Failing = append(found.Failing, failingKey(tenant.ID, key))
			}
		}
		of.ClientID = store.TrafficPasswords
		if counts, err = s.Store.Traffic(ctx, of, span(insightDays)); err != nil {
			return Insights{}, err
		}
		if weeks, some := byWeek(counts); some {
			found.Passwords = append(found.Passwords, WeeksOfTenant{tenant.ID, weeks})
		}
	}
	slices.SortFunc(found.Failing, func(a, b FailingKey) int {
		return cmp.Or(cmp.Compare(b.Refused, a.Refused), cmp.Compare(a.ClientID, b.ClientID))
	})
	found.Failing = found.Failing[:min(len(found.Failing), failingShown)]
	return found, nil
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
