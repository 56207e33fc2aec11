package admin

import (
	"cmp"
	"context"
	"time"

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

// SuspendOwnKey is SuspendKey for a key of the actor, who can always stop it, whatever it may do; for anybody else's it is
// store.ErrNotFound.
func (s *Service) SuspendOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.suspendKey(ctx, actor, in, clientID, reason, "", actor.mustOwn)
}

// mustOwn is store.ErrNotFound unless the actor is the owner.
func (a Actor) mustOwn(owner policy.Subject, _ policy.AccessKey) error {
	if owner.User.ID != a.User.ID {
		return store.ErrNotFound
	}
	return nil
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

// ResumeOwnKey is ResumeKey for a key of the actor. What somebody else has suspended is policy.ErrSuspendedByOther, and the actor must hold
// whatever the key can do, so that a token with little more than "self" revives nothing that can do more (R30).
func (s *Service) ResumeOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID, reason string) (Key, error) {
	return s.resumeKey(ctx, actor, in, clientID, reason, func(owner policy.Subject, key policy.AccessKey) error {
		return cmp.Or(actor.mustOwn(owner, key), policy.CheckOwnResume(owner.User.ID, key),
			s.checkHeld(actor, owner.Through(key), key.Scopes))
	})
}

func (s *Service) resumeKey(
	ctx context.Context, actor Actor, in TenantContext, clientID, reason string, may func(policy.Subject, policy.AccessKey) error,
) (Key, error) {
	if err := policy.CheckReason(reason); err != nil {
		return Key{}, err
	}
	var fresh [policy.MaxSecrets]uint64
	for i := range fresh {
		index, err := s.NextStatusIndex(ctx)
		if err != nil {
			return Key{}, err
		}
		fresh[i] = index
	}
	return s.changeKey(ctx, actor, in, clientID, policy.ActionKeyResumed, reasonDetails(reason), may,
		func(owner policy.Subject, m policy.Membership) (policy.Membership, error) {
			return m.WithResumedKey(clientID, fresh, owner.Account.Expiration, actor.At)
		})
}

