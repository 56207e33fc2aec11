package policy_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

func suspendedKey(t *testing.T, m policy.Membership, by string, as policy.Role, now time.Time) policy.Membership {
	t.Helper()
	m, err := m.WithSuspendedKey("mk_1", policy.Suspension{At: now, By: by, Reason: "leaked"}, as, nil, now)
	equal(t, "error", err, nil)
	return m
}

// R28: a suspended key makes no tokens, and none that it made lives, now or once it is resumed; then it has its secrets and new indexes.
func TestSuspendedAndResumed(t *testing.T) {
	s := refreshed(t, indexed(), 2, policy.Refresh{Overlap: policy.MaxOverlap}, day(1))
	s = refreshed(t, s, 3, policy.Refresh{Overlap: policy.MaxOverlap}, day(2))
	before := s.Membership
	s.Membership = suspendedKey(t, before, "ada", policy.RoleTenantAdmin, day(3))
	equal(t, "given", before.Keys[0].IsSuspended(), false)
	k := s.Membership.Keys[0]
	equal(t, "status", k.Status(nil, day(3)), policy.StatusSuspended)
	_, err := k.MatchSecret(k.Secrets[0].Digest, nil, day(3))
	equal(t, "its secret", err, policy.ErrKeySuspended)
	_, err = k.MatchSecret(digestOf("another"), nil, day(3))
	equal(t, "a wrong secret", err, policy.ErrWrongSecret)
	_, err = s.Membership.WithKeyIndex("mk_1", k.Secrets[0].Digest, policy.IndexRenewal{Index: 9})
	equal(t, "a new index", err, policy.ErrKeySuspended)
	for _, index := range []uint64{0, 1, 2, 3} {
		equal(t, "suspended", aliveCase{index: index, issued: day(2)}.lives(s, day(3)), false)
	}
	equal(t, "ended", policy.RevokedTokensOf(k).StatusIndexes, []uint64{3, 2, 1})

	m, err := s.Membership.WithResumedKey("mk_1", [2]uint64{10, 11}, nil, day(4))
	equal(t, "error", err, nil)
	s.Membership = m
	for index, want := range map[uint64]bool{0: false, 1: false, 2: false, 3: false, 10: true, 11: true} {
		equal(t, "resumed", aliveCase{index: index, issued: day(2)}.lives(s, day(4)), want)
	}
	resumed := m.Keys[0]
	secret, err := resumed.MatchSecret(k.Secrets[1].Digest, nil, day(4))
	equal(t, "error", err, nil)
	equal(t, "the overlap goes on", secret.StatusIndex, uint64(11))
	equal(t, "its life goes on", resumed.SecretIssuedAt(), k.SecretIssuedAt())
	again, err := m.WithResumedKey("mk_1", [2]uint64{20, 21}, nil, day(5))
	equal(t, "error", err, nil)
	equal(t, "resumed again", again, m)
}

// The first suspension stays, unless a later one is of higher authority.
func TestSuspendedAgain(t *testing.T) {
	own := suspendedKey(t, indexed().Membership, "owner", "", day(1))
	equal(t, "owner, again", suspendedKey(t, own, "owner", "", day(2)), own)
	admins := suspendedKey(t, own, "ada", policy.RoleTenantAdmin, day(2))
	equal(t, "by", admins.Keys[0].Suspended.By, "ada")
	equal(t, "another admin", suspendedKey(t, admins, "ann", policy.RoleTenantAdmin, day(3)), admins)
	equal(t, "the owner afterwards", suspendedKey(t, admins, "owner", "", day(3)), admins)

	equal(t, "an admin", policy.CheckResume(policy.AuthorityTenantAdmin, admins.Keys[0]), nil)
	equal(t, "a member", policy.CheckResume(policy.AuthorityMember, admins.Keys[0]), policy.ErrHigherAuthority)
	equal(t, "an admin for the owner", policy.CheckResume(policy.AuthorityTenantAdmin, own.Keys[0]), nil)
	equal(t, "the owner", policy.CheckOwnResume("owner", own.Keys[0]), nil)
	equal(t, "the owner of what an admin stopped", policy.CheckOwnResume("owner", admins.Keys[0]), policy.ErrSuspendedByOther)
}

