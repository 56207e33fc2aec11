package policy_test

import (
	"slices"
	"testing"
	"time"

	"mintkey/policy"
)

// Other packages rely on these relations between the limits.
func TestLimitsFitTogether(t *testing.T) {
	periods, notices := policy.Periods(), policy.NoticeDays()
	equal(t, "shortest period", slices.Min(periods), policy.MinPeriodDays)
	equal(t, "longest period", slices.Max(periods), policy.MaxPeriodDays)
	equal(t, "the default is a period", slices.Contains(periods, policy.DefaultPeriodDays), true)
	equal(t, "first notice", slices.Max(notices), policy.SoonDays)
	equal(t, "urgent notices", slices.Contains(notices, policy.UrgentDays), true)
	equal(t, "earliest first", slices.IsSortedFunc(notices, func(a, b int) int { return b - a }), true)
	equal(t, "every notice comes after the key was made", policy.SoonDays < policy.MinPeriodDays, true)
	equal(t, "the calendar reaches the expiry of a new key", policy.MaxPeriodDays < policy.MaxCalendarDays, true)
	equal(t, "whole days of overlap", policy.MaxOverlap%policy.Day, time.Duration(0))
}

func TestTextsOfLimits(t *testing.T) {
	equal(t, "limit", policy.ErrKeyLimit.Error(), "a user can hold at most two access keys in a tenant")
	equal(t, "overlap", policy.ErrInvalidOverlap.Error(), "overlap_seconds must be between 0 and 604800 (7 days)")
	equal(t, "periods", policy.ErrInvalidPeriod.Error(), "period_days must be one of 90, 120, 150, 180, 210, 240, 270, 300, 330, 360")
	for n, want := range map[int]string{0: "no", 1: "one", 3: "three", 9: "nine", 10: "10", -1: "-1"} {
		equal(t, "in words", policy.InWords(n), want)
	}
	equal(t, "one day", policy.InDays(policy.Day), "1 day")
	equal(t, "days", policy.InDays(30*policy.Day), "30 days")
}

func TestExpiresWithin(t *testing.T) {
	for name, c := range map[string]struct {
		expiry time.Time
		want   bool
	}{
		"never":                 {time.Time{}, false},
		"one instant too early": {day(40).Add(30*policy.Day + 1), false},
		"in thirty days":        {day(40).Add(30 * policy.Day), true},
		"past":                  {day(39), true},
	} {
		equal(t, name, policy.ExpiresWithin(c.expiry, day(40), 30), c.want)
	}
}
