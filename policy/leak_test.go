package policy_test

import (
	"testing"
	"time"

	"mintkey/policy"
)

func leaked(t *testing.T, m policy.Membership, secret policy.Digest, now time.Time) (policy.Membership, policy.LeakEffect) {
	t.Helper()
	m, effect, err := m.WithLeakedSecret("mk_1", secret, nil, now)
	equal(t, "error", err, nil)
	return m, effect
}

// R35: a current secret stops at once with all tokens, and only a refresh without overlap brings the key back. The new secret works, tokens
// from before stay dead.
func TestLeakedCurrentSecret(t *testing.T) {
	s := refreshed(t, indexed(), 2, policy.Refresh{Longest: policy.Day}, day(1))
	before := s.Membership
	current := before.Keys[0].Secrets[0].Digest
	m, effect := leaked(t, before, current, day(1))
	equal(t, "effect", effect, policy.LeakStopsKey)
	equal(t, "given", before.Keys[0].IsSuspended(), false)
	equal(t, "suspension", m.Keys[0].Suspended, policy.Suspension{At: day(1), Reason: "leaked"})
	_, err := m.Keys[0].MatchSecret(current, nil, day(1))
	equal(t, "the secret", err, policy.ErrKeySuspended)
	again, effect := leaked(t, m, current, day(2))
	equal(t, "reported again", effect, policy.LeakChangesNothing)
	equal(t, "reported again", again, m)

	refused, err := m.WithResumedKey("mk_1", [2]uint64{10, 11}, nil, day(2))
	equal(t, "resumed", err, policy.ErrRefreshRequired)
	equal(t, "resumed", refused, m)
	refused, err = m.WithRefreshedKey("mk_1", policy.Secret{}, policy.Refresh{Overlap: time.Second}, nil, day(2))
	equal(t, "refreshed with overlap", err, policy.ErrRefreshRequired)
	equal(t, "refreshed with overlap", refused, m)

	s.Membership = m
	s = refreshed(t, s, 3, policy.Refresh{Longest: policy.Day}, day(1).Add(time.Hour))
	key := s.Membership.Keys[0]
	equal(t, "status", key.Status(nil, day(2)), policy.StatusActive)
	equal(t, "leaked", key.Leaked, false)
	_, err = key.MatchSecret(current, nil, day(2))
	equal(t, "the leaked secret", err, policy.ErrWrongSecret)
	for index, want := range map[uint64]bool{0: false, 1: false, 2: false, 3: true} {
		equal(t, "token", aliveCase{index: index, issued: day(1)}.lives(s, day(1).Add(time.Hour)), want)
	}
	after, effect := leaked(t, s.Membership, current, day(3))
	equal(t, "replaced", effect, policy.LeakChangesNothing)
	equal(t, "replaced", after, s.Membership)
}

// R35: the old secret of an overlap only ends the overlap, with what it has made; the current one works on.
func TestLeakedSecretOfOverlap(t *testing.T) {
	s := refreshed(t, indexed(), 2, policy.Refresh{Overlap: policy.Day}, day(1))
	old := s.Membership.Keys[0].Secrets[1].Digest
	_, effect := leaked(t, s.Membership, old, day(2))
	equal(t, "after the overlap", effect, policy.LeakChangesNothing)
	m, effect := leaked(t, s.Membership, old, day(1).Add(time.Hour))
	equal(t, "effect", effect, policy.LeakEndsOverlap)
	equal(t, "secrets", m.Keys[0].Secrets, s.Membership.Keys[0].Secrets[:1])
	equal(t, "suspended", m.Keys[0].IsSuspended() || m.Keys[0].Leaked, false)
	s.Membership = m
	equal(t, "its tokens", aliveCase{index: 1, issued: day(1)}.lives(s, day(1).Add(time.Hour)), false)
	equal(t, "those of the current one", aliveCase{index: 2, issued: day(1)}.lives(s, day(1).Add(time.Hour)), true)
}

// R35: what opens nothing changes nothing.
func TestLeakedSecretThatOpensNothing(t *testing.T) {
	m := indexed().Membership
	secret, p := m.Keys[0].Secrets[0].Digest, policy.ExpirationPolicy{on(0, 90)}
	same := func(what, clientID string, digest policy.Digest, now time.Time) {
		t.Helper()
		after, effect, err := m.WithLeakedSecret(clientID, digest, p, now)
		equal(t, what, err, nil)
		equal(t, what, effect, policy.LeakChangesNothing)
		equal(t, what, after, m)
	}
	same("unknown secret", "mk_1", digestOf("another"), day(1))
	same("unknown key", "mk_2", secret, day(1))
	same("expired", "mk_1", secret, day(90))
}

// R28, R35: a leak and a suspension by somebody add up, in either order: both a refresh and whoever suspended the key are needed.
func TestLeakedAndSuspended(t *testing.T) {
	m := indexed().Membership
	secret := m.Keys[0].Secrets[0].Digest
	both := map[string]policy.Membership{}
	leakedFirst, _ := leaked(t, m, secret, day(1))
	both["admin, then leak"], _ = leaked(t, suspendedKey(t, m, "ada", policy.RoleTenantAdmin, day(1)), secret, day(2))
	both["leak, then admin"] = suspendedKey(t, leakedFirst, "ada", policy.RoleTenantAdmin, day(2))
	both["owner, then leak"], _ = leaked(t, suspendedKey(t, m, "owner", "", day(1)), secret, day(2))
	both["leak, then owner"] = suspendedKey(t, leakedFirst, "owner", "", day(2))
	for name, m := range both {
		by := m.Keys[0].Suspended.By
		equal(t, name+": by somebody", by != "", true)
		_, err := m.WithResumedKey("mk_1", [2]uint64{}, nil, day(3))
		equal(t, name+": resumed", err, policy.ErrRefreshRequired)
		m, err = m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, policy.Refresh{}, nil, day(3))
		equal(t, name+": error", err, nil)
		equal(t, name+": still suspended by", m.Keys[0].Suspended.By, by)
		m, err = m.WithResumedKey("mk_1", [2]uint64{4, 5}, nil, day(4))
		equal(t, name+": error", err, nil)
		equal(t, name+": status", m.Keys[0].Status(nil, day(4)), policy.StatusActive)
	}
}

// R8, R35: a secret that leaks while its owner or tenant can do nothing does not work when they are enabled again.
func TestLeakedWhileStopped(t *testing.T) {
	s := indexed()
	s.User.Disabled, s.Tenant.SuspendedAt = true, day(0)
	m, effect := leaked(t, s.Membership, s.Membership.Keys[0].Secrets[0].Digest, day(1))
	equal(t, "effect", effect, policy.LeakStopsKey)
	s.Membership, s.User.Disabled, s.Tenant = m, false, s.Tenant.WithResumed()
	equal(t, "status once both are back", s.Membership.Keys[0].Status(nil, day(2)), policy.StatusSuspended)
}