func TestSuspensionOfWhatIsNotThere(t *testing.T) {
	m := indexed().Membership
	_, err := m.WithSuspendedKey("mk_2", policy.Suspension{At: day(1)}, "", nil, day(1))
	equal(t, "unknown, suspend", err, policy.ErrKeyNotFound)
	_, err = m.WithResumedKey("mk_2", [2]uint64{}, nil, day(1))
	equal(t, "unknown, resume", err, policy.ErrKeyNotFound)
	p := policy.ExpirationPolicy{on(0, 90)}
	_, err = m.WithSuspendedKey("mk_1", policy.Suspension{At: day(90)}, "", p, day(90))
	equal(t, "expired, suspend", err, policy.ErrKeyExpired)
	m = suspendedKey(t, m, "ada", "", day(1))
	equal(t, "status at the end of its life", m.Keys[0].Status(p, day(90)), policy.StatusExpired)
	_, err = m.WithResumedKey("mk_1", [2]uint64{}, p, day(90))
	equal(t, "expired, resume", err, policy.ErrKeyExpired)
}

// R8: a suspended tenant is one record that stops everybody in it, and leaves each key as it is.
func TestSuspendedTenant(t *testing.T) {
	s := indexed()
	by := policy.Suspension{At: day(3), By: "ada", Reason: "breach"}
	s.Tenant = s.Tenant.WithSuspended(by, policy.RoleAccountAdmin, day(3).Add(time.Second))
	equal(t, "suspension", s.Tenant.Suspension(), by)
	equal(t, "authority", s.Authority(), policy.AuthorityNone)
	equal(t, "why", s.Stopped(), policy.ErrTenantSuspended)
	other := policy.Suspension{At: day(4), By: "oscar", Reason: "other"}
	equal(t, "suspended again", s.Tenant.WithSuspended(other, policy.RoleAccountAdmin, day(2)).Suspension(), by)
	equal(t, "a later index", s.Tenant.WithSuspended(other, policy.RoleAccountAdmin, day(4)).EndedBefore, day(4))
	over := s.Tenant.WithSuspended(other, policy.RoleOperator, day(2))
	equal(t, "by an operator", over.Suspension(), policy.Suspension{At: day(3), By: "oscar", Reason: "other"})
	equal(t, "ended once", over.EndedBefore, s.Tenant.EndedBefore)
	equal(t, "resumed by an admin", policy.CheckResumeTenant(policy.AuthorityAccountAdmin, over), policy.ErrHigherAuthority)
	equal(t, "resumed by an operator", policy.CheckResumeTenant(policy.AuthorityOperator, over), nil)
	equal(t, "token", aliveCase{index: 1}.lives(s, day(3)), false)
	s.Tenant = s.Tenant.WithResumed()
	equal(t, "why", s.Stopped(), nil)
	equal(t, "ended", s.EndedBefore(), day(3).Add(time.Second))
	equal(t, "key, resumed", aliveCase{index: 1}.lives(s, day(4)), false)
	equal(t, "password, resumed", aliveCase{index: 50, password: true}.lives(s, day(4)), false)
	equal(t, "nothing is left of it", s.Tenant.Suspension(), policy.Suspension{})
	twice := s.Tenant.WithSuspended(policy.Suspension{At: day(2)}, "", day(2))
	equal(t, "never goes back", twice.EndedBefore, day(3).Add(time.Second+1))
	s.User.Disabled = true
	equal(t, "disabled", s.Stopped(), policy.ErrUserDisabled)
}

func TestReasons(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	for reason, want := range map[string]error{
		"": nil, "Leaked in a build log.": nil, strings.Repeat("é", policy.MaxNameLength): nil,
		strings.Repeat("e", policy.MaxNameLength+1): policy.ErrInvalidReason, "a\nb": policy.ErrInvalidReason, "a\x00": policy.ErrInvalidReason,
		"was " + secret: policy.ErrInvalidReason,
	} {
		equal(t, reason, policy.CheckReason(reason), want)
	}
}
