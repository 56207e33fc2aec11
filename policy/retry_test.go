package policy_test

import (
	"fmt"
	"testing"
	"time"

	"mintkey/policy"
)

func retryOf(header, request string) policy.Retry {
	return policy.Retry{Key: digestOf(header), Request: digestOf(request)}
}

// refreshedWith is a member whose key mk_1 got the secret "first", by a request with the Idempotency-Key "a", at the hour before now.
func refreshedWith(t *testing.T, overlap time.Duration, now time.Time) policy.Membership {
	t.Helper()
	how, p := policy.Refresh{Overlap: overlap}, policy.DefaultExpirationPolicy(day(0))
	fresh := policy.Secret{Digest: digestOf("first"), StatusIndex: 2}
	m, err := member(key("mk_1", "old", 0)).WithRefreshedKey("mk_1", fresh, how, p, now)
	equal(t, "refresh", err, nil)
	m, err = m.WithRetry(retryOf("a", "refresh"), "mk_1", now)
	equal(t, "remember", err, nil)
	return m
}

// A repeat replaces the lost secret only (R37): the old secret works as long as the first request said, and the life is that of the first.
func TestRepeatReplacesTheLostSecretOnly(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	m := refreshedWith(t, policy.Day, day(10))
	for i := range 3 {
		name, now := fmt.Sprint("repeat ", i), day(10).Add(time.Duration(i+1)*time.Hour)
		fresh := policy.Secret{Digest: digestOf(name), StatusIndex: uint64(10 + i)}
		var err error
		m, err = m.WithReplacedSecret(retryOf("a", "refresh"), fresh, policy.Refresh{Overlap: policy.MaxOverlap}, p, now)
		equal(t, name, err, nil)
		k := m.Keys[0]
		equal(t, "keys", len(m.Keys), 1)
		equal(t, "secrets", len(k.Secrets), 2)
		equal(t, "the new secret", checkSecret(k, digestOf(name), p, now), nil)
		equal(t, "the lost secret", checkSecret(k, digestOf("first"), p, now), policy.ErrWrongSecret)
		equal(t, "the old secret before its end", checkSecret(k, digestOf("old"), p, day(11).Add(-1)), nil)
		equal(t, "the old secret at its end", checkSecret(k, digestOf("old"), p, day(11)), policy.ErrWrongSecret)
		equal(t, "expiry", k.Expiry(p), day(100))
		equal(t, "tokens of the lost secret are remembered (R5)", k.Replaced[len(k.Replaced)-1].StatusIndex != k.Secrets[0].StatusIndex, true)
	}
}

// The tokens of the lost secret are remembered as those of any secret that is replaced (R5): until the last can have expired, also where
// the store has lost what the key's own limit was, and what has expired by the agreed time is forgotten.
func TestRepeatRemembersTokensLikeARefresh(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	m := refreshedWith(t, 0, day(10))
	m.Keys[0].TokenLifetimeSeconds = 60
	now := day(10).Add(time.Hour)
	m.Keys[0].Replaced = []policy.ReplacedIndex{{StatusIndex: 9, Until: day(10)}}
	how := policy.Refresh{Longest: policy.MaxTokenLifetime, FenceUnknown: true, Agreed: now}
	repeated, err := m.WithReplacedSecret(retryOf("a", "refresh"), policy.Secret{Digest: digestOf("again")}, how, p, now)
	equal(t, "repeat", err, nil)
	refreshed, err := m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("again")}, how, p, now)
	equal(t, "refresh", err, nil)
	equal(t, "remembered", repeated.Keys[0].Replaced, refreshed.Keys[0].Replaced)
}

func TestWhatIsNoRepeat(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	now := day(10)
	claimed := func(m policy.Membership) policy.Membership {
		m, err := m.WithClaimed("mk_1", digestOf("first"))
		equal(t, "claim", err, nil)
		return m
	}
	refreshed := func(m policy.Membership) policy.Membership {
		m, err := m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("second")}, policy.Refresh{Overlap: policy.Day}, p, now)
		equal(t, "refresh", err, nil)
		return m
	}
	revoked := func(m policy.Membership) policy.Membership {
		m, err := m.WithoutKey("mk_1")
		equal(t, "revoke", err, nil)
		return m
	}
	given := func(from, to policy.Membership) (policy.Membership, policy.Membership) {
		account := policy.Account{Expiration: p}
		from, to, _, err := policy.Transfer{
			From: policy.Subject{Account: account, Membership: from}, To: policy.Subject{Account: account, Membership: to},
		}.Apply("mk_1", now)
		equal(t, "transfer", err, nil)
		return from, to
	}
	givenAndBack := func(m policy.Membership) policy.Membership {
		m, other := given(m, member())
		_, m = given(other, m)
		return m
	}
	same := func(m policy.Membership) policy.Membership { return m }
	for _, test := range []struct {
		name    string
		retry   policy.Retry
		after   func(policy.Membership) policy.Membership
		at      time.Time
		repeats bool
		want    error
	}{
		{"the same request", retryOf("a", "refresh"), same, now, true, nil},
		{"just within 24 hours", retryOf("a", "refresh"), same, now.Add(policy.Day - 1), true, nil},
		{"after 24 hours", retryOf("a", "refresh"), same, now.Add(policy.Day), false, nil},
		{"without a key", policy.Retry{}, same, now, false, nil},
		{"another key", retryOf("b", "refresh"), same, now, false, nil},
		{"another request", retryOf("a", "create"), same, now, false, policy.ErrRetryDiffers},
		{"another request, after 24 hours", retryOf("a", "create"), same, now.Add(policy.Day), false, nil},
		{"once the secret was used", retryOf("a", "refresh"), claimed, now, false, policy.ErrRetryUsed},
		{"once it was refreshed", retryOf("a", "refresh"), refreshed, now, false, policy.ErrRetryUsed},
		{"once it was revoked", retryOf("a", "refresh"), revoked, now, false, policy.ErrRetryUsed},
		{"once it had another owner, who may have used it", retryOf("a", "refresh"), givenAndBack, now, false, policy.ErrRetryUsed},
		{"a request of before", retryOf("a", "refresh"), same, now.Add(-1), false, policy.ErrRetryOvertaken},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := test.after(refreshedWith(t, policy.Day, now))
			_, repeats, err := m.Repeated(test.retry, test.at)
			equal(t, "error", err, test.want)
			equal(t, "repeats", repeats, test.repeats)
			if !repeats {
				if want := test.want; want == nil {
					test.want = policy.ErrRetryUsed
				}
				_, err = m.WithReplacedSecret(test.retry, policy.Secret{Digest: digestOf("x")}, policy.Refresh{}, p, test.at)
				equal(t, "replacing", err, test.want)
			}
		})
	}
}

