package policy_test

import (
	"slices"
	"testing"
	"time"

	"mintkey/policy"
)

// indexed is a member of an older tenant, with a password and one key whose secret has the status index 1 since day 0.
func indexed() policy.Subject {
	release, _ := policy.ParseRelease("23.4")
	k := key("mk_1", "first", 0)
	k.Secrets[0].StatusIndex = 1
	m := member(k)
	m.JoinedAt, m.StatusIndex, m.StatusSince = day(0), 50, day(0)
	return policy.Subject{
		Tenant: policy.Tenant{Release: release}, User: policy.User{PasswordHash: "hash", CreatedAt: day(0)}, Membership: m,
	}
}

func (a aliveCase) lives(s policy.Subject, now time.Time) bool {
	return s.TokenLives(policy.TokenFacts{ClientID: "mk_1", FromPassword: a.password, StatusIndex: a.index, IssuedAt: a.issued}, now)
}

type aliveCase struct {
	index    uint64
	issued   time.Time
	password bool
}

func refreshed(t *testing.T, s policy.Subject, index uint64, how policy.Refresh, now time.Time) policy.Subject {
	t.Helper()
	fresh := policy.Secret{Digest: digestOf(now.String()), StatusIndex: index}
	m, err := s.Membership.WithRefreshedKey("mk_1", fresh, how, nil, now)
	equal(t, "error", err, nil)
	s.Membership = m
	return s
}

// R5: the key remembers the indexes of replaced secrets, and a refresh that ends tokens ends those too.
func TestReplacedSecrets(t *testing.T) {
	s := refreshed(t, indexed(), 2, policy.Refresh{Longest: time.Hour}, day(1))
	s = refreshed(t, s, 3, policy.Refresh{Longest: time.Hour, Overlap: time.Hour}, day(1).Add(time.Minute))
	for index, want := range map[uint64]bool{0: false, 1: true, 2: true, 3: true, 4: false} {
		equal(t, "alive", aliveCase{index: index}.lives(s, day(1)), want)
	}
	before := s.Membership.Keys[0]
	equal(t, "revoked", policy.RevokedTokensOf(before).StatusIndexes, []uint64{3, 2, 1})
	ended := refreshed(t, s, 4, policy.Refresh{EndTokens: true}, day(1).Add(2*time.Minute))
	for index, want := range map[uint64]bool{1: false, 2: false, 3: false, 4: true} {
		equal(t, "alive after the second thought", aliveCase{index: index}.lives(ended, day(1)), want)
	}
	equal(t, "lost", policy.TokensLost(before, ended.Membership.Keys[0], day(1)).StatusIndexes, []uint64{3, 2, 1})
	// Once the last token has expired, the index is forgotten, but not on the word of one clock.
	over := day(1).Add(time.Hour + policy.TokenSlack + time.Second)
	ahead := refreshed(t, s, 5, policy.Refresh{Longest: time.Hour, Agreed: day(1)}, over)
	equal(t, "remembered while one clock is ahead", policy.RevokedTokensOf(ahead.Membership.Keys[0]).StatusIndexes, []uint64{5, 1, 3, 2})
	later := refreshed(t, s, 5, policy.Refresh{Longest: time.Hour, Agreed: over}, over)
	equal(t, "remembered", policy.RevokedTokensOf(later.Membership.Keys[0]).StatusIndexes, []uint64{5, 3, 2})
	if got := policy.TokensLost(before, later.Membership.Keys[0], day(2)); got != nil {
		t.Errorf("tokens that expired count as lost: %v", got)
	}
}

// A key that is refreshed all the time does not grow without end: the oldest tokens end.
func TestReplacedSecretsAreBounded(t *testing.T) {
	s := indexed()
	for i := range policy.MaxReplaced {
		s = refreshed(t, s, uint64(i)+2, policy.Refresh{}, day(1))
	}
	before := s.Membership.Keys[0]
	equal(t, "oldest", aliveCase{index: 1}.lives(s, day(1)), true)
	s = refreshed(t, s, 1000, policy.Refresh{}, day(1))
	equal(t, "oldest", aliveCase{index: 1}.lives(s, day(1)), false)
	equal(t, "lost", policy.TokensLost(before, s.Membership.Keys[0], day(1)).StatusIndexes, []uint64{1})
}

