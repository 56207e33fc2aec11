package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Key is an access key with whose it is and when it was last used.
type Key struct {
	policy.AccessKey
	Membership policy.Membership
	User       policy.User
	LastAccess time.Time // zero: never
}

// NewKey is what an access key is made from.
type NewKey struct {
	UserID string // or Email, exactly one
	Email  string
	Label  string
	Scopes []string // nil: the whole catalogue
}

// CreateKey makes an access key for a member of the tenant of the place, and returns its secret for the one time that it is shown.
func (o *Office) CreateKey(ctx context.Context, actor Actor, in Place, n NewKey) (Key, policy.ClientSecret, error) {
	key, expiration, err := o.prepareKey(ctx, actor, in, n)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	secret, stored, err := o.newSecret(ctx)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	stored.IssuedAt = actor.At
	key.Ceiling = min(key.Ceiling.Authority(), actor.Authority()).Role() // the actor sees the secret too (R9)
	key.Secrets = []policy.Secret{stored}
	if err := o.addKey(ctx, actor, key, expiration, keyDetails(key.AccessKey)); err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	return key, secret, nil
}

// prepareKey checks a wish, and returns a key without a secret that is not saved yet.
func (o *Office) prepareKey(ctx context.Context, actor Actor, in Place, n NewKey) (Key, policy.ExpirationPolicy, error) {
	owner, err := o.chooseOwner(ctx, in, n.UserID, n.Email)
	if err != nil {
		return Key{}, nil, err
	}
	scopes := uniqueScopes(n.Scopes)
	if n.Scopes == nil {
		scopes = slices.Clone(o.Catalogue)
	}
	if err := o.checkNewKey(actor, owner, n.Label, scopes); err != nil {
		return Key{}, nil, err
	}
	key := policy.AccessKey{ClientID: o.newClientID(), Label: n.Label, Scopes: scopes, CreatedAt: actor.At, Ceiling: owner.Authority().Role()}
	return Key{AccessKey: key, Membership: owner.Membership, User: owner.User}, owner.Account.Expiration, nil
}

func (o *Office) addKey(ctx context.Context, actor Actor, key Key, p policy.ExpirationPolicy, details map[string]string) error {
	return o.Store.UpdateMembership(ctx, key.Membership.TenantID, key.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithKey(key.AccessKey, p, actor.At)
		return m, []policy.Event{keyEvent(actor, policy.ActionKeyCreated, m, key.ClientID, details)}, err
	})
}

// chooseOwner finds the member whom a new key is for. A user who does not exist and one who is no member look the same.
func (o *Office) chooseOwner(ctx context.Context, in Place, userID, email string) (policy.Subject, error) {
	if email != "" {
		user, err := o.Store.UserByEmail(ctx, in.Account.ID, email)
		if errors.Is(err, store.ErrNotFound) {
			return policy.Subject{}, policy.ErrNotMember
		}
		if err != nil {
			return policy.Subject{}, err
		}
		userID = user.ID
	}
	owner, err := o.Store.Subject(ctx, in.Tenant.ID, userID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return policy.Subject{}, policy.ErrNotMember
	case err == nil && owner.User.Disabled:
		return policy.Subject{}, policy.ErrUserDisabled
	}
	return owner, err
}

func (o *Office) checkNewKey(actor Actor, owner policy.Subject, label string, scopes []string) error {
	if err := policy.CheckLabel(label); err != nil {
		return err
	}
	if err := o.Catalogue.CheckKeyScopes(scopes); err != nil {
		return err
	}
	return policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Authority(), scopes)
}

// RefreshRequest says how a key is refreshed.
type RefreshRequest struct {
	Overlap time.Duration // how long the old secret goes on working
	// RevokeTokens kills the tokens that the old secret has made. An overlap makes no sense with it.
	RevokeTokens bool
}

