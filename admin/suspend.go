package admin

import (
	"cmp"
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// SuspendKey stops a key of the tenant until it is resumed, and ends its tokens as a revocation does (R28). A key that administers with
// more authority than the actor has is not the actor's to stop (R32). Of a key that is suspended already nothing changes, unless the actor
// has higher authority than whoever suspended it: see policy.Membership.WithSuspendedKey. An expired key is policy.ErrKeyExpired. It is
// ErrInEffect if no replica of the store has confirmed it.
func (s *Service) SuspendKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.suspendKey(ctx, actor, in, clientID, reason, actor.Authority().Role(), func(owner policy.Subject, key policy.AccessKey) error {
		return policy.CheckStop(actor.Authority(), owner, key)
	})
}

// SuspendOwnKey is SuspendKey for a key of the actor; for anybody else's it is store.ErrNotFound. Signed in, owners can always stop what is
// theirs; see mustOwn for what an access key of theirs can stop.
func (s *Service) SuspendOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.suspendKey(ctx, actor, in, clientID, reason, "", actor.mustOwn)
}

// mustOwn is store.ErrNotFound unless the actor is the owner. Whoever made the owner a key knows its secret: so a key that was made for
// a member does not stop those that the same person got as an admin, which is a policy.AuthorityError (R9, R32).
func (a Actor) mustOwn(owner policy.Subject, key policy.AccessKey) error {
	if owner.User.ID != a.User.ID {
		return store.ErrNotFound
	}
	return policy.CheckStop(a.Authority(), owner, key)
}

func (s *Service) suspendKey(
	ctx context.Context, actor Actor, in TenantContext, clientID, reason string, as policy.Role,
	may func(policy.Subject, policy.AccessKey) error,
) (Key, error) {
	if err := policy.CheckReason(reason); err != nil {
		return Key{}, err
	}
	with := policy.Suspension{At: actor.At, By: actor.User.ID, Reason: reason}
	change := func(owner policy.Subject, m policy.Membership) (policy.Membership, error) {
		return m.WithSuspendedKey(clientID, with, as, owner.Account.Expiration, actor.At)
	}
	key, err := s.changeKey(ctx, actor, in, clientID, policy.ActionKeySuspended, reasonDetails(reason), may, change)
	return key, inEffect(err)
}

// ResumeKey makes a suspended key of the tenant work again, with the secrets that it had; tokens from before stay dead (R28). It takes the
// authority of whoever suspended it, and that over a key that administers (R32). A key that works stays as it is; an expired one is
// policy.ErrKeyExpired. The reason is for the audit trail.
func (s *Service) ResumeKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.resumeKey(ctx, actor, in, clientID, reason, func(owner policy.Subject, key policy.AccessKey) error {
		return cmp.Or(policy.CheckStop(actor.Authority(), owner, key), policy.CheckResume(actor.Authority(), key))
	})
}

// ResumeOwnKey is ResumeKey for a key of the actor. What somebody else has suspended is policy.ErrSuspendedByOther. What the actor has
// suspended as an admin takes that authority again, because other admins found it suspended and left it at that. And the actor must hold
// whatever the key can do, so that a token with little more than "self" revives nothing that can do more (R30).
func (s *Service) ResumeOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.resumeKey(ctx, actor, in, clientID, reason, func(owner policy.Subject, key policy.AccessKey) error {
		return cmp.Or(actor.mustOwn(owner, key), policy.CheckOwnResume(owner.User.ID, key), policy.CheckResume(actor.Authority(), key),
			s.checkHeld(actor, owner.Through(key), key.Scopes))
	})
}

func (s *Service) resumeKey(
	ctx context.Context, actor Actor, in TenantContext, clientID, reason string, may func(policy.Subject, policy.AccessKey) error,
) (Key, error) {
	if err := policy.CheckReason(reason); err != nil {
		return Key{}, err
	}
	fresh, err := s.newIndexes(ctx, policy.MaxSecrets)
	if err != nil {
		return Key{}, err
	}
	return s.changeKey(ctx, actor, in, clientID, policy.ActionKeyResumed, reasonDetails(reason), may,
		func(owner policy.Subject, m policy.Membership) (policy.Membership, error) {
			return m.WithResumedKey(clientID, [policy.MaxSecrets]uint64(fresh), owner.Account.Expiration, actor.At)
		})
}

// changeKey suspends or resumes a key, and records it if anything has changed. Whether the actor may is asked in the same write.
func (s *Service) changeKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, action policy.Action, details map[string]string,
	may func(policy.Subject, policy.AccessKey) error, change func(policy.Subject, policy.Membership) (policy.Membership, error),
) (key Key, err error) {
	err = s.followed(ctx, clientID, func() error {
		key, err = s.changeFoundKey(ctx, actor, in, clientID, action, details, may, change)
		return err
	})
	return key, err
}

func (s *Service) changeFoundKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, action policy.Action, details map[string]string,
	may func(policy.Subject, policy.AccessKey) error, change func(policy.Subject, policy.Membership) (policy.Membership, error),
) (Key, error) {
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, err
	}
	err = s.changeMembership(ctx, in.Tenant.ID, key.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		before, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		if err := may(owner, before); err != nil {
			return m, nil, err
		}
		after, err := change(owner, m)
		if err != nil {
			return m, nil, err
		}
		if key.AccessKey, err = after.Key(clientID); err != nil {
			return m, nil, err
		}
		if key.Suspended == before.Suspended && key.SuspendedAs == before.SuspendedAs {
			return m, nil, nil
		}
		event := keyEvent(actor, action, m, key.AccessKey, details)
		if key.IsSuspended() {
			event.Payload.Revoked = policy.RevokedTokensOf(before)
			event.Payload.Key.Reason = key.Suspended.Reason
		}
		return after, []policy.Event{event}, nil
	})
	return key, err
}

// RevokeOwnKey deletes a key of the actor; for anybody else's it is store.ErrNotFound. See RevokeKey and mustOwn.
func (s *Service) RevokeOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID string) error {
	return s.revokeKey(ctx, actor, in, clientID, actor.mustOwn)
}

func reasonDetails(reason string) map[string]string {
	if reason == "" {
		return nil
	}
	return map[string]string{policy.DetailReason: reason}
}
