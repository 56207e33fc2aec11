package server

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/store"
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
	return ok(viewPolicy(c.account.Expiration, c.about.At)), nil
}

// putPolicy changes the account's expiration policy or, with ?dry_run=true, says whom the change would hit (R15). A dry run needs no
// acknowledgement: it is there to see the risk first.
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
		return reply{}, refuse(errInvalidRequest, "The field \"enabled\" is missing.")
	}
	change := policy.PolicyChange{Enabled: *body.Enabled, PeriodDays: body.PeriodDays, AcknowledgeRisk: body.AcknowledgeRisk || dryRun}
	if dryRun {
		return s.previewPolicy(c, change)
	}
	var after policy.ExpirationPolicy
	err = s.store.UpdateAccount(c.Context(), c.account.ID, func(a policy.Account) (policy.Account, []policy.Event, error) {
		before := a.Expiration
		var err error
		if after, err = before.Revise(change, c.about.At); err != nil || len(after) == len(before) && slices.Equal(after, before) {
			return a, nil, err
		}
		a.Expiration = after
		event := c.event(policy.ActionPolicyChanged)
		event.Details = policyDetails(before.InForce(c.about.At), after.InForce(c.about.At))
		return a, []policy.Event{event}, nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewPolicy(after, c.about.At)), nil
}

func policyDetails(before, after policy.Revision) map[string]string {
	return map[string]string{
		"enabled_before": strconv.FormatBool(before.Enabled), "enabled": strconv.FormatBool(after.Enabled),
		"period_days_before": strconv.Itoa(before.PeriodDays), "period_days": strconv.Itoa(after.PeriodDays),
	}
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
	after, err := c.account.Expiration.Revise(change, c.about.At)
	if err != nil {
		return reply{}, err
	}
	answer := preview{Affected: []affectedKey{}}
	err = s.forEachKey(c, func(m policy.Membership, key policy.AccessKey) {
		was, becomes := key.Expiry(c.account.Expiration), key.Expiry(after)
		if !was.Equal(becomes) {
			answer.Affected = append(answer.Affected, affectedKey{key.ClientID, m.TenantID, m.UserID, orNull(was), orNull(becomes)})
		}
	})
	slices.SortFunc(answer.Affected, func(a, b affectedKey) int {
		return cmp.Or(compareExpiry(a.ExpiresAtAfter, b.ExpiresAtAfter), compareExpiry(a.ExpiresAtBefore, b.ExpiresAtBefore), cmp.Compare(a.ClientID, b.ClientID))
	})
	return ok(answer), err
}

// forEachKey visits every access key of every tenant of the account.
func (s *Server) forEachKey(c *call, visit func(policy.Membership, policy.AccessKey)) error {
	tenants := store.Page{Limit: walkSize}
	for {
		found, err := s.store.Tenants(c.Context(), c.account.ID, tenants)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, tenant := range found {
			if err := s.forEachKeyIn(c, tenant.ID, visit); err != nil {
				return err
			}
			tenants.After = tenant.ID
		}
	}
}

func (s *Server) forEachKeyIn(c *call, tenantID string, visit func(policy.Membership, policy.AccessKey)) error {
	members := store.Page{Limit: walkSize}
	for {
		found, err := s.store.Memberships(c.Context(), tenantID, members)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, m := range found {
			for _, key := range m.Keys {
				visit(m, key)
			}
			members.After = m.UserID
		}
	}
}

// compareExpiry orders expiries soonest first, and never last.
func compareExpiry(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return a.Compare(*b)
	}
}