// RefreshKey gives a key of the tenant a new secret, and returns it for the one time that it is shown. Whoever refreshes learns the
// secret, so this hands out as much as creating the key would.
func (o *Office) RefreshKey(ctx context.Context, actor Actor, in Place, clientID string, how RefreshRequest) (Key, policy.ClientSecret, error) {
	key, owner, err := o.findKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	if err := policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Authority(), key.Scopes); err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	return o.refresh(ctx, actor, key, owner, how)
}

// RefreshOwnKey refreshes a key of the actor; another's is store.ErrNotFound. An actor with little more than "self" must not turn it into a
// secret that can do more, so what the key can do now must be the actor's to do as well.
func (o *Office) RefreshOwnKey(ctx context.Context, actor Actor, in Place, clientID string, how RefreshRequest) (Key, policy.ClientSecret, error) {
	key, owner, err := o.findKey(ctx, in, clientID, actor.At)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	if owner.User.ID != actor.User.ID {
		return Key{}, policy.ClientSecret{}, store.ErrNotFound
	}
	if err := policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Authority(), owner.Cut(key.Scopes, o.Catalogue)); err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	return o.refresh(ctx, actor, key, owner, how)
}

func (o *Office) refresh(ctx context.Context, actor Actor, key Key, owner policy.Subject, how RefreshRequest) (Key, policy.ClientSecret, error) {
	if how.Overlap < 0 || how.Overlap > policy.MaxOverlap || how.RevokeTokens && how.Overlap > 0 {
		return Key{}, policy.ClientSecret{}, policy.ErrInvalidOverlap
	}
	secret, fresh, err := o.newSecret(ctx)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	details := map[string]string{"overlap_seconds": strconv.FormatInt(int64(how.Overlap/time.Second), 10)}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		after, err := m.WithRefreshedKey(key.ClientID, fresh, how.Overlap, owner.Account.Expiration, actor.At)
		if err != nil {
			return m, nil, err
		}
		event := keyEvent(actor, policy.ActionKeyRefreshed, m, key.ClientID, details)
		if how.RevokeTokens {
			old, _ := m.Key(key.ClientID)
			event.Details = withStatusIndexes(details, old.Secrets)
		}
		key.AccessKey, err = after.Key(key.ClientID)
		return after, []policy.Event{event}, err
	}
	if how.RevokeTokens {
		err = o.changeMembership(ctx, actor, key.Membership.TenantID, key.Membership.UserID, change)
	} else {
		err = o.Store.UpdateMembership(ctx, key.Membership.TenantID, key.Membership.UserID, change)
	}
	return key, secret, err
}

// RevokeKey deletes a key of the tenant (R5).
func (o *Office) RevokeKey(ctx context.Context, actor Actor, in Place, clientID string) error {
	key, _, err := o.findKey(ctx, in, clientID, actor.At)
	if err != nil {
		return err
	}
	return o.changeMembership(ctx, actor, in.Tenant.ID, key.Membership.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		gone, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		m, err = m.WithoutKey(clientID)
		return m, []policy.Event{keyEvent(actor, policy.ActionKeyRevoked, m, clientID, withStatusIndexes(nil, gone.Secrets))}, err
	})
}

func (o *Office) newSecret(ctx context.Context) (policy.ClientSecret, policy.Secret, error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	secret := policy.NewClientSecret(random)
	index, err := o.NextStatusIndex(ctx)
	return secret, policy.Secret{Digest: secret.Digest(), StatusIndex: index}, err
}

func (o *Office) newClientID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.NewClientID(random, o.ClientIDPrefix, o.ClientIDSuffix)
}

// uniqueScopes drops repeated scopes and keeps the order.
func uniqueScopes(scopes []string) []string {
	unique := []string{}
	for _, scope := range scopes {
		if !slices.Contains(unique, scope) {
			unique = append(unique, scope)
		}
	}
	return unique
}

func keyDetails(key policy.AccessKey) map[string]string {
	details := map[string]string{"scopes": strings.Join(key.Scopes, " ")}
	if key.Label != "" {
		details["label"] = key.Label
	}
	return details
}
