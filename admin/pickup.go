package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// PickUpLives is how long a link to pick up an access key works (R26).
const PickUpLives = 72 * time.Hour

// PickUp lets the owner of an access key that has no secret yet have it made, once.
type PickUp struct {
	Code    string // part of the link; of use to the owner alone
	Expires time.Time
}

// pickUpRecord is what is kept under the digest of a code.
type pickUpRecord struct {
	TenantID string    `json:"tenant_id"`
	ClientID string    `json:"client_id"`
	Expires  time.Time `json:"expires"`
}

// ExpiresAt implements ephemeral.Expiring.
func (r pickUpRecord) ExpiresAt() time.Time { return r.Expires }

func (s *Service) pickUps() ephemeral.Links[pickUpRecord] {
	return ephemeral.Links[pickUpRecord]{Store: s.Store, Prefix: "pick-up/"}
}

// CreateKeyForPickUp makes an access key without a secret, so that nobody but its owner will ever see one (R26). Until it is picked up,
// the key opens nothing, though it counts as one of the owner's two. A robot can't sign in to pick one up: policy.ErrServiceUser.
func (s *Service) CreateKeyForPickUp(ctx context.Context, actor Actor, in TenantContext, n NewKey) (Key, PickUp, error) {
	key, owner, err := s.prepareKey(ctx, actor, in, n)
	if err != nil {
		return Key{}, PickUp{}, err
	}
	if key.User.IsRobot() {
		return Key{}, PickUp{}, policy.ErrServiceUser
	}
	if err := s.readyForSecret(ctx, in.Tenant.ID); err != nil {
		return Key{}, PickUp{}, err
	}
	again, err := s.repetitionOf(ctx, actor, owner, n.Request, policy.Secret{})
	if err != nil {
		return Key{}, PickUp{}, err
	}
	details := keyDetails(key.AccessKey)
	details[policy.DetailPickUp] = "true"
	var link PickUp
	err = handingOut(ctx, &key, func(ctx context.Context) (err error) {
		made := key.ClientID
		// The link comes first: without the key it is worthless, while a key without a link would wait for ever.
		if link, err = s.newPickUp(ctx, key.Membership.TenantID, key.AccessKey); err != nil {
			return err
		}
		if err = s.addKey(ctx, &key, again, details, true); err == nil && key.ClientID == made {
			return nil
		}
		err = errors.Join(err, s.pickUps().Delete(ctx, ephemeral.Digest(link.Code)))
		if err == nil { // it is the repeat of a request whose link was lost: the key that it made gets one more
			link, err = s.newPickUp(ctx, key.Membership.TenantID, key.AccessKey)
		}
		return err
	})
	if err != nil {
		return Key{}, PickUp{}, err
	}
	return key, link, nil
}

// PickUpOf makes one more PickUp for the key whose creation the event records, so that a message to the owner can carry a link that
// is held nowhere else. It lasts no longer than the first. It returns store.ErrNotFound if nothing waits any more: the key was picked up,
// refreshed or revoked, its owner is gone or disabled, it or its tenant is suspended, or PickUpLives is over at now.
func (s *Service) PickUpOf(ctx context.Context, event policy.Event, now time.Time) (PickUp, error) {
	subject, err := s.Store.Subject(ctx, event.TenantID, event.UserID)
	if err != nil {
		return PickUp{}, err
	}
	key, err := subject.Membership.Key(event.ClientID)
	if err != nil || len(key.Secrets) > 0 || subject.Stopped() != nil || key.IsSuspended() || pickUpEnded(subject, key, now) {
		return PickUp{}, store.ErrNotFound
	}
	return s.newPickUp(ctx, event.TenantID, key)
}

// pickUpEnded says whether links to the key are dead: they are too old, or from before the owner was disabled (R8), or the owner has become
// a robot (R34).
func pickUpEnded(owner policy.Subject, key policy.AccessKey, now time.Time) bool {
	ended := owner.EndedBefore()
	return owner.User.IsRobot() || !now.Before(key.CreatedAt.Add(PickUpLives)) || !ended.IsZero() && !key.CreatedAt.After(ended)
}

