package admin

import (
	"context"
	"strconv"

	"mintkey/policy"
)

// KeyPatch changes an access key; nil fields stay as they are.
type KeyPatch struct {
	TokensPerMinute *int // 0 takes the quota away (R36)
}

// PatchKey changes a key of the tenant. A key that administers with more authority than the actor has is not the actor's to change (R32),
// and nobody loosens the key they act with: that is policy.ErrOwnFence (R33). A quota is about tokens to come, so those that were issued
// live on. A patch that changes nothing leaves no event.
func (s *Service) PatchKey(ctx context.Context, actor Actor, in TenantContext, clientID string, patch KeyPatch) (Key, error) {
	if err := checkQuota(patch.TokensPerMinute); err != nil {
		return Key{}, err
	}
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, err
	}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		before, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		if err := policy.CheckStop(actor.Authority(), owner, before); err != nil {
			return m, nil, err
		}
		key.AccessKey = before
		if patch.TokensPerMinute == nil || *patch.TokensPerMinute == before.TokensPerMinute {
			return m, nil, nil
		}
		quota := *patch.TokensPerMinute
		if actor.ClientID == clientID && policy.Loosens(before.TokensPerMinute, quota) {
			return m, nil, policy.ErrOwnFence
		}
		if m, err = m.WithTokensPerMinute(clientID, quota); err != nil {
			return m, nil, err
		}
		key.TokensPerMinute = quota
		event := keyEvent(actor, policy.ActionKeyUpdated, m, key.AccessKey, quotaDetails(quota))
		event.Announce = false // nobody is told of it
		return m, []policy.Event{event}, nil
	}
	return key, s.changeMembership(ctx, in.Tenant.ID, key.Membership.UserID, change)
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

func quotaText(quota int) string {
	if quota == 0 {
		return "none"
	}
	return strconv.Itoa(quota)
}
