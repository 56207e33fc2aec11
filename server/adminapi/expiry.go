package adminapi

import (
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// GetExpiry returns when a key expires, and why.
func (a *API) GetExpiry(c *Call) (Reply, error) {
	key, err := a.service.Key(c.Context(), c.actor, c.in, c.PathValue("client_id"))
	if err != nil {
		return Reply{}, err
	}
	expiration := c.in.Account.Expiration
	expiry := key.Expiry(expiration)
	answer := api.Expiry{
		ClientID: key.ClientID, IssuedAt: key.SecretIssuedAt(), ExpiresAt: api.OrNull(expiry), OwnExpiresAt: api.OrNull(key.ExpiresAt),
		Steps: []api.ExpiryStep{}, Notices: viewNotices(expiry),
	}
	answer.DecidedBy, answer.Text = decided(key.AccessKey, expiration)
	if policy.Expired(expiry, c.At) {
		answer.Text = "The key has expired, and nothing revives it: make a new one."
	}
	for _, step := range expiration.Explain(key.SecretIssuedAt()) {
		answer.Steps = append(answer.Steps, api.ExpiryStep{
			Revision: step.Revision, Rule: step.Rule, ExpiresAt: api.OrNull(step.ExpiresAt), Text: explainStep(step),
		})
	}
	return ok(answer), nil
}

// decided says in words whether the policy or the key's own end counts: the earlier one.
func decided(key policy.AccessKey, expiration policy.ExpirationPolicy) (api.ExpiryDecider, string) {
	switch own, expiry := key.ExpiresAt, key.Expiry(expiration); {
	case expiry.IsZero():
		return api.DecidedByNone, "The key does not expire: no expiration policy applies to it, and it has no end of its own."
	case key.EndsForGood(expiration):
		return api.DecidedByKey, "The end that the key was given counts. A refresh does not move it: to go on after that, make a new key."
	case !own.IsZero():
		return api.DecidedByPolicy, "The expiration policy counts, because the end that the key was given is later. A refresh restarts the " +
			"period, but does not move that end."
	default:
		return api.DecidedByPolicy, "The expiration policy counts. A refresh restarts the period."
	}
}

func viewNotices(expiry time.Time) []api.Notice {
	notices := []api.Notice{}
	if expiry.IsZero() {
		return notices
	}
	for _, days := range policy.NoticeDays() {
		notices = append(notices, api.Notice{DaysBefore: days, At: policy.NoticeTime(expiry, days)})
	}
	return notices
}

func explainStep(step policy.Step) string {
	days, at := step.Revision.PeriodDays, step.Revision.At.UTC().Format("2 January 2006")
	switch step.Rule {
	case policy.RuleIssuedUnderPolicy:
		return fmt.Sprintf("When the secret was made, keys expired after %d days.", days)
	case policy.RuleIssuedWithoutPolicy:
		return "When the secret was made, keys did not expire."
	case policy.RuleTurnedOff:
		return fmt.Sprintf("On %s the expiration policy was turned off: the key no longer expires.", at)
	case policy.RulePeriodGrew:
		return fmt.Sprintf("On %s the period became %d days, counted from when the secret was made.", at, days)
	case policy.RuleWholePeriodFromNow:
		return fmt.Sprintf("On %s the period became %d days: the key got that long from the day of the change.", at, days)
	case policy.RulePresentExpiryKept:
		return fmt.Sprintf("On %s the period became %d days; the key expires before that anyway.", at, days)
	case policy.RuleAlreadyExpired:
		return fmt.Sprintf("The change of %s came after the key had expired, and revives nothing.", at)
	default:
		return string(step.Rule)
	}
}
