package admin

import (
	"cmp"
	"context"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// TransferKey gives a key of the tenant to another member, and tells both. Its secret goes on working; its tokens end, because they name
// the owner until then. It never gains (R9): see policy.Transfer. A key that administers with more authority than the actor has is not the
// actor's to take, and nobody makes somebody of higher authority answer for an administration scope, because whoever knows the secret would
// act as them (R32). A member with too many keys is a policy.KeyLimitError (R2). If the key is the user's already, nothing changes.
func (s *Service) TransferKey(ctx context.Context, actor Actor, in TenantContext, clientID, userID string) (key Key, err error) {
	err = s.followed(ctx, clientID, func() error {
		key, err = s.transferFoundKey(ctx, actor, in, clientID, userID)
		return err
	})
	return key, err
}

func (s *Service) transferFoundKey(ctx context.Context, actor Actor, in TenantContext, clientID, userID string) (Key, error) {
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, err
	}
	if err := policy.CheckStop(actor.Authority(), owner, key.AccessKey); err != nil {
		return Key{}, err
	}
	next, err := s.chooseOwner(ctx, in, userID, "")
	if err != nil {
		return Key{}, err
	}
	if next.User.ID == owner.User.ID {
		return key, nil
	}
	transfer := policy.Transfer{From: owner, To: next}
	fresh, err := s.newIndexes(ctx, policy.MaxSecrets)
	if err != nil {
		return Key{}, err
	}
	for i, index := range fresh {
		transfer.Fresh[i] = next.Renewal(index, s.TokenLifetime, actor.At)
	}
	passed := Key{User: next.User, LastAccess: key.LastAccess}
	err = s.moveKey(ctx, in.Tenant.ID, clientID, owner.User.ID, next.User.ID,
		func(from, to policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
			transfer.From.Membership, transfer.To.Membership = from, to
			fromAfter, events, err := passed.take(actor, transfer, clientID)
			return fromAfter, passed.Membership, events, err
		})
	return passed, err
}

// take makes k the key in the hands of its next owner, unless the actor may not do that. It returns the membership of the owner until now,
// and the events for both.
func (k *Key) take(actor Actor, t policy.Transfer, clientID string) (policy.Membership, []policy.Event, error) {
	before, err := t.From.Membership.Key(clientID)
	if err != nil {
		return policy.Membership{}, nil, err
	}
	from, to, dropped, err := t.Apply(clientID, actor.At)
	if err != nil {
		return policy.Membership{}, nil, err
	}
	k.Membership = to
	k.AccessKey, err = to.Key(clientID)
	err = cmp.Or(err, policy.CheckStop(actor.Authority(), t.From, before),
		policy.CheckGrant(actor.Authority(), actor.Scopes, t.To.Standing(), k.Scopes))
	if err != nil {
		return policy.Membership{}, nil, err
	}
	left := keyEvent(actor, policy.ActionKeyTransferred, from, before, map[string]string{"to": to.UserID})
	left.Payload.Revoked, left.Payload.Key.To = policy.RevokedTokensOf(before), to.UserID
	got := keyEvent(actor, policy.ActionKeyTransferred, to, k.AccessKey, map[string]string{"from": from.UserID})
	got.Payload.Key.From = from.UserID
	if len(dropped) > 0 {
		got.Details[policy.DetailDroppedScopes] = strings.Join(dropped, " ")
	}
	return from, []policy.Event{left, got}, nil
}

// moveKey is changeMembership for a key that passes from one member to another.
func (s *Service) moveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change store.KeyMove) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		var saved []policy.Event
		err := s.Store.MoveKey(ctx, tenantID, clientID, fromID, toID,
			func(from, to policy.Membership) (policy.Membership, policy.Membership, []policy.Event, error) {
				from, to, events, err := change(from, to)
				saved = events // of the last run, which is the one that is saved
				return from, to, events, err
			})
		for _, event := range saved {
			if err == nil {
				_ = s.publish(ctx, event) // logged, and the outbox retries
			}
		}
		return err
	})
}
