package admin

import (
	"context"
	"errors"
	"strconv"

	"mintkey/policy"
)

// EndOverlap ends the overlap of a key of the tenant: the old secret stops working now (R6). Its tokens live until they expire, unless
// revokeTokens ends them too. It is policy.ErrNoOverlap for a key that has one secret only. It is ErrInEffect if no replica of the store
// has confirmed it; so is a repeat until one has. A key that administers with more authority than the actor has is not the
// actor's to change (R32).
func (s *Service) EndOverlap(ctx context.Context, actor Actor, in TenantContext, clientID string, revokeTokens bool) error {
	return s.endOverlap(ctx, actor, in, clientID, revokeTokens, func(owner policy.Subject, key policy.AccessKey) error {
		return policy.CheckStop(actor.Authority(), owner, key)
	})
}

// EndOwnOverlap is EndOverlap for a key of the actor; for anybody else's it is store.ErrNotFound. See mustOwn.
func (s *Service) EndOwnOverlap(ctx context.Context, actor Actor, in TenantContext, clientID string, revokeTokens bool) error {
	return s.endOverlap(ctx, actor, in, clientID, revokeTokens, actor.mustOwn)
}

func (s *Service) endOverlap(
	ctx context.Context, actor Actor, in TenantContext, clientID string, revokeTokens bool,
	may func(policy.Subject, policy.AccessKey) error,
) error {
	return s.followed(ctx, clientID, func() error { return s.endFoundOverlap(ctx, actor, in, clientID, revokeTokens, may) })
}

func (s *Service) endFoundOverlap(
	ctx context.Context, actor Actor, in TenantContext, clientID string, revokeTokens bool,
	may func(policy.Subject, policy.AccessKey) error,
) error {
	key, owner, err := s.findKey(ctx, in, clientID, actor.At)
	if err != nil {
		return err
	}
	if err := may(owner, key.AccessKey); err != nil {
		return err
	}
	how, err := s.replacing(ctx, actor.At)
	if err != nil {
		return err
	}
	how.EndTokens = revokeTokens
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		before, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		if err := may(owner, before); err != nil {
			return m, nil, err
		}
		m, err = m.WithoutOverlap(clientID, how, owner.Account.Expiration, actor.At)
		if err != nil {
			return m, nil, err
		}
		after, err := m.Key(clientID)
		details := map[string]string{policy.DetailRevokedTokens: strconv.FormatBool(revokeTokens)}
		event := keyEvent(actor, policy.ActionKeyOverlapEnded, m, after, details)
		event.Payload.Revoked = policy.TokensLost(before, after, actor.At)
		return m, []policy.Event{event}, err
	}
	err = s.changeMembership(ctx, key.Membership.TenantID, key.Membership.UserID, change)
	if errors.Is(err, policy.ErrNoOverlap) { // perhaps the repeat of a request that was not confirmed
		if unconfirmed := s.Store.Confirm(ctx, key.Membership.TenantID); unconfirmed != nil {
			err = unconfirmed
		}
	}
	return inEffect(err)
}