// newPickUp saves a new code for a key without a secret.
func (s *Service) newPickUp(ctx context.Context, tenantID string, key policy.AccessKey) (PickUp, error) {
	link := PickUp{Code: ephemeral.NewCode(), Expires: key.CreatedAt.Add(PickUpLives)}
	return link, s.pickUps().Put(ctx, ephemeral.Digest(link.Code), pickUpRecord{tenantID, key.ClientID, link.Expires})
}

// WaitingKey returns the key that the code lets the actor pick up. It returns store.ErrNotFound to everybody but the owner, after
// PickUpLives, while the key or its tenant is suspended, and once the key has a secret or is gone.
func (s *Service) WaitingKey(ctx context.Context, actor Actor, code string) (Key, TenantContext, error) {
	key, owner, err := s.findWaitingKey(ctx, actor, code)
	return key, TenantContext{owner.Account, owner.Tenant}, err
}

// findWaitingKey is WaitingKey with the owner, who is the actor, in the tenant of the key and not in the one that the session is for.
func (s *Service) findWaitingKey(ctx context.Context, actor Actor, code string) (Key, policy.Subject, error) {
	record, err := s.pickUps().Get(ctx, ephemeral.Digest(code), actor.At)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	owner, err := s.Store.Subject(ctx, record.TenantID, actor.User.ID)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	key, err := s.Key(ctx, actor, TenantContext{owner.Account, owner.Tenant}, record.ClientID)
	waits := len(key.Secrets) == 0 && !key.IsSuspended() && owner.Stopped() == nil && !pickUpEnded(owner, key.AccessKey, actor.At)
	if err == nil && (key.User.ID != actor.User.ID || !waits) {
		err = store.ErrNotFound
	}
	return key, owner, err
}

// KeyOfPickUp returns the key that the code was for, to its owner alone and as long as the code lasts, whether it waits or not: so that who
// opens a link once more can be told what has become of it. To everybody else it is store.ErrNotFound.
func (s *Service) KeyOfPickUp(ctx context.Context, actor Actor, code string) (Key, error) {
	record, err := s.pickUps().Get(ctx, ephemeral.Digest(code), actor.At)
	if err != nil {
		return Key{}, err
	}
	owner, err := s.Store.Subject(ctx, record.TenantID, actor.User.ID)
	if err != nil {
		return Key{}, err
	}
	key, err := s.Key(ctx, actor, TenantContext{owner.Account, owner.Tenant}, record.ClientID)
	if err == nil && key.User.ID != actor.User.ID {
		err = store.ErrNotFound
	}
	return key, err
}

// PickUpKey makes the secret of a waiting key, which is shown this once. Of many concurrent calls one succeeds. Scopes above what the owner
// may do by now are dropped for good (R9).
func (s *Service) PickUpKey(ctx context.Context, actor Actor, code string) (RefreshedKey, policy.ClientSecret, error) {
	key, owner, err := s.findWaitingKey(ctx, actor, code)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	if err := s.readyForSecret(ctx, owner.Tenant.ID); err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	secret, fresh, err := s.newSecret(ctx)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	picked := RefreshedKey{Key: key}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if waiting, err := m.Key(key.ClientID); err != nil || len(waiting.Secrets) > 0 || waiting.IsSuspended() {
			return m, nil, store.ErrNotFound
		}
		after, err := m.WithRefreshedKey(key.ClientID, fresh, policy.Refresh{}, owner.Account.Expiration, actor.At)
		if err != nil {
			return m, nil, err
		}
		after, dropped, err := after.WithHandedOutKey(key.ClientID, owner, actor.Authority(), actor.owns(owner))
		if err != nil {
			return m, nil, err
		}
		picked.DroppedScopes = dropped
		picked.AccessKey, err = after.Key(key.ClientID)
		details := map[string]string{"picked_up": "true"}
		if len(dropped) > 0 {
			details[policy.DetailDroppedScopes] = strings.Join(dropped, " ")
		}
		return after, []policy.Event{keyEvent(actor, policy.ActionKeyRefreshed, m, picked.AccessKey, details)}, err
	}
	err = handingOut(ctx, &picked.Key, func(ctx context.Context) error {
		return s.Store.UpdateMembership(ctx, owner.Tenant.ID, key.User.ID, change)
	})
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	return picked, secret, nil
}
