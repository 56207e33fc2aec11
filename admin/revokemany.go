package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// MaxRevokedAtOnce is how many access keys RevokeKeys revokes in one call.
const MaxRevokedAtOnce = 1000

// RevokeFilter selects access keys that fit all of what is set.
type RevokeFilter struct {
	UserID        string
	Marks         []policy.Mark // at least one of these
	CreatedBefore time.Time
}

// IsZero says whether nothing is set, which would be every key.
func (f RevokeFilter) IsZero() bool {
	return f.UserID == "" && len(f.Marks) == 0 && f.CreatedBefore.IsZero()
}

// matches judges a key as it is now. lastAccess is zero for never.
func (f RevokeFilter) matches(
	owner policy.User, key policy.AccessKey, lastAccess time.Time, p policy.ExpirationPolicy, now time.Time,
) bool {
	if f.UserID != "" && owner.ID != f.UserID || !f.CreatedBefore.IsZero() && !key.CreatedAt.Before(f.CreatedBefore) {
		return false
	}
	wanted := func(m policy.Mark) bool { return slices.Contains(f.Marks, m) }
	return len(f.Marks) == 0 || slices.ContainsFunc(key.Marks(lastAccess, p, now), wanted)
}

// RefusedKey is a key that fits the filter and is not the actor's to revoke.
type RefusedKey struct {
	Key

	Err error
}

// StoppedKeys is what was done to many keys, or would be.
type StoppedKeys struct {
	Keys    []Key
	Refused []RefusedKey
	More    bool // there are more than MaxRevokedAtOnce: call again
}

// errOtherKey means that a key has changed since it was found, and does not fit the filter any more.
var errOtherKey = errors.New("the key does not fit the filter any more")

// errActingKey keeps a filter from the access key that the actor acts with, which would be revoked by accident.
var errActingKey = errors.New("this is the access key that you act with: revoke it by its client ID")

// RevokeKeys revokes the keys of the tenant that fit the filter, each as RevokeKey does: with its reach, and an event of its own. Those
// that administer with more authority than the actor has are refused (R32), and so is the key that the actor acts with, which would be a
// mistake more often than not. A dry run lists all and changes nothing. It is ErrInEffect if no replica of the store has confirmed
// what ended; a repeat finds those keys no more, and succeeds once that is confirmed.
func (s *Service) RevokeKeys(
	ctx context.Context, actor Actor, in TenantContext, filter RevokeFilter, dryRun bool,
) (result StoppedKeys, err error) {
	found, err := s.keysThatFit(ctx, in, filter, actor.At)
	if err != nil {
		return StoppedKeys{}, err
	}
	if !dryRun {
		return s.stopKeys(ctx, in, found, func(ctx context.Context, key Key) error {
			return s.revokeFitting(ctx, actor, in, filter, key, false)
		})
	}
	for _, key := range found {
		if err := result.note(key, s.revokeFitting(ctx, actor, in, filter, key, true)); err != nil {
			return StoppedKeys{}, err
		}
	}
	return result, nil
}

// stopKeys does the same to each of the keys, until MaxRevokedAtOnce have ended. It is ErrInEffect if no replica of the store has confirmed
// what ended, in this call or one before it.
func (s *Service) stopKeys(
	ctx context.Context, in TenantContext, keys []Key, stop func(context.Context, Key) error,
) (result StoppedKeys, err error) {
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		for _, key := range keys {
			if len(result.Keys) == MaxRevokedAtOnce {
				result.More = true
				break
			}
			if err := result.note(key, stop(ctx, key)); err != nil {
				return err
			}
		}
		return s.Store.Confirm(ctx, in.Tenant.ID)
	})
	if err != nil {
		return StoppedKeys{}, inEffect(err)
	}
	return result, nil
}

// note records how it went with a key, and returns what ends the whole.
func (k *StoppedKeys) note(key Key, err error) error {
	switch {
	case err == nil:
		k.Keys = append(k.Keys, key)
	case errors.Is(err, policy.ErrNotGrantable), errors.Is(err, errActingKey):
		k.Refused = append(k.Refused, RefusedKey{key, err})
	case errors.Is(err, store.ErrNotFound), errors.Is(err, policy.ErrKeyNotFound), errors.Is(err, errOtherKey):
	default:
		return err
	}
	return nil
}

func (s *Service) revokeFitting(ctx context.Context, actor Actor, in TenantContext, filter RevokeFilter, key Key, dryRun bool) error {
	may := func(owner policy.Subject, now policy.AccessKey) error {
		switch {
		case !filter.matches(owner.User, now, key.LastAccess.At, owner.Account.Expiration, actor.At):
			return errOtherKey
		case now.ClientID == actor.ClientID:
			return errActingKey
		}
		return policy.CheckStop(actor.Authority(), owner, now)
	}
	if dryRun {
		owner := policy.Subject{Account: in.Account, Tenant: in.Tenant, User: key.User, Membership: key.Membership}
		return may(owner, key.AccessKey)
	}
	return s.revokeKey(ctx, actor, in, key.ClientID, may)
}

// keysThatFit lists the keys of the tenant that fit the filter, each with its last access.
func (s *Service) keysThatFit(ctx context.Context, in TenantContext, filter RevokeFilter, now time.Time) ([]Key, error) {
	var fitting, batch []Key
	judge := func() error {
		err := s.addLastAccess(ctx, in.Tenant.ID, batch)
		for _, key := range batch {
			if filter.matches(key.User, key.AccessKey, key.LastAccess.At, in.Account.Expiration, now) {
				fitting = append(fitting, key)
			}
		}
		batch = batch[:0]
		return err
	}
	whoever := RevokeFilter{UserID: filter.UserID, CreatedBefore: filter.CreatedBefore} // what needs no last access
	for key, err := range s.walk(ctx, in, cursor{}, now, walkSize) {
		if err != nil {
			return nil, err
		}
		if !whoever.matches(key.User, key.AccessKey, time.Time{}, nil, now) {
			continue
		}
		if batch = append(batch, key); len(batch) == walkSize {
			if err := judge(); err != nil {
				return nil, err
			}
		}
	}
	return fitting, judge()
}
