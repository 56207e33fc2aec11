package policy

import (
	"fmt"
	"time"
)

// WithDisabled returns the user disabled or enabled (R8). Disabling ends all that was issued and signed in up to now, and so does enabling
// where a server of version 1, which kept no time, has disabled.
func (u User) WithDisabled(disabled bool, now time.Time) User {
	if disabled {
		u.DisabledAt = now
	}
	if disabled || u.EndedBefore.IsZero() {
		u.EndedBefore = advanced(u.EndedBefore, now)
	}
	u.Disabled = disabled
	return u
}

// WithEmail returns the user with the e-mail address, and unbound from the OpenID provider: whoever has the address there is bound next.
func (u User) WithEmail(email string, now time.Time) User {
	u.Email = email
	return u.Unbound(now)
}

// Unbound returns the user without an identity at an OpenID provider. It ends all sessions and links.
func (u User) Unbound(now time.Time) User {
	u.OpenID, u.SignInsEndedAt = Identity{}, advanced(u.SignInsEndedAt, now)
	return u
}

// WithPassword returns the user with the password of the hash, or without one.
func (u User) WithPassword(hash string, now time.Time) User {
	u.PasswordHash, u.PasswordChangedAt = hash, advanced(u.PasswordChangedAt, now)
	return u
}

// advanced is now, but always after the last instant: what was issued since then has to end too, whatever the clocks of two servers say.
func advanced(last, now time.Time) time.Time {
	if now.After(last) {
		return now
	}
	return last.Add(1)
}

// SignInState changes with everything that a sign-in or a mailed link hangs on: which user it is, how they sign in, and when they were
// disabled. Only a digest of it may be kept, as it holds the password's hash.
func (u User) SignInState() string {
	return fmt.Sprintf("%q", []string{
		u.Generation, stamp(u.CreatedAt), u.PasswordHash, u.OpenID.Issuer, u.OpenID.Subject, FoldEmail(u.Email), stamp(u.EndedBefore),
		stamp(u.SignInsEndedAt),
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