// A first request that was slow must not replace the secret which its own repeat has handed out.
func TestFirstRequestDoesNotOvertakeItsRepeat(t *testing.T) {
	p, retry := policy.DefaultExpirationPolicy(day(0)), retryOf("a", "refresh")
	m := refreshedWith(t, policy.Day, day(10))
	m, err := m.WithReplacedSecret(retry, policy.Secret{Digest: digestOf("repeat")}, policy.Refresh{}, p, day(10).Add(time.Minute))
	equal(t, "repeat", err, nil)
	_, err = m.WithReplacedSecret(retry, policy.Secret{Digest: digestOf("late")}, policy.Refresh{}, p, day(10).Add(time.Second))
	equal(t, "late", err, policy.ErrRetryOvertaken)
}

func TestClaim(t *testing.T) {
	m := refreshedWith(t, 0, day(10))
	equal(t, "unclaimed", m.Unclaimed(digestOf("first"), day(10)), true)
	equal(t, "another secret", m.Unclaimed(digestOf("old"), day(10)), false)
	equal(t, "nothing repeats it any more", m.Unclaimed(digestOf("first"), day(11)), false)
	_, err := m.WithClaimed("mk_1", digestOf("old"))
	equal(t, "a secret that is gone", err, policy.ErrWrongSecret)
	_, err = m.WithClaimed("mk_2", digestOf("first"))
	equal(t, "a key that is gone", err, policy.ErrKeyNotFound)
	claimed, err := m.WithClaimed("mk_1", digestOf("first"))
	equal(t, "claim", err, nil)
	equal(t, "claimed", claimed.Unclaimed(digestOf("first"), day(10)), false)
	equal(t, "the membership that was given", m.Unclaimed(digestOf("first"), day(10)), true)
}

func TestMembershipRemembersAFewRequests(t *testing.T) {
	m := member(key("mk_1", "1", 0))
	for i := range 10 {
		var err error
		m, err = m.WithRetry(retryOf(fmt.Sprint(i), "refresh"), "mk_1", day(0))
		equal(t, "error", err, nil)
	}
	equal(t, "remembered", len(m.Retries), policy.MaxRetries)
	equal(t, "the newest is last", m.Retries[policy.MaxRetries-1].Key, digestOf("9"))
	m, err := m.WithRetry(retryOf("later", "refresh"), "mk_1", day(1))
	equal(t, "error", err, nil)
	equal(t, "after 24 hours", len(m.Retries), 1)
	m, err = m.WithRetry(policy.Retry{}, "mk_1", day(1))
	equal(t, "error", err, nil)
	equal(t, "without a key", len(m.Retries), 1)
}

// A key that waits to be picked up has no secret that could be lost, and its repeat is told from one that comes after the pick-up.
func TestRepeatedPickUp(t *testing.T) {
	p, waiting := policy.DefaultExpirationPolicy(day(0)), key("mk_1", "x", 0)
	waiting.Secrets = nil
	m, err := member(waiting).WithRetry(retryOf("a", "create"), "mk_1", day(0))
	equal(t, "remember", err, nil)
	record, repeats, err := m.Repeated(retryOf("a", "create"), day(0))
	equal(t, "error", err, nil)
	equal(t, "repeats", repeats, true)
	equal(t, "key", record.ClientID, "mk_1")
	_, err = m.WithReplacedSecret(retryOf("a", "create"), policy.Secret{}, policy.Refresh{}, p, day(0))
	equal(t, "nothing to replace", err, policy.ErrRetryUsed)
	picked, err := m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("picked")}, policy.Refresh{}, p, day(0))
	equal(t, "pick up", err, nil)
	_, _, err = picked.Repeated(retryOf("a", "create"), day(0))
	equal(t, "once it was picked up", err, policy.ErrRetryUsed)
}

func TestRepeatNeverRevivesAnExpiredKey(t *testing.T) {
	p := policy.ExpirationPolicy{off(0), on(1, 90)}
	m, err := member(key("mk_1", "first", 0)).WithRetry(retryOf("a", "create"), "mk_1", day(90).Add(time.Hour))
	equal(t, "remember", err, nil)
	_, err = m.WithReplacedSecret(retryOf("a", "create"), policy.Secret{Digest: digestOf("x")}, policy.Refresh{}, p, day(91))
	equal(t, "expired", err, policy.ErrKeyExpired)
}
