package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

// key is an access key whose only secret is the text, made on day n.
func key(clientID, secret string, n int) policy.AccessKey {
	digest := policy.ClientSecretFromRequest(secret).Digest()
	return policy.AccessKey{
		ClientID: clientID, Scopes: []string{"api"}, CreatedAt: day(n),
		Secrets: []policy.Secret{{Digest: digest, IssuedAt: day(n)}},
	}
}

func member(keys ...policy.AccessKey) policy.Membership {
	return policy.Membership{AccountID: "acme", TenantID: "load", UserID: "ada", Role: policy.RoleMember, JoinedAt: day(0), Keys: keys}
}

func digestOf(secret string) policy.Digest { return policy.ClientSecretFromRequest(secret).Digest() }

func TestThirdKeyIsRefusedAndNamesTheTwo(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	m := member(key("mk_gone", "0", -90), key("mk_1", "1", 0), key("mk_2", "2", 0))
	refused, err := m.WithKey(key("mk_3", "3", 10), p, day(10))
	equal(t, "error", err, policy.ErrKeyLimit)
	equal(t, "membership", refused, m)
	limit := new(policy.KeyLimitError)
	if !errors.As(err, &limit) || len(limit.ClientIDs) != 2 || limit.ClientIDs[0] != "mk_1" || limit.ClientIDs[1] != "mk_2" {
		t.Errorf("the refusal is %#v, want mk_1 and mk_2 in it", err)
	}
	if text := err.Error(); !strings.Contains(text, "mk_1 and mk_2") || strings.Contains(text, "mk_gone") {
		t.Errorf("the refusal reads %q", text)
	}
	equal(t, "is another error", errors.Is(err, policy.ErrKeyExpired), false)
}

func TestExpiredKeyDoesNotCount(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	m := member(key("mk_1", "1", 0), key("mk_2", "2", 5))
	_, err := m.WithKey(key("mk_3", "3", 90), p, day(90).Add(-1))
	equal(t, "a nanosecond before the first expires", err, policy.ErrKeyLimit)
	m, err = m.WithKey(key("mk_3", "3", 90), p, day(90))
	equal(t, "at its expiry", err, nil)
	equal(t, "keys kept", len(m.Keys), 3)
	equal(t, "live keys", m.LiveKeys(p, day(90)), []policy.AccessKey{key("mk_2", "2", 5), key("mk_3", "3", 90)})
}

func TestRefresh(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	for _, test := range []struct {
		name    string
		at      time.Time
		overlap time.Duration
		endsAt  time.Time // of the old secret; zero if it is gone
		err     error
	}{
		{"at once", day(10), 0, time.Time{}, nil},
		{"with an overlap", day(10), policy.Day, day(11), nil},
		{"with the longest overlap", day(10), 7 * policy.Day, day(17), nil},
		{"with a longer one", day(10), 7*policy.Day + 1, time.Time{}, policy.ErrInvalidOverlap},
		{"with less than none", day(10), -1, time.Time{}, policy.ErrInvalidOverlap},
		{"the overlap ends at the old expiry", day(88), 7 * policy.Day, day(90), nil},
		{"a nanosecond before expiry", day(90).Add(-1), time.Hour, day(90), nil},
		{"at expiry", day(90), 0, time.Time{}, policy.ErrKeyExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := member(key("mk_1", "old", 0), key("mk_2", "other", 0))
			next, err := m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, policy.Refresh{Overlap: test.overlap}, p, test.at)
			equal(t, "error", err, test.err)
			want := m
			if err == nil {
				refreshed := key("mk_1", "new", 0)
				refreshed.Secrets[0].IssuedAt = test.at
				if test.endsAt.IsZero() {
					refreshed.Replaced = []policy.ReplacedIndex{{Since: day(0), Until: test.at.Add(policy.MaxTokenLifetime + policy.TokenSlack)}}
				} else {
					refreshed.Secrets = append(refreshed.Secrets, policy.Secret{Digest: digestOf("old"), IssuedAt: day(0), EndsAt: test.endsAt})
				}
				want = member(refreshed, m.Keys[1])
				equal(t, "expiry", next.Keys[0].Expiry(p), test.at.Add(90*policy.Day))
			}
			equal(t, "membership", next, want)
		})
	}
	_, err := member().WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, policy.Refresh{}, p, day(1))
	equal(t, "unknown key", err, policy.ErrKeyNotFound)
}

