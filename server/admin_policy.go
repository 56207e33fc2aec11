package server

import (
	"time"

	"mintkey/policy"
	"mintkey/server/web"
)

type policyView struct {
	Enabled    bool              `json:"enabled"`
	PeriodDays int               `json:"period_days"`
	Revisions  []policy.Revision `json:"revisions"`
}

func viewPolicy(p policy.ExpirationPolicy, now time.Time) policyView {
	current := p.InForce(now)
	return policyView{current.Enabled, current.PeriodDays, append([]policy.Revision{}, p...)}
}

func (s *Server) getPolicy(c *call) (reply, error) {
	return ok(viewPolicy(c.place.Account.Expiration, c.at())), nil
}

// putPolicy changes the account's expiration policy or, with ?dry_run=true, says whom the change would hit (R15).
func (s *Server) putPolicy(c *call) (reply, error) {
	q, err := c.query("dry_run")
	if err != nil {
		return reply{}, err
	}
	dryRun, err := q.flag("dry_run")
	if err != nil {
		return reply{}, err
	}
	var body struct {
		Enabled         *bool `json:"enabled"`
		PeriodDays      int   `json:"period_days"`
		AcknowledgeRisk bool  `json:"acknowledge_risk"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if body.Enabled == nil {
		return reply{}, web.Refuse(web.ErrInvalidRequest, "The field \"enabled\" is missing.")
	}
	change := policy.PolicyChange{Enabled: *body.Enabled, PeriodDays: body.PeriodDays, AcknowledgeRisk: body.AcknowledgeRisk}
	if dryRun {
		return s.previewPolicy(c, change)
	}
	after, err := s.office.SetPolicy(c.Context(), c.actor, c.place, change)
	return ok(viewPolicy(after, c.at())), err
}

type affectedKey struct {
	ClientID        string     `json:"client_id"`
	TenantID        string     `json:"tenant_id"`
	UserID          string     `json:"user_id"`
	ExpiresAtBefore *time.Time `json:"expires_at_before"`
	ExpiresAtAfter  *time.Time `json:"expires_at_after"`
}

type preview struct {
	Affected []affectedKey `json:"affected"`
}

func (s *Server) previewPolicy(c *call, change policy.PolicyChange) (reply, error) {
	affected, err := s.office.PreviewPolicy(c.Context(), c.actor, c.place, change)
	answer := preview{Affected: make([]affectedKey, len(affected))}
	for i, a := range affected {
		answer.Affected[i] = affectedKey{a.ClientID, a.TenantID, a.UserID, orNull(a.Before), orNull(a.After)}
	}
	return ok(answer), err
}