// R8: what was issued up to the instant of disabling stays dead, and the first token afterwards has a new index.
func TestDisabledAndEnabled(t *testing.T) {
	s := indexed()
	s.User.EndedBefore, s.User.Disabled = day(3), true
	equal(t, "disabled", aliveCase{index: 1}.lives(s, day(3)), false)
	s.User.Disabled = false
	equal(t, "enabled, key", aliveCase{index: 1}.lives(s, day(3)), false)
	equal(t, "enabled, password", aliveCase{index: 50, password: true}.lives(s, day(3)), false)
	secret := s.Membership.Keys[0].Secrets[0]
	equal(t, "the index of the secret", s.SecretIndexLives(secret), false)
	m, err := s.Membership.WithKeyIndex("mk_1", secret.Digest, s.Renewal(7, time.Hour, day(3)))
	equal(t, "error", err, nil)
	s.Membership = m
	equal(t, "new", aliveCase{index: 7}.lives(s, day(3)), true)
	equal(t, "old", aliveCase{index: 1}.lives(s, day(3)), false)
	equal(t, "the index of the secret", s.SecretIndexLives(m.Keys[0].Secrets[0]), true)
	// Whoever publishes what ended finds the old ones even now, and the new one never.
	equal(t, "ended", m.TokensOf(policy.EndedTokens{Until: day(3)}).StatusIndexes, []uint64{50, 1})
	equal(t, "ended with the password", m.TokensOf(policy.EndedTokens{Until: day(3), PasswordsOnly: true}).StatusIndexes, []uint64{50})
	_, err = m.WithKeyIndex("mk_1", digestOf("unknown"), policy.IndexRenewal{})
	equal(t, "unknown secret", err, policy.ErrWrongSecret)
	_, err = m.WithKeyIndex("mk_2", secret.Digest, policy.IndexRenewal{})
	equal(t, "unknown key", err, policy.ErrKeyNotFound)

	suspended := indexed()
	suspended.Tenant.EndedBefore = day(3)
	equal(t, "tenant", aliveCase{index: 1}.lives(suspended, day(3)), false)
}

// R27: a token from a password ends with the password, the membership and the user that it was made for.
func TestTokensFromPasswords(t *testing.T) {
	password := aliveCase{index: 50, issued: day(1), password: true}
	old := aliveCase{issued: day(1), password: true} // of version 1, without an index
	for name, change := range map[string]func(*policy.Subject){
		"password changed":     func(s *policy.Subject) { s.User.PasswordChangedAt = day(2) },
		"password taken away":  func(s *policy.Subject) { s.User.PasswordHash = "" },
		"disabled":             func(s *policy.Subject) { s.User.Disabled = true },
		"disabled and enabled": func(s *policy.Subject) { s.User.EndedBefore = day(2) },
		"joined again": func(s *policy.Subject) {
			s.Membership.JoinedAt, s.Membership.StatusIndex, s.Membership.StatusSince = day(2), 51, day(2)
		},
		"another user": func(s *policy.Subject) {
			s.User.CreatedAt, s.User.Generation, s.Membership.UserGeneration = day(2), "second", "first"
		},
		"a newer tenant": func(s *policy.Subject) { s.Tenant.Release = policy.Release{} },
	} {
		for _, token := range []aliveCase{password, old} {
			s := indexed()
			equal(t, name+" before", token.lives(s, day(1)), true)
			change(&s)
			equal(t, name, token.lives(s, day(2)), false)
		}
	}
	s := indexed()
	s.User.PasswordChangedAt = day(2)
	m, err := s.Membership.WithPasswordIndex(s.Renewal(60, time.Hour, day(2)))
	equal(t, "error", err, nil)
	s.Membership = m
	equal(t, "new", aliveCase{index: 60, password: true}.lives(s, day(2)), true)
	equal(t, "all", slices.Sorted(slices.Values(m.PasswordTokens().StatusIndexes)), []uint64{50, 60})
	_, err = policy.Membership{}.WithPasswordIndex(policy.IndexRenewal{})
	equal(t, "no member", err, policy.ErrNotMember)
}

// Two changes within one instant, or by a server whose clock is behind, are two: what was issued between them ends as well.
func TestEndsNeverGoBack(t *testing.T) {
	u := policy.User{}.WithDisabled(true, day(3)).WithDisabled(false, day(3)).WithDisabled(true, day(2))
	equal(t, "ended", u.EndedBefore, day(3).Add(1))
	equal(t, "password", policy.User{}.WithPassword("a", day(3)).WithPassword("b", day(3)).PasswordChangedAt, day(3).Add(1))
	of1 := policy.User{Disabled: true} // by a server of version 1, which kept no time
	equal(t, "enabled", of1.WithDisabled(false, day(4)).EndedBefore, day(4))
	equal(t, "nothing", policy.TokensEnded(u, u), (*policy.EndedTokens)(nil))
}

// Everything that a sign-in hangs on changes the state, and nothing else does.
func TestSignInState(t *testing.T) {
	u := policy.User{ID: "ada", Generation: "1", CreatedAt: day(0), Email: "ada@acme.example", PasswordHash: "hash"}
	for name, change := range map[string]func(*policy.User){
		"generation": func(u *policy.User) { u.Generation = "2" },
		"creation":   func(u *policy.User) { u.CreatedAt = day(1) },
		"password":   func(u *policy.User) { u.PasswordHash = "other" },
		"issuer":     func(u *policy.User) { u.OpenID.Issuer = "https://id.example" },
		"subject":    func(u *policy.User) { u.OpenID.Subject = "7" },
		"address":    func(u *policy.User) { u.Email = "other@acme.example" },
		"there and back": func(u *policy.User) {
			*u = u.WithEmail("other@acme.example", day(1)).WithEmail("ada@acme.example", day(1))
		},
		"disabled": func(u *policy.User) { *u = u.WithDisabled(true, day(1)).WithDisabled(false, day(2)) },
	} {
		changed := u
		change(&changed)
		equal(t, name, changed.SignInState() == u.SignInState(), false)
	}
	same := u
	same.Name, same.Email, same.Roles = "Ada", "ADA@acme.example", []policy.Role{policy.RoleOperator}
	equal(t, "others", same.SignInState(), u.SignInState())
}
