package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Key is an access key with its owner and the time of its last use.
type Key struct {
	policy.AccessKey
	Membership policy.Membership
	User       policy.User
	LastAccess store.KeyAccess // zero: never
	// Unconfirmed is set with a new secret or pick-up link when no replica of the store has confirmed that it was made.
	Unconfirmed bool
}

// NewKey describes an access key to be made.
type NewKey struct {
	UserID string // or Email, exactly one
	Email  string
	Label  string
	Scopes []string // nil: the whole catalogue
	// Audiences are the APIs that its tokens can be for, each once (R33); none: every one.
	Audiences []string
	// AllowedNetworks are those from which it can be used, in CIDR notation (R33); none: everywhere.
	AllowedNetworks []string
	// TokenLifetimeSeconds is how long its tokens live at most (R33); 0: as long as is configured.
	TokenLifetimeSeconds int
	// TokensPerMinute is its quota (R36); 0 is none.
	TokensPerMinute int
	// ExpiresAt is an end that no refresh moves (R33); zero: it expires under the policy alone.
	ExpiresAt time.Time
	// Request is what is repeated if its answer is lost (R37).
	Request Request
}

// CreateKey makes an access key for a member of the tenant, and returns its secret, which is shown this once. The repeat of a request (R37)
// makes a new secret for the key that the first has made.
func (s *Service) CreateKey(ctx context.Context, actor Actor, in TenantContext, n NewKey) (Key, policy.ClientSecret, error) {
	key, owner, err := s.prepareKey(ctx, actor, in, n)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	if err := s.readyForSecret(ctx, in.Tenant.ID); err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	secret, stored, err := s.newSecret(ctx)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	again, err := s.repetitionOf(ctx, actor, owner, n.Request, stored)
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	stored.IssuedAt = actor.At
	key.Ceiling = min(key.CeilingAuthority(), actor.Authority()).Role() // the actor sees the secret too (R9)
	key.Secrets = []policy.Secret{stored}
	err = handingOut(ctx, &key, func(ctx context.Context) error {
		return s.addKey(ctx, &key, again, keyDetails(key.AccessKey), false)
	})
	if err != nil {
		return Key{}, policy.ClientSecret{}, err
	}
	return key, secret, nil
}

// prepareKey validates the request and returns the new key, without a secret and not yet saved, and its owner.
func (s *Service) prepareKey(ctx context.Context, actor Actor, in TenantContext, n NewKey) (Key, policy.Subject, error) {
	owner, err := s.chooseOwner(ctx, in, n.UserID, n.Email)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	scopes := policy.Distinct(n.Scopes)
	if n.Scopes == nil {
		scopes = slices.Clone(s.Catalogue)
	}
	if err := s.checkNewKey(actor, owner, n.Label, scopes); err != nil {
		return Key{}, policy.Subject{}, err
	}
	fences := policy.KeyPatch{
		AllowedNetworks: &n.AllowedNetworks, Audiences: &n.Audiences, TokenLifetimeSeconds: &n.TokenLifetimeSeconds,
		TokensPerMinute: &n.TokensPerMinute, ExpiresAt: &n.ExpiresAt,
	}
	if err := fences.Check(s.Audiences, s.TokenLifetime, actor.At); err != nil {
		return Key{}, policy.Subject{}, err
	}
	key, err := policy.AccessKey{
		ClientID: s.newClientID(), Label: n.Label, Scopes: scopes, CreatedAt: actor.At, Ceiling: owner.Authority().Role(),
	}.Patched(fences)
	if err != nil {
		return Key{}, policy.Subject{}, err
	}
	return Key{AccessKey: key, Membership: owner.Membership, User: owner.User}, owner, nil
}

// addKey saves the key. If the request repeats one that made a key already, *key becomes that key.
func (s *Service) addKey(ctx context.Context, key *Key, again repetition, details map[string]string, forPickUp bool) error {
	added, actor := key.AccessKey, again.actor
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		repeated, err := again.repeat(m)
		if repeated.done || err != nil {
			key.AccessKey = repeated.key
			return repeated.after, repeated.events, err
		}
		key.AccessKey = added
		if m, err = m.WithKey(added, again.owner.Account.Expiration, actor.At); err != nil {
			return m, nil, err
		}
		event := keyEvent(actor, policy.ActionKeyCreated, m, added, details)
		event.Payload.Key.PickUp = forPickUp
		m, err = m.WithRetry(again.Retry, added.ClientID, actor.At)
		return m, []policy.Event{event}, err
	}
	return s.changeOnce(ctx, key.Membership, again, change)
}

// chooseOwner finds the member whom a new key is for. A user who does not exist looks like one who is not a member.
func (s *Service) chooseOwner(ctx context.Context, in TenantContext, userID, email string) (policy.Subject, error) {
	if email != "" {
		user, err := s.Store.UserByEmail(ctx, in.Account.ID, email)
		if errors.Is(err, store.ErrNotFound) {
			return policy.Subject{}, policy.ErrNotMember
		}
		if err != nil {
			return policy.Subject{}, err
		}
		userID = user.ID
	}
	owner, err := s.Store.Subject(ctx, in.Tenant.ID, userID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return policy.Subject{}, policy.ErrNotMember
	case err == nil && owner.Stopped() != nil:
		return policy.Subject{}, owner.Stopped()
	}
	return owner, err
}

