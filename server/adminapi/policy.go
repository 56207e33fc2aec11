package adminapi

import (
	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

func (c *Call) viewPolicy(p policy.ExpirationPolicy) api.Policy {
	current := p.InForce(c.At)
	return api.Policy{Enabled: current.Enabled, PeriodDays: current.PeriodDays, Revisions: append([]policy.Revision{}, p...)}
}

// GetPolicy returns the account's expiration policy.
func (*API) GetPolicy(c *Call) (Reply, error) {
	return ok(c.viewPolicy(c.in.Account.Expiration)).withTag(admin.PolicyTag(c.in.Account.Expiration)), nil
}

// PutPolicy changes the account's expiration policy or, with ?dry_run=true, lists the keys that the change would affect (R15).
func (a *API) PutPolicy(c *Call) (Reply, error) {
	q, err := c.parameters("dry_run")
	if err != nil {
		return Reply{}, err
	}
	dryRun, err := q.flag("dry_run")
	if err != nil {
		return Reply{}, err
	}
	change, err := c.policyChange()
	if err != nil {
		return Reply{}, err
	}
	condition, err := c.ifMatch()
	if err != nil {
		return Reply{}, err
	}
	if dryRun {
		return a.previewPolicy(c, change, condition)
	}
	after, err := a.service.SetPolicy(c.Context(), c.actor, c.in, change, condition)
	return ok(c.viewPolicy(after)).withTag(admin.PolicyTag(after)), err
}

// policyChange reads the requested change. A period of 0 is invalid; it does not mean that the period is left out.
func (c *Call) policyChange() (policy.PolicyChange, error) {
	body, err := decode[api.PolicyChange](c)
	switch {
	case err != nil:
		return policy.PolicyChange{}, err
	case body.Enabled == nil:
		return policy.PolicyChange{}, web.Refuse(web.ErrInvalidRequest, "The field \"enabled\" is missing.")
	case body.PeriodDays == nil:
		return policy.PolicyChange{Enabled: *body.Enabled, AcknowledgeRisk: body.AcknowledgeRisk}, nil
	case *body.PeriodDays == 0:
		return policy.PolicyChange{}, policy.ErrInvalidPeriod
	}
	return policy.PolicyChange{Enabled: *body.Enabled, PeriodDays: *body.PeriodDays, AcknowledgeRisk: body.AcknowledgeRisk}, nil
}

func (a *API) previewPolicy(c *Call, change policy.PolicyChange, condition admin.IfMatch) (Reply, error) {
	affected, err := a.service.PreviewPolicy(c.Context(), c.actor, c.in, change, condition)
	answer := api.PolicyPreview{Affected: make([]api.AffectedKey, len(affected))}
	for i, k := range affected {
		answer.Affected[i] = api.AffectedKey{
			ClientID: k.ClientID, TenantID: k.TenantID, UserID: k.UserID, ExpiresAtBefore: api.OrNull(k.Before), ExpiresAtAfter: api.OrNull(k.After),
		}
	}
	return ok(answer), err
}
