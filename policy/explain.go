package policy

import (
	"fmt"
	"time"
)

// InWords says what the revision did to the expiry of a key.
func (s Step) InWords() string {
	days, at := s.Revision.PeriodDays, s.Revision.At.UTC().Format("2 January 2006")
	switch s.Rule {
	case RuleIssuedUnderPolicy:
		return fmt.Sprintf("When the secret was made, keys expired after %d days.", days)
	case RuleIssuedWithoutPolicy:
		return "When the secret was made, keys did not expire."
	case RuleTurnedOff:
		return fmt.Sprintf("On %s the expiration policy was turned off: the key no longer expires.", at)
	case RulePeriodGrew:
		return fmt.Sprintf("On %s the period became %d days, counted from when the secret was made.", at, days)
	case RuleWholePeriodFromNow:
		return fmt.Sprintf("On %s the period became %d days: the key got that long from the day of the change.", at, days)
	case RulePresentExpiryKept:
		return fmt.Sprintf("On %s the period became %d days; the key expires before that anyway.", at, days)
	case RuleAlreadyExpired:
		return fmt.Sprintf("The change of %s came after the key had expired, and revives nothing.", at)
	default:
		return string(s.Rule)
	}
}

// ExpiryInWords says whether the policy or the key's own end counts: the earlier one.
func (k AccessKey) ExpiryInWords(p ExpirationPolicy, now time.Time) string {
	switch own, expiry := k.ExpiresAt, k.Expiry(p); {
	case Expired(expiry, now):
		return "The key has expired, and nothing revives it: make a new one."
	case expiry.IsZero():
		return "The key does not expire: no expiration policy applies to it, and it has no end of its own."
	case k.EndsForGood(p):
		return "The end that the key was given counts. A refresh does not move it: to go on after that, make a new key."
	case !own.IsZero():
		return "The expiration policy counts, because the end that the key was given is later. A refresh restarts the period, but does not " +
			"move that end."
	default:
		return "The expiration policy counts. A refresh restarts the period."
	}
}