func (s *Service) checkNewKey(actor Actor, owner policy.Subject, label string, scopes []string) error {
	if err := policy.CheckLabel(label); err != nil {
		return err
	}
	if err := s.Catalogue.CheckKeyScopes(scopes); err != nil {
		return err
	}
	return cmp.Or(policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Authority(), scopes),
		policy.CheckScopesOf(owner.Authority(), scopes))
}

// RefreshRequest says how a key is refreshed.
type RefreshRequest struct {
	Overlap time.Duration // how long the old secret keeps working
	// RevokeTokens ends the tokens of every secret that the key has had. It excludes an overlap.
	RevokeTokens bool
	// Request is what is repeated if its answer is lost (R37).
	Request Request
}

// RefreshKey gives a key of the tenant a new secret, which is shown this once. Whoever refreshes learns the secret, so this
// grants as much as creating the key would. Scopes above what the owner may do now are dropped for good (R9).
func (s *Service) RefreshKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, how RefreshRequest,
) (key RefreshedKey, secret policy.ClientSecret, err error) {
	err = s.followed(ctx, clientID, func() error {
		key, secret, err = s.refreshFoundKey(ctx, actor, in, clientID, how)
		return err
	})
	return key, secret, err
}

func (s *Service) refreshFoundKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, how RefreshRequest,
) (RefreshedKey, policy.ClientSecret, error) {
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	if err := policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Standing(), key.Scopes); err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	return s.refresh(ctx, actor, key, owner, how)
}

// RefreshOwnKey refreshes a key of the actor; for anybody else's it returns store.ErrNotFound. The actor must hold whatever the key
// can do now, so that a token with little more than "self" can't be turned into a secret that can do more (R30).
func (s *Service) RefreshOwnKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, how RefreshRequest,
) (RefreshedKey, policy.ClientSecret, error) {
	key, owner, err := s.findUsedKey(ctx, in, clientID, actor.At)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	if owner.User.ID != actor.User.ID {
		return RefreshedKey{}, policy.ClientSecret{}, store.ErrNotFound
	}
	if err := s.checkHeld(actor, owner.Through(key.AccessKey), key.Scopes); err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	return s.refresh(ctx, actor, key, owner, how)
}

// RefreshThisKey refreshes the access key behind the actor's token and nothing else: scope "rotate" stands for all that the key has (R30).
// The ceiling never rises, because the actor acts through it (R9). Without a key behind the token it returns store.ErrNotFound.
func (s *Service) RefreshThisKey(
	ctx context.Context, actor Actor, in TenantContext, how RefreshRequest,
) (RefreshedKey, policy.ClientSecret, error) {
	if _, err := actor.Membership.Key(actor.ClientID); err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, store.ErrNotFound
	}
	key, owner, err := s.findUsedKey(ctx, in, actor.ClientID, actor.At)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	return s.refresh(ctx, actor, key, owner, how)
}

// checkHeld returns policy.ErrNotGrantable unless the actor holds all that the key, as its owner acts through it, can use of the scopes:
// those of administration in its token, those of the catalogue in the access key behind it, because a token for the administration API has
// none of these. A person holds whatever their roles allow.
func (s *Service) checkHeld(actor Actor, owner policy.Subject, scopes []string) error {
	scopes = owner.Cut(scopes, s.Catalogue)
	if err := policy.CheckGrant(actor.Authority(), actor.Scopes, owner.Authority(), scopes); err != nil || actor.inPerson() {
		return err
	}
	acting, _ := actor.Membership.Key(actor.ClientID) // the zero key holds nothing
	for _, scope := range scopes {
		if scope == policy.ScopeRotate && !slices.Contains(actor.Scopes, scope) {
			return fmt.Errorf("%w: your token does not have the scope %s", policy.ErrNotGrantable, scope)
		}
		if !policy.IsAdministrationScope(scope) && !slices.Contains(acting.Scopes, scope) {
			return fmt.Errorf("%w: the access key behind your token does not have the scope %s", policy.ErrNotGrantable, scope)
		}
	}
	return nil
}

// RefreshedKey is a key with a new secret, and the scopes that it has lost, because they are above what its owner may do (R9).
type RefreshedKey struct {
	Key
	DroppedScopes []string
}

