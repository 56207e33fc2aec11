package admin

import (
	"context"
	"strconv"

	"mintkey/policy"
)

// TenantPatch changes a tenant; nil fields stay as they are.
type TenantPatch struct {
	TokensPerMinute *int // 0 takes the quota away (R36)
}

// PatchTenant changes a tenant. A patch that changes nothing leaves no event.
func (s *Service) PatchTenant(ctx context.Context, actor Actor, in TenantContext, patch TenantPatch) (after policy.Tenant, err error) {
	if err := checkQuota(patch.TokensPerMinute); err != nil {
		return policy.Tenant{}, err
	}
	err = s.Store.UpdateTenant(ctx, in.Tenant.ID, func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
		after = t
		if patch.TokensPerMinute == nil || *patch.TokensPerMinute == t.TokensPerMinute {
			return t, nil, nil
		}
		after.TokensPerMinute = *patch.TokensPerMinute
		event := actor.event(policy.ActionTenantUpdated, t.AccountID)
		event.TenantID, event.Details = t.ID, quotaDetails(after.TokensPerMinute)
		return after, []policy.Event{event}, nil
	})
	return after, err
}

func checkQuota(quota *int) error {
	if quota == nil {
		return nil
	}
	return policy.CheckTokensPerMinute(*quota)
}

func quotaDetails(quota int) map[string]string {
	return map[string]string{policy.DetailTokensPerMinute: quotaText(quota)}
}

// quotaText is a fence that is a number, of which 0 is none.
func quotaText(quota int) string {
	if quota == 0 {
		return "none"
	}
	return strconv.Itoa(quota)
}
