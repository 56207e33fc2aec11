package adminapi

import (
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
	answer.DecidedBy, answer.Text = decider(key.AccessKey, expiration), key.ExpiryInWords(expiration, c.At)
	for _, step := range expiration.Explain(key.SecretIssuedAt()) {
		answer.Steps = append(answer.Steps, api.ExpiryStep{
			Revision: step.Revision, Rule: step.Rule, ExpiresAt: api.OrNull(step.ExpiresAt), Text: step.InWords(),
		})
	}
	return ok(answer), nil
}

// decider is what counts, the policy or the key's own end: the earlier one.
func decider(key policy.AccessKey, expiration policy.ExpirationPolicy) api.ExpiryDecider {
	switch {
	case key.Expiry(expiration).IsZero():
		return api.DecidedByNone
	case key.EndsForGood(expiration):
		return api.DecidedByKey
	default:
		return api.DecidedByPolicy
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