// changeKey suspends or resumes a key, and records it if anything has changed. Whether the actor may is asked in the same write.
func (s *Service) changeKey(
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

// RevokeOwnKey deletes a key of the actor, who can always stop it; for anybody else's it is store.ErrNotFound. See RevokeKey.
func (s *Service) RevokeOwnKey(ctx context.Context, actor Actor, in TenantContext, clientID string) error {
	return s.revokeKey(ctx, actor, in, clientID, actor.mustOwn)
}

// TenantPatch changes a tenant; nil fields stay as they are.
type TenantPatch struct {
	TokensPerMinute *int // 0 takes the quota away (R36)
	Suspended       *bool
	SuspendedReason string // why, where Suspended is true
	IfMatch         IfMatch
}

// PatchTenant changes a tenant. A patch that changes nothing leaves no event.
//
// Suspending one is a single record that stops all its keys and ends all tokens, sessions and links of its members there; resuming it gives
// back the keys, except those that were suspended on their own (R8). Nobody suspends a tenant that has a member of higher authority, and
// the last admin who can act keeps a tenant to act in (R32). What was suspended is ErrInEffect if no replica of the store has confirmed it.
func (s *Service) PatchTenant(ctx context.Context, actor Actor, in TenantContext, patch TenantPatch) (policy.Tenant, error) {
	if err := cmp.Or(checkQuota(patch.TokensPerMinute), policy.CheckReason(patch.SuspendedReason)); err != nil {
		return policy.Tenant{}, err
	}
	if patch.Suspended == nil || !*patch.Suspended {
		return s.patchTenant(ctx, actor, in, patch, actor.At)
	}
	var after policy.Tenant
	err := store.ConfirmOnce(ctx, func(ctx context.Context) error {
		admins, ends, err := s.beforeSuspension(ctx, actor, in)
		if err != nil {
			return err
		}
		return s.suspendUnlessLast(ctx, actor, in.Tenant.ID, admins, func() error {
			after, err = s.patchTenant(ctx, actor, in, patch, ends)
			return err
		})
	})
	return after, inEffect(err)
}

// beforeSuspension goes through the members of a tenant that is about to be suspended. It returns those who are admins of the account or of
// the server, and the instant up to which everything ends: now, or when the newest status index was given, if that was by the clock of a
// server that is ahead. It is a policy.AuthorityError if a member is of higher authority than the actor.
func (s *Service) beforeSuspension(ctx context.Context, actor Actor, in TenantContext) (admins []policy.User, ends time.Time, err error) {
	ends = actor.At
	for page := (store.Page{Limit: walkSize}); ; {
		memberships, err := s.Store.Memberships(ctx, in.Tenant.ID, page)
		if err != nil {
			return nil, ends, err
		}
		members, err := s.withUsers(ctx, in, memberships)
		if err != nil {
			return nil, ends, err
		}
		for _, m := range members {
			if err := policy.CheckOver(actor.Authority(), policy.Subject{User: m.User, Membership: m.Membership}.Standing()); err != nil {
				return nil, ends, err
			}
			if len(m.User.AdminRoles()) > 0 {
				admins = append(admins, m.User)
			}
			if latest := m.LatestIndex(); latest.After(ends) {
				ends = latest
			}
		}
		if len(memberships) < walkSize {
			return admins, ends, nil
		}
		page.After = memberships[len(memberships)-1].UserID
	}
}

func (s *Service) patchTenant(
	ctx context.Context, actor Actor, in TenantContext, patch TenantPatch, ends time.Time,
) (after policy.Tenant, err error) {
	var saved []policy.Event
	err = store.ConfirmOnce(ctx, func(ctx context.Context) error {
		err := s.Store.UpdateTenant(ctx, in.Tenant.ID, func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
			if err := patch.IfMatch.check(TenantTag(t)); err != nil {
				return t, nil, err
			}
			after, saved, err = patch.apply(actor, t, ends)
			return after, saved, err
		})
		for _, event := range saved {
			if err == nil {
				_ = s.publish(ctx, event) // logged, and the outbox retries
			}
		}
		return err
	})
	return after, err
}

// apply returns the tenant after the patch, with an event for each thing that has changed.
func (p TenantPatch) apply(actor Actor, t policy.Tenant, ends time.Time) (policy.Tenant, []policy.Event, error) {
	var events []policy.Event
	record := func(action policy.Action, details map[string]string) *policy.Event {
		event := actor.event(action, t.AccountID)
		event.TenantID, event.Details = t.ID, details
		events = append(events, event)
		return &events[len(events)-1]
	}
	if p.TokensPerMinute != nil && *p.TokensPerMinute != t.TokensPerMinute {
		t.TokensPerMinute = *p.TokensPerMinute
		record(policy.ActionTenantUpdated, quotaDetails(t.TokensPerMinute))
	}
	if p.Suspended == nil {
		return t, events, nil
	}
	before := t
	if *p.Suspended {
		by := policy.Suspension{At: actor.At, By: actor.User.ID, Reason: p.SuspendedReason}
		if t = t.WithSuspended(by, actor.Authority().Role(), ends); t.Suspension() != before.Suspension() || t.SuspendedAs != before.SuspendedAs {
			event := record(policy.ActionTenantSuspended, reasonDetails(p.SuspendedReason))
			event.Announce, event.Payload.Ended = true, &policy.EndedTokens{Until: t.EndedBefore}
		}
		return t, events, nil
	}
	if !t.IsSuspended() {
		return t, events, nil
	}
	if err := policy.CheckResumeTenant(actor.Authority(), t); err != nil {
		return t, nil, err
	}
	t = t.WithResumed()
	record(policy.ActionTenantResumed, nil).Announce = true
	return t, events, nil
}

func reasonDetails(reason string) map[string]string {
	if reason == "" {
		return nil
	}
	return map[string]string{policy.DetailReason: reason}
}
