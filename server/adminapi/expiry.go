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
		ClientID: key.ClientID, IssuedAt: key.SecretIssuedAt(), ExpiresAt: api.OrNull(expiry),
		Steps: []api.ExpiryStep{}, Notices: viewNotices(expiry),
	}
	for _, step := range expiration.Explain(key.SecretIssuedAt()) {
		answer.Steps = append(answer.Steps, api.ExpiryStep{
			Revision: step.Revision, Rule: step.Rule, ExpiresAt: api.OrNull(step.ExpiresAt), Text: explainStep(step),
		})
	}
	return ok(answer), nil
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
