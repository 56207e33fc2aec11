package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// PickUpLives is how long a link to pick up an access key is good (R26).
const PickUpLives = 72 * time.Hour

// PickUp lets the owner of an access key without a secret have the secret made, once.
type PickUp struct {
	Code    string // part of the link; worth nothing to anybody but the owner
	Expires time.Time
}

// pickUpRecord is what is kept under the digest of a code.
type pickUpRecord struct {
	TenantID string    `json:"tenant_id"`
	ClientID string    `json:"client_id"`
	Expires  time.Time `json:"expires"`
}

// CreateKeyForPickUp makes an access key without a secret, so that nobody but its owner will ever see one (R26). Until it is picked up,
// it opens nothing; it counts as one of the owner's two.
func (o *Office) CreateKeyForPickUp(ctx context.Context, actor Actor, in Place, n NewKey) (Key, PickUp, error) {
	key, expiration, err := o.prepareKey(ctx, actor, in, n)
	if err != nil {
		return Key{}, PickUp{}, err
	}
	// The link first: without the key it is worth nothing, and a key without a link would wait for ever.
	link, err := o.newPickUp(ctx, key.Membership.TenantID, key.AccessKey)
	if err != nil {
		return Key{}, PickUp{}, err
	}
	details := keyDetails(key.AccessKey)
	details[policy.DetailPickUp] = "true"
	if err := o.addKey(ctx, actor, key, expiration, details); err != nil {
		return Key{}, PickUp{}, errors.Join(err, o.Store.DeleteEphemeral(ctx, pickUpKey(link.Code)))
	}
	return key, link, nil
}

// PickUpOf makes one more PickUp for the key whose creation the event records, so that a message to the owner can carry a link that
// nothing but the message ever held. It lasts no longer than the first. It is store.ErrNotFound when nothing waits any more: the key has been
// picked up, refreshed or revoked, its owner is gone or disabled, or PickUpLives is over at now.
func (o *Office) PickUpOf(ctx context.Context, event policy.Event, now time.Time) (PickUp, error) {
	subject, err := o.Store.Subject(ctx, event.TenantID, event.UserID)
	if err != nil {
		return PickUp{}, err
	}
	key, err := subject.Membership.Key(event.ClientID)
	if err != nil || len(key.Secrets) > 0 || subject.User.Disabled || !now.Before(key.CreatedAt.Add(PickUpLives)) {
		return PickUp{}, store.ErrNotFound
	}
	return o.newPickUp(ctx, event.TenantID, key)
}

// newPickUp keeps a new code for a key without a secret.
func (o *Office) newPickUp(ctx context.Context, tenantID string, key policy.AccessKey) (PickUp, error) {
	link := PickUp{Code: rand.Text(), Expires: key.CreatedAt.Add(PickUpLives)}
	record, err := json.Marshal(pickUpRecord{tenantID, key.ClientID, link.Expires})
	if err != nil {
		return PickUp{}, fmt.Errorf("write a pick-up: %w", err)
	}
	return link, o.Store.PutEphemeral(ctx, pickUpKey(link.Code), record, link.Expires)
}

// WaitingKey returns the key that the code lets the actor pick up. It is store.ErrNotFound for everybody but the owner, after PickUpLives, and
// once the key has a secret or is gone.
func (o *Office) WaitingKey(ctx context.Context, actor Actor, code string) (Key, Place, error) {
	value, err := o.Store.Ephemeral(ctx, pickUpKey(code))
	if err != nil {
		return Key{}, Place{}, err
	}
	var record pickUpRecord
	if err := json.Unmarshal(value, &record); err != nil {
		return Key{}, Place{}, fmt.Errorf("read a pick-up: %w", err)
	}
	if !actor.At.Before(record.Expires) {
		return Key{}, Place{}, store.ErrNotFound
	}
	subject, err := o.Store.Subject(ctx, record.TenantID, actor.User.ID)
	if err != nil {
		return Key{}, Place{}, err
	}
	in := Place{subject.Account, subject.Tenant}
	key, err := o.Key(ctx, actor, in, record.ClientID)
	if err == nil && (key.User.ID != actor.User.ID || len(key.Secrets) > 0) {
		err = store.ErrNotFound
	}
	return key, in, err
}

// PickUpKey makes the secret of a waiting key, and returns it for the one time that it is shown. Of many who try one gets it.
func (o *Office) PickUpKey(ctx context.Context, actor Actor, code string) (Key, policy.ClientSecret, error) {
	key, in, err := o.WaitingKey(ctx, actor, code)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	secret, fresh, err := o.newSecret(ctx)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	err = o.Store.UpdateMembership(ctx, in.Tenant.ID, key.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if waiting, err := m.Key(key.ClientID); err != nil || len(waiting.Secrets) > 0 {
			return m, nil, store.ErrNotFound
		}
		after, err := m.WithRefreshedKey(key.ClientID, fresh, 0, in.Account.Expiration, actor.At)
		if err != nil {
			return m, nil, err
		}
		after = after.WithCeiling(key.ClientID, actor.Authority().Role()) // only the owner, signed in, sees the secret (R9)
		key.AccessKey, err = after.Key(key.ClientID)
		event := keyEvent(actor, policy.ActionKeyRefreshed, m, key.ClientID, map[string]string{"picked_up": "true"})
		return after, []policy.Event{event}, err
	})
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	// The key has its secret, so the link is dead already; removing it is tidiness.
	if err := o.Store.DeleteEphemeral(ctx, pickUpKey(code)); err != nil {
		o.Log.WarnContext(ctx, "a used pick-up link could not be removed")
	}
	return key, secret, nil
}

// pickUpKey is where a code is kept: under its digest, so that a copy of the store holds no link.
func pickUpKey(code string) string {
	sum := sha256.Sum256([]byte(code))
	return "pick-up/" + hex.EncodeToString(sum[:])
}
