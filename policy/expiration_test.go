package policy_test

import (
	"testing"
	"time"

	"mintkey/policy"
)

func TestExpiry(t *testing.T) {
	never := time.Time{}
	for _, test := range []struct {
		name   string
		policy policy.ExpirationPolicy
		issued time.Time
		want   time.Time
		rules  []policy.Rule
	}{
		{
			name: "made on 5 October 2023 without a policy, 90 days turned on at 1 November",
			policy: policy.ExpirationPolicy{
				{At: date(2023, time.January, 1), PeriodDays: 90},
				{At: date(2023, time.November, 1), Enabled: true, PeriodDays: 90},
			},
			issued: date(2023, time.October, 5),
			want:   date(2024, time.January, 30),
			rules:  []policy.Rule{policy.RuleIssuedWithoutPolicy, policy.RuleWholePeriodFromNow},
		},
		{
			name:   "no revision at all",
			issued: day(10),
			want:   never,
		},
		{
			name:   "issued while on",
			policy: policy.ExpirationPolicy{on(0, 90)},
			issued: day(10), want: day(100),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy},
		},
		{
			name:   "issued at the instant of a change",
			policy: policy.ExpirationPolicy{off(0), on(10, 120)},
			issued: day(10), want: day(130),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy},
		},
		{
			name:   "issued before the first revision",
			policy: policy.ExpirationPolicy{on(0, 90)},
			issued: day(-5), want: day(85),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy},
		},
		{
			name:   "issued while off",
			policy: policy.ExpirationPolicy{off(0)},
			issued: day(10), want: never,
			rules: []policy.Rule{policy.RuleIssuedWithoutPolicy},
		},
		{
			name:   "turned off",
			policy: policy.ExpirationPolicy{on(0, 90), off(50)},
			issued: day(10), want: never,
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleTurnedOff},
		},
		{
			name:   "turned off and on again: a whole period from then",
			policy: policy.ExpirationPolicy{on(0, 90), off(50), on(60, 90)},
			issued: day(10), want: day(150),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleTurnedOff, policy.RuleWholePeriodFromNow},
		},
		{
			name:   "the period grew: counted from issue",
			policy: policy.ExpirationPolicy{on(0, 90), on(50, 180)},
			issued: day(10), want: day(190),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RulePeriodGrew},
		},
		{
			name:   "the same period again: as before",
			policy: policy.ExpirationPolicy{on(0, 90), on(50, 90)},
			issued: day(10), want: day(100),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RulePeriodGrew},
		},
		{
			name:   "the period shrank: a whole period from then",
			policy: policy.ExpirationPolicy{on(0, 360), on(50, 90)},
			issued: day(10), want: day(140),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleWholePeriodFromNow},
		},
		{
			name:   "the period shrank, but the key ends sooner anyhow",
			policy: policy.ExpirationPolicy{on(0, 360), on(300, 90)},
			issued: day(10), want: day(370),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RulePresentExpiryKept},
		},
		{
			name:   "the period shrank, then grew by less than the key was given",
			policy: policy.ExpirationPolicy{on(0, 360), on(50, 90), on(60, 120)},
			issued: day(10), want: day(140),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleWholePeriodFromNow, policy.RulePresentExpiryKept},
		},
		{
			name:   "two changes at one instant apply in order",
			policy: policy.ExpirationPolicy{on(0, 90), off(50), on(50, 90)},
			issued: day(10), want: day(140),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleTurnedOff, policy.RuleWholePeriodFromNow},
		},
		{
			name:   "expired, then turned off: not revived",
			policy: policy.ExpirationPolicy{on(0, 90), off(101)},
			issued: day(10), want: day(100),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleAlreadyExpired},
		},
		{
			name:   "turned off at the very instant of expiry: not revived",
			policy: policy.ExpirationPolicy{on(0, 90), off(100)},
			issued: day(10), want: day(100),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleAlreadyExpired},
		},
		{
			name:   "turned off a nanosecond before expiry",
			policy: policy.ExpirationPolicy{on(0, 90), {At: day(100).Add(-1), PeriodDays: 90}},
			issued: day(10), want: never,
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleTurnedOff},
		},
		{
			name:   "expired, then the period grew past its age: not revived",
			policy: policy.ExpirationPolicy{on(0, 90), on(101, 360)},
			issued: day(10), want: day(100),
			rules: []policy.Rule{policy.RuleIssuedUnderPolicy, policy.RuleAlreadyExpired},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, "expiry", test.policy.Expiry(test.issued), test.want)
			steps := test.policy.Explain(test.issued)
			var rules []policy.Rule
			for i, step := range steps {
				rules = append(rules, step.Rule)
				equal(t, "revision of a step", step.Revision, test.policy[len(test.policy)-len(steps)+i])
			}
			equal(t, "rules", rules, test.rules)
			if len(steps) > 0 {
				equal(t, "last step", steps[len(steps)-1].ExpiresAt, test.want)
			}
		})
	}
}

// A batch must compute the expiry of each key from its own time of issue. (Boulder checked one name many times, in 2020.)
func TestExpiryOfThreeKeysAtOnce(t *testing.T) {
	p := policy.ExpirationPolicy{on(0, 90), on(200, 120)}
	var got []time.Time
	for _, issued := range []time.Time{day(50), day(150), day(250)} {
		got = append(got, policy.AccessKey{Secrets: []policy.Secret{{IssuedAt: issued}}}.Expiry(p))
	}
	equal(t, "expiries", got, []time.Time{day(140), day(270), day(370)})
}

func TestInForce(t *testing.T) {
	p := policy.ExpirationPolicy{on(0, 90), off(10), on(20, 120)}
	for n, want := range map[int]policy.Revision{-1: p[0], 0: p[0], 9: p[0], 10: p[1], 19: p[1], 20: p[2], 1000: p[2]} {
		equal(t, "revision in force", p.InForce(day(n)), want)
	}
	equal(t, "revision in force of no policy", policy.ExpirationPolicy(nil).InForce(day(0)), policy.Revision{})
}

func TestExpired(t *testing.T) {
	equal(t, "never", policy.Expired(time.Time{}, day(0)), false)
	equal(t, "a nanosecond before", policy.Expired(day(1), day(1).Add(-1)), false)
	equal(t, "at the instant", policy.Expired(day(1), day(1)), true)
	equal(t, "after", policy.Expired(day(1), day(2)), true)
}

func TestEarlier(t *testing.T) {
	never := time.Time{}
	equal(t, "both never", policy.Earlier(never, never), never)
	equal(t, "first never", policy.Earlier(never, day(1)), day(1))
	equal(t, "second never", policy.Earlier(day(1), never), day(1))
	equal(t, "first earlier", policy.Earlier(day(1), day(2)), day(1))
	equal(t, "second earlier", policy.Earlier(day(2), day(1)), day(1))
}
