package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// KeyChoice is access keys that somebody has chosen in a table: those that are named or, if none is, all that match.
type KeyChoice struct {
	ClientIDs []string
	Filter    KeyFilter
	State     KeyState
}

// fits judges a key as it is now. lastAccess is zero for never.
func (c KeyChoice) fits(owner policy.User, key policy.AccessKey, lastAccess time.Time, p policy.ExpirationPolicy, now time.Time) bool {
	if len(c.ClientIDs) > 0 {
		return slices.Contains(c.ClientIDs, key.ClientID)
	}
	alone := newListedMember(policy.Membership{UserID: owner.ID, Keys: []policy.AccessKey{key}}, owner)
	for listed, expiry := range c.Filter.of([]*listedMember{alone}, p, now) {
		return newStanding(listed, expiry, lastAccess, p, now).is(c.State)
	}
	return false
}

// ChosenKeys is what stopping the chosen keys comes to.
type ChosenKeys struct {
	Total    int       // how many fit and can be stopped, without regard to authority
	LastUsed time.Time // when one of them was last used; zero for never
	StoppedKeys
}

// PreviewChosen says what RevokeChosen or SuspendChosen would do. Of more than MaxRevokedAtOnce keys it looks at as many only.
func (s *Service) PreviewChosen(ctx context.Context, actor Actor, in TenantContext, choice KeyChoice, suspend bool) (ChosenKeys, error) {
	found, err := s.chosenKeys(ctx, actor, in, choice, suspend)
	if err != nil {
		return ChosenKeys{}, err
	}
	for _, key := range found.Keys {
		owner := policy.Subject{Account: in.Account, Tenant: in.Tenant, User: key.User, Membership: key.Membership}
		if err := policy.CheckStop(actor.Authority(), owner, key.AccessKey); err != nil {
			found.Refused = append(found.Refused, RefusedKey{key, err})
		}
	}
	found.Keys = slices.DeleteFunc(found.Keys, func(key Key) bool {
		return slices.ContainsFunc(found.Refused, func(refused RefusedKey) bool { return refused.ClientID == key.ClientID })
	})
	return found, nil
}

// RevokeChosen revokes the chosen keys as RevokeKeys does, at most MaxRevokedAtOnce.
func (s *Service) RevokeChosen(ctx context.Context, actor Actor, in TenantContext, choice KeyChoice) (StoppedKeys, error) {
	found, err := s.chosenKeys(ctx, actor, in, choice, false)
	if err != nil {
		return StoppedKeys{}, err
	}
	result, err := s.stopKeys(ctx, in, found.Keys, func(ctx context.Context, key Key) error {
		return s.revokeKey(ctx, actor, in, key.ClientID, choice.may(actor, key))
	})
	result.More = result.More || found.More
	return result, err
}

// SuspendChosen suspends the chosen keys, each as SuspendKey does, at most MaxRevokedAtOnce. Those that are suspended already, or have
// expired, stay as they are.
func (s *Service) SuspendChosen(ctx context.Context, actor Actor, in TenantContext, choice KeyChoice, reason string) (StoppedKeys, error) {
	if err := policy.CheckReason(reason); err != nil {
		return StoppedKeys{}, err
	}
	found, err := s.chosenKeys(ctx, actor, in, choice, true)
	if err != nil {
		return StoppedKeys{}, err
	}
	result, err := s.stopKeys(ctx, in, found.Keys, func(ctx context.Context, key Key) error {
		_, err := s.suspendKey(ctx, actor, in, key.ClientID, reason, actor.Authority().Role(), choice.may(actor, key))
		if errors.Is(err, policy.ErrKeyExpired) {
			return errOtherKey
		}
		return err
	})
	result.More = result.More || found.More
	return result, err
}

// may asks once more, in the write, whether the key is one of the choice: another admin may have changed it since it was listed.
func (c KeyChoice) may(actor Actor, found Key) func(policy.Subject, policy.AccessKey) error {
	return func(owner policy.Subject, now policy.AccessKey) error {
		switch {
		case !c.fits(owner.User, now, found.LastAccess.At, owner.Account.Expiration, actor.At):
			return errOtherKey
		case now.ClientID == actor.ClientID:
			return errActingKey
		}
		return policy.CheckStop(actor.Authority(), owner, now)
	}
}

// chosenKeys finds the keys of a choice that can be stopped: at most MaxRevokedAtOnce of them.
func (s *Service) chosenKeys(
	ctx context.Context, actor Actor, in TenantContext, choice KeyChoice, suspend bool,
) (found ChosenKeys, err error) {
	if len(choice.ClientIDs) > 0 {
		return s.namedKeys(ctx, actor, in, choice.ClientIDs, suspend)
	}
	members, err := s.memberIndex(ctx, in)
	if err != nil {
		return found, err
	}
	used, err := s.accessTimes(ctx, in.Tenant.ID, members, actor.At)
	if err != nil {
		return found, err
	}
	var first []*listedKey
	for key, expiry := range choice.Filter.of(members, in.Account.Expiration, actor.At) {
		standing := newStanding(key, expiry, used[key.clientID], in.Account.Expiration, actor.At)
		if !standing.is(choice.State) || suspend && (standing.expired || standing.suspended) {
			continue
		}
		if found.Total++; found.Total <= MaxRevokedAtOnce {
			first = append(first, key)
		}
		if at := used[key.clientID]; at.After(found.LastUsed) {
			found.LastUsed = at
		}
	}
	found.More = found.Total > MaxRevokedAtOnce
	for some := range slices.Chunk(first, walkSize) {
		keys, err := s.readKeys(ctx, in, some)
		if err == nil {
			err = s.addLastAccess(ctx, in.Tenant.ID, keys)
		}
		if err != nil {
			return found, err
		}
		found.Keys = append(found.Keys, keys...)
	}
	return found, nil
}

func (s *Service) namedKeys(
	ctx context.Context, actor Actor, in TenantContext, clientIDs []string, suspend bool,
) (found ChosenKeys, err error) {
	for _, clientID := range clientIDs[:min(len(clientIDs), MaxRevokedAtOnce)] {
		key, _, err := s.findUsedKey(ctx, in, clientID, actor.At)
		if errors.Is(err, store.ErrNotFound) {
			continue // revoked meanwhile
		}
		if err != nil {
			return found, err
		}
		if suspend && (key.IsSuspended() || policy.Expired(key.Expiry(in.Account.Expiration), actor.At)) {
			continue
		}
		found.Keys = append(found.Keys, key)
		if key.LastAccess.At.After(found.LastUsed) {
			found.LastUsed = key.LastAccess.At
		}
	}
	found.Total = len(found.Keys)
	return found, nil
}