func (s *Service) refresh(
	ctx context.Context, actor Actor, key Key, owner policy.Subject, how RefreshRequest,
) (RefreshedKey, policy.ClientSecret, error) {
	if how.Overlap < 0 || how.Overlap > policy.MaxOverlap || how.RevokeTokens && how.Overlap > 0 {
		return RefreshedKey{}, policy.ClientSecret{}, policy.ErrInvalidOverlap
	}
	if !how.RevokeTokens { // ending tokens waits for nothing
		if err := s.readyForSecret(ctx, key.Membership.TenantID); err != nil {
			return RefreshedKey{}, policy.ClientSecret{}, err
		}
	}
	secret, fresh, err := s.newSecret(ctx)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	again, err := s.repetitionOf(ctx, actor, owner, how.Request, fresh)
	if err != nil {
		return RefreshedKey{}, policy.ClientSecret{}, err
	}
	refreshed := RefreshedKey{Key: key}
	change := func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		repeated, err := again.repeat(m)
		if repeated.done || err != nil {
			refreshed.AccessKey, refreshed.DroppedScopes = repeated.key, repeated.dropped
			return repeated.after, repeated.events, err
		}
		old, err := m.Key(key.ClientID)
		if err != nil {
			return m, nil, err
		}
		// An old secret that goes on working must not gain with the new one, nor must the tokens that it has made.
		toOwner := actor.owns(owner) && how.Overlap == 0
		handed, dropped, err := m.WithHandedOutKey(key.ClientID, owner, actor.Authority(), toOwner)
		if err != nil {
			return m, nil, err
		}
		refreshed.DroppedScopes = dropped
		if refreshed.AccessKey, err = handed.Key(key.ClientID); err != nil {
			return m, nil, err
		}
		with := again.how
		with.Overlap = how.Overlap
		with.EndTokens = how.RevokeTokens || refreshed.CeilingAuthority() > old.CeilingAuthority()
		after, err := handed.WithRefreshedKey(key.ClientID, fresh, with, owner.Account.Expiration, actor.At)
		if err != nil {
			return m, nil, err
		}
		if refreshed.AccessKey, err = after.Key(key.ClientID); err != nil {
			return m, nil, err
		}
		event := keyEvent(actor, policy.ActionKeyRefreshed, m, old, refreshDetails(how, dropped))
		event.Payload.Revoked = policy.TokensLost(old, refreshed.AccessKey, actor.At)
		after, err = after.WithRetry(again.Retry, key.ClientID, actor.At)
		return after, []policy.Event{event}, err
	}
	err = handingOut(ctx, &refreshed.Key, func(ctx context.Context) error {
		return s.changeOnce(ctx, key.Membership, again, change)
	})
	return refreshed, secret, err
}

func refreshDetails(how RefreshRequest, dropped []string) map[string]string {
	details := map[string]string{"overlap_seconds": strconv.FormatInt(int64(how.Overlap/time.Second), 10)}
	if len(dropped) > 0 {
		details[policy.DetailDroppedScopes] = strings.Join(dropped, " ")
	}
	return details
}

// RevokeKey deletes a key of the tenant (R5). A key that administers with more authority than the actor has is not the actor's to stop
// (R32). It is ErrInEffect if no replica of the store has confirmed it; a repeat then tells gateways again, as it does after any other
// store.ErrUnavailable, and is nil once. After nil it is store.ErrNotFound.
func (s *Service) RevokeKey(ctx context.Context, actor Actor, in TenantContext, clientID string, condition IfMatch) error {
	return s.revokeKey(ctx, actor, in, clientID, func(owner policy.Subject, key policy.AccessKey) error {
		return cmp.Or(policy.CheckStop(actor.Authority(), owner, key), condition.check(KeyTag(owner.User.ID, key)))
	})
}

func (s *Service) revokeKey(
	ctx context.Context, actor Actor, in TenantContext, clientID string, may func(policy.Subject, policy.AccessKey) error,
) error {
	return s.followed(ctx, clientID, func() error { return s.revokeFound(ctx, actor, in, clientID, may) })
}

func (s *Service) revokeFound(
	ctx context.Context, actor Actor, in TenantContext, clientID string, may func(policy.Subject, policy.AccessKey) error,
) error {
	key, owner, err := s.findKey(ctx, in, clientID, actor.At)
	if errors.Is(err, store.ErrNotFound) {
		return s.revokeAgain(ctx, in.Tenant.ID, clientID, err)
	}
	if err != nil {
		return err
	}
	if err := may(owner, key.AccessKey); err != nil {
		return err
	}
	event := revokedEvent(actor, key.Membership, key.AccessKey, nil)
	return s.endKey(ctx, key, event, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		gone, err := m.Key(clientID)
		if err != nil {
			return m, nil, err
		}
		if err := may(owner, gone); err != nil {
			return m, nil, err
		}
		event.Payload.Revoked = policy.RevokedTokensOf(gone)
		m, err = m.WithoutKey(clientID)
		return m, []policy.Event{event}, err
	})
}

func (s *Service) newSecret(ctx context.Context) (policy.ClientSecret, policy.Secret, error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	secret := policy.NewClientSecret(random)
	index, err := s.NextStatusIndex(ctx)
	return secret, policy.Secret{Digest: secret.Digest(), StatusIndex: index}, nothingMade(err)
}

func (s *Service) newClientID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.NewClientID(random, s.ClientIDPrefix, s.ClientIDSuffix)
}

func keyDetails(key policy.AccessKey) map[string]string {
	details := map[string]string{"scopes": strings.Join(key.Scopes, " ")}
	if key.Label != "" {
		details["label"] = key.Label
	}
	maps.Copy(details, changedDetails(policy.AccessKey{Scopes: key.Scopes, Label: key.Label}, key)) // the fences that are set
	return details
}
