package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"mintkey/policy"
)

func TestDefaultExpirationPolicy(t *testing.T) {
	equal(t, "default", policy.DefaultExpirationPolicy(day(3)), policy.ExpirationPolicy{on(3, 90)})
}

func TestRevise(t *testing.T) {
	p := policy.ExpirationPolicy{on(0, 90)}
	disabled := policy.ExpirationPolicy{on(0, 90), off(10)}
	for _, test := range []struct {
		name   string
		policy policy.ExpirationPolicy
		change policy.PolicyChange
		want   policy.ExpirationPolicy
		err    error
	}{
		{"grow", p, policy.PolicyChange{Enabled: true, PeriodDays: 120}, policy.ExpirationPolicy{p[0], on(20, 120)}, nil},
		{"off", p, policy.PolicyChange{PeriodDays: 90, AcknowledgeRisk: true}, policy.ExpirationPolicy{p[0], off(20)}, nil},
		{
			"0 keeps the period",
			policy.ExpirationPolicy{on(0, 120)},
			policy.PolicyChange{AcknowledgeRisk: true},
			policy.ExpirationPolicy{on(0, 120), {At: day(20), PeriodDays: 120}},
			nil,
		},
		{"off without the acknowledgement", p, policy.PolicyChange{PeriodDays: 90}, p, policy.ErrAcknowledgementRequired},
		{"off while off needs none", disabled, policy.PolicyChange{PeriodDays: 90}, disabled, nil},
		{
			"another period while off needs none", disabled,
			policy.PolicyChange{PeriodDays: 120},
			append(slices.Clone(disabled), policy.Revision{At: day(20), PeriodDays: 120}), nil,
		},
		{"on again", disabled, policy.PolicyChange{Enabled: true}, append(slices.Clone(disabled), on(20, 90)), nil},
		{"no change", p, policy.PolicyChange{Enabled: true, PeriodDays: 90}, p, nil},
		{"no change by 0", p, policy.PolicyChange{Enabled: true}, p, nil},
		{"an invalid period is told before the missing acknowledgement", p, policy.PolicyChange{PeriodDays: 91}, p, policy.ErrInvalidPeriod},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.policy.Revise(test.change, day(20))
			equal(t, "error", err, test.err)
			equal(t, "policy", got, test.want)
		})
	}
}

func TestReviseWithoutChangeReturnsTheSameList(t *testing.T) {
	p := policy.ExpirationPolicy{on(0, 90), on(10, 120)}
	got, err := p.Revise(policy.PolicyChange{Enabled: true, PeriodDays: 120}, day(20))
	if err != nil || len(got) != 2 || &got[0] != &p[0] {
		t.Errorf("got %v, %v, want the very list", got, err)
	}
}

func TestReviseChecksEveryPeriod(t *testing.T) {
	allowed := []int{90, 120, 150, 180, 210, 240, 270, 300, 330, 360}
	equal(t, "periods", policy.Periods(), allowed)
	for period := -400; period <= 800; period++ {
		p := policy.ExpirationPolicy{on(0, 90)}
		_, err := p.Revise(policy.PolicyChange{Enabled: true, PeriodDays: period}, day(1))
		var want error
		if period != 0 && !slices.Contains(allowed, period) {
			want = policy.ErrInvalidPeriod
		}
		equal(t, fmt.Sprintf("error of period %d", period), err, want)
	}
}

// A revision in the future was made under a clock that has been set back since. It must not come into force later.
func TestReviseDropsWhatLiesAhead(t *testing.T) {
	ahead := policy.ExpirationPolicy{on(0, 90), off(100), on(200, 360)}
	for _, test := range []struct {
		name   string
		policy policy.ExpirationPolicy
		change policy.PolicyChange
		want   policy.ExpirationPolicy
	}{
		{"a change", ahead, policy.PolicyChange{Enabled: true, PeriodDays: 120}, policy.ExpirationPolicy{on(0, 90), on(50, 120)}},
		{
			"what is in force, confirmed", ahead,
			policy.PolicyChange{Enabled: true, PeriodDays: 90},
			policy.ExpirationPolicy{on(0, 90), on(50, 90)},
		},
		{"all ahead", ahead[1:], policy.PolicyChange{Enabled: true, PeriodDays: 120}, policy.ExpirationPolicy{on(50, 120)}},
		{"all ahead, confirmed", ahead[2:], policy.PolicyChange{Enabled: true, PeriodDays: 360}, policy.ExpirationPolicy{on(50, 360)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.policy.Revise(test.change, day(50))
			equal(t, "error", err, nil)
			equal(t, "policy", got, test.want)
		})
	}
	got, err := ahead.Revise(policy.PolicyChange{Enabled: true, PeriodDays: 120}, day(100))
	equal(t, "error", err, nil)
	equal(t, "a revision at this very instant stays", got, policy.ExpirationPolicy{ahead[0], ahead[1], on(100, 120)})
}

// Two changes of one list with spare capacity must not overwrite each other or the list.
func TestReviseNeverMutates(t *testing.T) {
	backing := policy.ExpirationPolicy{on(0, 90), on(10, 120), on(300, 150), on(400, 180)}
	before := slices.Clone(backing)
	p := backing[:3]
	first, err := p.Revise(policy.PolicyChange{Enabled: true, PeriodDays: 210}, day(20))
	equal(t, "error", err, nil)
	second, err := p.Revise(policy.PolicyChange{Enabled: true, PeriodDays: 240}, day(20))
	equal(t, "error", err, nil)
	equal(t, "first", first, policy.ExpirationPolicy{on(0, 90), on(10, 120), on(20, 210)})
	equal(t, "second", second, policy.ExpirationPolicy{on(0, 90), on(10, 120), on(20, 240)})
	if _, err := p.Revise(policy.PolicyChange{Enabled: true, PeriodDays: 270}, day(500)); err != nil {
		t.Error(err)
	}
	equal(t, "shared backing array", backing, before)
}
