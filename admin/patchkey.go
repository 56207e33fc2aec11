package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// PatchKey changes label, scopes and fences of a key of the tenant. A key that administers with more authority than the actor has is not
// the actor's to change (R32), and nobody loosens the key they act with: that is policy.ErrOwnFence (R33). Scopes can only become fewer
// (R9): otherwise it is a policy.ScopeNotHeldError. A change that tightens the key ends its tokens, and is ErrInEffect if no replica of the
// store has confirmed it. A patch that changes nothing leaves no event.
func (s *Service) PatchKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, patch policy.KeyPatch, condition IfMatch,
) (key Key, err error) {
	if err := patch.Check(s.Audiences, s.TokenLifetime, actor.At); err != nil {
		return Key{}, err
	}
	err = s.followed(ctx, clientID, func() error {
		key, err = s.patchFoundKey(ctx, actor, in, clientID, patch, condition)
		return err
	})
	return key, err
}

func (s *Service) patchFoundKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, patch policy.KeyPatch, condition IfMatch,
) (Key, error) {
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, err
	}
	renewed, err := s.renewalsFor(ctx, actor, owner, key.AccessKey, patch)
	if err != nil {
		return Key{}, err
	}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		before, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		if err := cmp.Or(policy.CheckStop(actor.Authority(), owner, before), condition.check(KeyTag(m.UserID, before))); err != nil {
			return m, nil, err
		}
		after, err := before.Patched(patch)
		if err != nil {
			return m, nil, err
		}
		if err := before.CheckEnd(after, owner.Account.Expiration, actor.At); err != nil {
			return m, nil, err
		}
		key.AccessKey = after
		changed := changedDetails(before, after)
		if len(changed) == 0 {
			return m, nil, nil
		}
		if actor.ClientID == clientID && before.LoosenedBy(after) {
			return m, nil, policy.ErrOwnFence
		}
		if before.TightenedBy(after) && len(renewed) < len(before.Secrets) { // it was changed since it was read
			return m, nil, store.ErrConflict
		}
		notice, warn := policy.Notice{}, false
		if !before.ExpiresAt.Equal(after.ExpiresAt) {
			after, notice, warn = after.Warned(owner.Account.Expiration, actor.At)
		}
		if m, err = m.WithPatchedKey(after, renewed); err != nil {
			return m, nil, err
		}
		if key.AccessKey, err = m.Key(clientID); err != nil {
			return m, nil, err
		}
		event := keyEvent(actor, policy.ActionKeyUpdated, m, after, changed)
		event.Payload.Revoked = policy.TokensLost(before, key.AccessKey, actor.At)
		event.Announce = event.Payload.Revoked != nil // nobody else is told of it
		events := []policy.Event{event}
		if warn && actor.User.ID != owner.User.ID { // owners know what they have done
			events = append(events, expiringEvent(actor, m, key.AccessKey, notice))
		}
		return m, events, nil
	}
	err = s.changeMembership(ctx, in.Tenant.ID, key.Membership.UserID, change)
	if len(renewed) > 0 {
		err = inEffect(err)
	}
	return key, err
}

// renewalsFor returns a new status index for each secret of the key if the patch would tighten it, and else none.
func (s *Service) renewalsFor(
	ctx context.Context, actor Actor, owner policy.Subject, key policy.AccessKey, patch policy.KeyPatch,
) (renewed []policy.IndexRenewal, err error) {
	if after, err := key.Patched(patch); err != nil || !key.TightenedBy(after) {
		return nil, err
	}
	fresh, err := s.newIndexes(ctx, len(key.Secrets))
	for _, index := range fresh {
		renewed = append(renewed, owner.Renewal(index, s.TokenLifetime, actor.At))
	}
	return renewed, err
}

// changedDetails are the details of what a change of the key has changed, as they are after it.
func changedDetails(before, after policy.AccessKey) map[string]string {
	changed := map[string]string{}
	list := func(name string, before, after []string) {
		if !slices.Equal(before, after) {
			changed[name] = orNone(strings.Join(after, " "))
		}
	}
	if before.Label != after.Label {
		changed["label"] = after.Label
	}
	list("scopes", before.Scopes, after.Scopes)
	list("audiences", before.Audiences, after.Audiences)
	list(policy.DetailAllowedNetworks, before.AllowedNetworks, after.AllowedNetworks)
	if before.TokenLifetimeSeconds != after.TokenLifetimeSeconds {
		changed[policy.DetailTokenLifetime] = quotaText(after.TokenLifetimeSeconds)
	}
	if before.TokensPerMinute != after.TokensPerMinute {
		changed[policy.DetailTokensPerMinute] = quotaText(after.TokensPerMinute)
	}
	if !before.ExpiresAt.Equal(after.ExpiresAt) {
		changed[policy.DetailOwnEnd] = endText(after.ExpiresAt)
	}
	return changed
}

// expiringEvent is a notice that a change of the key has brought forward. The actor is the server, as it is when a notice comes due.
func expiringEvent(actor Actor, m policy.Membership, key policy.AccessKey, notice policy.Notice) policy.Event {
	event := keyEvent(actor, policy.ActionKeyExpiring, m, key, notice.Details())
	event.Actor = policy.Actor{Via: "server"}
	event.Payload.Notice, event.Announce = &notice, true
	return event
}

// endText is an end of a key's own in RFC 3339, or "none".
func endText(end time.Time) string {
	if end.IsZero() {
		return orNone("")
	}
	return end.UTC().Format(time.RFC3339)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
