package policy_test

import (
	"testing"
	"time"

	"mintkey/policy"
)

func TestMatchSecret(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	how := policy.Refresh{Overlap: policy.Day}
	m, err := member(key("mk_1", "old", 0)).WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, how, p, day(10))
	equal(t, "error", err, nil)
	for _, test := range []struct {
		name, secret string
		at           time.Time
		want         error
	}{
		{"current", "new", day(10), nil},
		{"old within the overlap", "old", day(11).Add(-1), nil},
		{"old at the end of the overlap", "old", day(11), policy.ErrWrongSecret},
		{"wrong", "other", day(10), policy.ErrWrongSecret},
		{"empty", "", day(10), policy.ErrWrongSecret},
		{"current, just before expiry", "new", day(100).Add(-1), nil},
		{"current, at expiry", "new", day(100), policy.ErrKeyExpired},
		{"wrong, at expiry", "other", day(100), policy.ErrWrongSecret},
		{"old, at expiry", "old", day(100), policy.ErrWrongSecret},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, "error", checkSecret(m.Keys[0], digestOf(test.secret), p, test.at), test.want)
		})
	}
	equal(t, "zero digest", checkSecret(m.Keys[0], policy.Digest{}, p, day(10)), policy.ErrWrongSecret)
}

// A stored overlap that reaches past the old secret's expiry does not lengthen its life.
func TestOverlapNeverPassesTheOldExpiry(t *testing.T) {
	k := key("mk_1", "new", 88)
	k.Secrets = append(k.Secrets, policy.Secret{Digest: digestOf("old"), IssuedAt: day(0), EndsAt: day(95)})
	p := policy.DefaultExpirationPolicy(day(0))
	equal(t, "before", checkSecret(k, digestOf("old"), p, day(90).Add(-1)), nil)
	equal(t, "at the old expiry", checkSecret(k, digestOf("old"), p, day(90)), policy.ErrWrongSecret)
}

func TestStatusAndPurgeable(t *testing.T) {
	p, k := policy.DefaultExpirationPolicy(day(0)), key("mk_1", "1", 0)
	for _, test := range []struct {
		at        time.Time
		status    policy.Status
		purgeable bool
	}{
		{day(90).Add(-1), policy.StatusActive, false},
		{day(90), policy.StatusExpired, false},
		{day(120).Add(-1), policy.StatusExpired, false},
		{day(120), policy.StatusExpired, true},
	} {
		equal(t, "status", k.Status(p, test.at), test.status)
		equal(t, "purgeable", k.Purgeable(p, test.at), test.purgeable)
	}
	disabled := policy.ExpirationPolicy{off(0)}
	equal(t, "status without a policy", k.Status(disabled, day(10000)), policy.StatusActive)
	equal(t, "purgeable without a policy", k.Purgeable(disabled, day(10000)), false)
}

func TestMarks(t *testing.T) {
	enabled, disabled := policy.ExpirationPolicy{on(0, 360)}, policy.ExpirationPolicy{off(0)}
	const unused, old, stale = policy.MarkUnused, policy.MarkOld, policy.MarkStale
	refreshed := key("mk_1", "1", 0)
	refreshed.Secrets[0].IssuedAt = day(50)
	for _, test := range []struct {
		name       string
		key        policy.AccessKey
		lastAccess time.Time
		policy     policy.ExpirationPolicy
		now        time.Time
		want       []policy.Mark
	}{
		{"new", key("mk_1", "1", 0), time.Time{}, disabled, day(0), []policy.Mark{}},
		{"never used, just short of 90 days", key("mk_1", "1", 0), time.Time{}, enabled, day(90).Add(-1), []policy.Mark{}},
		{"never used for 90 days", key("mk_1", "1", 0), time.Time{}, enabled, day(90), []policy.Mark{unused}},
		{"not used for 90 days", key("mk_1", "1", 0), day(10), enabled, day(100), []policy.Mark{unused}},
		{"used lately", key("mk_1", "1", 0), day(11), enabled, day(100), []policy.Mark{}},
		{"90 days old without a policy", key("mk_1", "1", 0), day(89), disabled, day(90), []policy.Mark{}},
		{"older", key("mk_1", "1", 0), day(89), disabled, day(90).Add(1), []policy.Mark{old}},
		{"360 days old", key("mk_1", "1", 0), day(350), disabled, day(360), []policy.Mark{old}},
		{"older still", key("mk_1", "1", 0), day(350), disabled, day(360).Add(1), []policy.Mark{old, stale}},
		{"all three", key("mk_1", "1", 0), time.Time{}, disabled, day(400), []policy.Mark{unused, old, stale}},
		{"old while the policy is on", key("mk_1", "1", 0), day(300), enabled, day(350), []policy.Mark{}},
		{
			"the policy was turned off since", key("mk_1", "1", 0), day(99),
			policy.ExpirationPolicy{on(0, 360), off(95)},
			day(100),
			[]policy.Mark{old},
		},
		{"refreshed: the secret is not old", refreshed, day(120), disabled, day(130), []policy.Mark{}},
		{"refreshed but never used", refreshed, time.Time{}, enabled, day(140).Add(-1), []policy.Mark{}},
		{"refreshed but never used for 90 days", refreshed, time.Time{}, enabled, day(140), []policy.Mark{unused}},
		{"not used since before the refresh", refreshed, day(10), enabled, day(100), []policy.Mark{unused}},
		{"never picked up", policy.AccessKey{CreatedAt: day(0)}, time.Time{}, enabled, day(90), []policy.Mark{unused}},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, "marks", test.key.Marks(test.lastAccess, test.policy, test.now), test.want)
		})
	}
}

func TestTokenExpiry(t *testing.T) {
	const lifetime = 15 * time.Minute
	equal(t, "key never expires", policy.TokenExpiry(day(0), lifetime, time.Time{}), day(0).Add(lifetime))
	equal(t, "key expires later", policy.TokenExpiry(day(0), lifetime, day(1)), day(0).Add(lifetime))
	equal(t, "key expires sooner", policy.TokenExpiry(day(0), lifetime, day(0).Add(time.Minute)), day(0).Add(time.Minute))
}

// checkSecret is MatchSecret without the secret that matched.
func checkSecret(k policy.AccessKey, digest policy.Digest, p policy.ExpirationPolicy, now time.Time) error {
	_, err := k.MatchSecret(digest, p, now)
	return err
}
