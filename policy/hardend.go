package policy

import (
	"slices"
	"time"
)

// endingAt returns the key with this end of its own; zero is none. An overlap of its secrets ends by then too.
func (k AccessKey) endingAt(end time.Time) AccessKey {
	k.ExpiresAt = end
	if slices.ContainsFunc(k.Secrets, func(s Secret) bool { return !s.EndsAt.IsZero() }) {
		k.Secrets = slices.Clone(k.Secrets)
		for i := range k.Secrets {
			if s := &k.Secrets[i]; !s.EndsAt.IsZero() {
				s.EndsAt = Earlier(s.EndsAt, end)
			}
		}
	}
	return k
}

// prolongs says whether a key lives longer with the end after than with the end before; zero is never.
func prolongs(before, after time.Time) bool {
	return !before.IsZero() && (after.IsZero() || after.After(before))
}

// EndsForGood says whether the key expires at an end of its own, which no refresh moves, and not under the policy (R33).
func (k AccessKey) EndsForGood(p ExpirationPolicy) bool {
	return !k.ExpiresAt.IsZero() && k.Expiry(p).Equal(k.ExpiresAt)
}

// CheckEnd returns ErrKeyExpired if a change of the key gives it another end when it has expired: it is never revived (R33).
func (k AccessKey) CheckEnd(after AccessKey, p ExpirationPolicy, now time.Time) error {
	if !k.ExpiresAt.Equal(after.ExpiresAt) && k.Status(p, now) == StatusExpired {
		return ErrKeyExpired
	}
	return nil
}

// Warned returns the key with the notice that is due for it at now marked as given, and that notice; false if there is none. It is for
// changes that bring the end of a key near: whoever looks for what comes due has passed that place already.
func (k AccessKey) Warned(p ExpirationPolicy, now time.Time) (AccessKey, Notice, bool) {
	due, ok := k.DueNotice(p, now)
	if !ok || due.DaysBefore == 0 {
		return k, Notice{}, false
	}
	k.Noticed = due
	return k, due, true
}

// told is Warned for a new key or secret: the answer to whoever made it, and the message to the owner, say when it expires.
func (k AccessKey) told(p ExpirationPolicy, now time.Time) AccessKey {
	if !k.ExpiresAt.IsZero() {
		k, _, _ = k.Warned(p, now)
	}
	return k
}
