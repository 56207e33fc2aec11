package clients

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/server/usage"
	"mintkey/server/web"
	"mintkey/store"
)

// Client is an authenticated access key, with its owner as they act through it (R9). When authentication fails it has the owner only, if
// there is one, so that the refusal can be attributed.
type Client struct {
	policy.Subject
	Key    policy.AccessKey
	Secret policy.Secret // the one that was presented
}

// Clients authenticates clients. Every field is required; its methods may be called from many goroutines.
type Clients struct {
	Subjects store.Subjects
	Refusals *usage.Refusals
	Limits   *limits.Limiter
	// Ended says whether a status index has ended: a secret whose index has, though its record does not know, is one that was revoked
	// before the store lost it.
	Ended func(index uint64) bool
	// Claim records the first use of a secret that the repeat of a request could still replace (R37), unless that has happened.
	Claim func(ctx context.Context, of policy.Subject, clientID string, secret policy.Secret, now time.Time) error
}

// Authenticate finds the access key and checks the secret. Every refusal is a RefusedError and looks the same from outside (R24),
// until there have been too many (R23). Any other error means that the check itself failed.
func (c *Clients) Authenticate(ctx context.Context, presented Credentials, from *web.Info) (Client, error) {
	if len(presented.ClientID) > policy.MaxClientIDLength { // it is nobody's, and too long to be kept, counted by or logged
		tooLong := &RefusedError{store.RefusedUnknownClient, web.ErrInvalidClient}
		return Client{}, Slow(ctx, c.Limits, tooLong, limits.NoClient(from.Address))
	}
	client, err := c.match(ctx, presented, from.Address, from.At)
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok {
		if err == nil {
			from.Tenant, from.User, from.Client = client.Membership.TenantID, client.Membership.UserID, client.Key.ClientID
		}
		return client, err
	}
	from.Client = c.Refusals.LoggedClientID(presented.ClientID)
	c.Refusals.Note(presented.ClientID, from.Address, refused.Reason, from.At)
	return client, Slow(ctx, c.Limits, refused, limits.WrongSecret(presented.ClientID, from.Address))
}

// match sends an unknown client down the same path with a dummy digest, so that it takes the same time (R4).
func (c *Clients) match(ctx context.Context, presented Credentials, address string, now time.Time) (Client, error) {
	subject, err := c.Subjects.SubjectByClientID(ctx, presented.ClientID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Client{}, fmt.Errorf("find client: %w", err)
	}
	key, keyErr := subject.Membership.Key(presented.ClientID)
	if keyErr != nil {
		key = policy.AccessKey{ClientID: presented.ClientID, Secrets: []policy.Secret{{IssuedAt: now}}}
	}
	secret, secretErr := key.MatchSecret(presented.Secret.Digest(), subject.Account.Expiration, now)
	switch {
	case err != nil || keyErr != nil:
		return Client{}, &RefusedError{store.RefusedUnknownClient, web.ErrInvalidClient}
	case secretErr != nil:
		return Client{Subject: subject}, refusedBy(secretErr)
	case secret.StatusIndex != 0 && subject.SecretIndexLives(secret) && c.Ended(secret.StatusIndex):
		return Client{Subject: subject}, &RefusedError{store.RefusedRevoked, web.ErrInvalidClient}
	case key.CheckAddress(address) != nil:
		return Client{Subject: subject}, &RefusedError{store.RefusedNetwork, web.ErrInvalidClient}
	case subject.Authority() == policy.AuthorityNone:
		return Client{Subject: subject}, Stopped(subject)
	}
	switch err := c.Claim(ctx, subject, key.ClientID, secret, now); {
	case errors.Is(err, policy.ErrWrongSecret), errors.Is(err, policy.ErrKeyNotFound):
		return Client{Subject: subject}, refusedBy(policy.ErrWrongSecret)
	case err != nil:
		return Client{}, fmt.Errorf("claim secret: %w", err)
	}
	return Client{subject.Through(key), key, secret}, nil
}