// A second overlap does not prolong the first one: two secrets work, never three.
func TestSecondRefreshEndsTheFirstOverlap(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	how := policy.Refresh{Overlap: 7 * policy.Day}
	m, err := member(key("mk_1", "first", 0)).WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("second")}, how, p, day(1))
	equal(t, "error", err, nil)
	m, err = m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("third")}, how, p, day(2))
	equal(t, "error", err, nil)
	for secret, want := range map[string]error{"first": policy.ErrWrongSecret, "second": nil, "third": nil} {
		equal(t, secret, checkSecret(m.Keys[0], digestOf(secret), p, day(3)), want)
	}
}

// R26: a key for pick-up has no secret until its owner makes one, so no secret matches.
func TestKeyForPickUp(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	waiting := policy.AccessKey{ClientID: "mk_1", CreatedAt: day(0)}
	equal(t, "empty secret", checkSecret(waiting, digestOf(""), p, day(1)), policy.ErrWrongSecret)
	equal(t, "zero digest", checkSecret(waiting, policy.Digest{}, p, day(1)), policy.ErrWrongSecret)
	equal(t, "life begins", waiting.SecretIssuedAt(), day(0))
	how := policy.Refresh{Overlap: policy.Day}
	m, err := member(waiting).WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("first")}, how, p, day(2))
	equal(t, "error", err, nil)
	equal(t, "secrets", m.Keys[0].Secrets, []policy.Secret{{Digest: digestOf("first"), IssuedAt: day(2)}})
}

func TestRevoke(t *testing.T) {
	m := member(key("mk_1", "1", 0), key("mk_2", "2", 0))
	next, err := m.WithoutKey("mk_1")
	equal(t, "error", err, nil)
	equal(t, "membership", next, member(key("mk_2", "2", 0)))
	_, err = next.Key("mk_1")
	equal(t, "look up", err, policy.ErrKeyNotFound)
	_, err = next.WithoutKey("mk_1")
	equal(t, "a second time", err, policy.ErrKeyNotFound)
	found, err := m.Key("mk_2")
	equal(t, "error", err, nil)
	equal(t, "key", found, key("mk_2", "2", 0))
}

func TestEndOfMembership(t *testing.T) {
	m := member(key("mk_1", "1", 0), key("mk_2", "2", 0))
	kept, revoked := m.WithoutKeys()
	equal(t, "disabled", kept, member())
	equal(t, "revoked", revoked, m.Keys)
	gone, revoked := m.Removed()
	equal(t, "removed", gone, policy.Membership{AccountID: "acme", TenantID: "load", UserID: "ada"})
	equal(t, "exists", gone.Exists(), false)
	equal(t, "revoked", revoked, m.Keys)
	_, err := gone.WithKey(key("mk_3", "3", 0), policy.DefaultExpirationPolicy(day(0)), day(1))
	equal(t, "a key for a stranger", err, policy.ErrNotMember)
}

func TestWithRole(t *testing.T) {
	joined, err := policy.Membership{TenantID: "load", UserID: "ada"}.WithRole(policy.RoleMember, day(3))
	equal(t, "error", err, nil)
	equal(t, "joined", joined, policy.Membership{TenantID: "load", UserID: "ada", Role: policy.RoleMember, JoinedAt: day(3)})
	promoted, err := joined.WithRole(policy.RoleTenantAdmin, day(5))
	equal(t, "error", err, nil)
	equal(t, "promoted", promoted, policy.Membership{TenantID: "load", UserID: "ada", Role: policy.RoleTenantAdmin, JoinedAt: day(3)})
	for _, role := range []policy.Role{"", "owner", "Member", policy.RoleOperator, policy.RoleAccountAdmin} {
		refused, err := joined.WithRole(role, day(5))
		equal(t, "role "+string(role), err, policy.ErrInvalidRole)
		equal(t, "membership", refused, joined)
	}
}

func TestMembershipInJSON(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	how := policy.Refresh{Overlap: policy.Day}
	m, err := member(key("mk_1", "old", 0)).WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, how, p, day(10))
	equal(t, "error", err, nil)
	text, err := json.Marshal(m)
	equal(t, "error", err, nil)
	var back policy.Membership
	equal(t, "error", json.Unmarshal(text, &back), nil)
	equal(t, "round trip", back, m)
}
