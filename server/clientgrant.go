package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// errUnknownClient looks like every failure to authenticate; only the traffic counts it apart.
var errUnknownClient = fmt.Errorf("%w: unknown client", web.ErrInvalidClient)

// client is an access key that has proved to know its secret; or, beside the error that says that it has not, whose it is.
type client struct {
	policy.Subject
	key    policy.AccessKey
	secret policy.Secret // the one that was presented
}

// clientCredentialsGrant exchanges an access key for a token (RFC 6749 section 4.4). Where the request names a tenant, it must be the key's own:
// a key opens nothing in another (R1).
func (s *Server) clientCredentialsGrant(r *web.Request, credentials clientCredentials, tenantID string, form url.Values) (issued issuedToken, err error) {
	c, err := s.authenticateClient(r, credentials)
	switch {
	case err != nil:
	case tenantID != "" && tenantID != c.Tenant.ID:
		err = errUnknownClient
	default:
		issued, err = s.issueTo(r, c, form)
	}
	s.traffic.record(c.keySource(credentials.clientID), err, r.At)
	return issued, err
}

// issueTo issues a token to a client that has authenticated.
func (s *Server) issueTo(r *web.Request, c client, form url.Values) (issuedToken, error) {
	now := r.At
	scopes, err := s.authorizeScopes(c.Subject, c.key.Scopes, form.Get("scope"))
	if err != nil {
		return issuedToken{}, err
	}
	audience, algorithm, err := s.chooseAudience(form["resource"])
	if err != nil {
		return issuedToken{}, err
	}
	issuedAt := now.Truncate(time.Second)
	expiry := c.key.Expiry(c.Account.Expiration)
	g := grant{algorithm: algorithm, keyExpiry: expiry, claims: tokens.Claims{
		Issuer: s.issuer, Subject: c.key.ClientID, ClientID: c.key.ClientID, Audience: audience,
		IssuedAt: tokens.At(issuedAt), NotBefore: tokens.At(issuedAt),
		ExpiresAt: tokens.At(policy.TokenExpiry(issuedAt, s.lifetime, expiry).Truncate(time.Second)),
		Scope:     strings.Join(scopes, " "), TenantID: c.Tenant.ID, AccountID: c.Account.ID, UserID: c.User.ID,
		Status: s.statuses.Reference(c.secret.StatusIndex),
	}}
	if !g.claims.ExpiresAt.After(issuedAt) { // the key dies within this second
		return issuedToken{}, policy.ErrKeyExpired
	}
	text, err := s.generator.generate(r.Context(), g)
	if err != nil {
		return issuedToken{}, err
	}
	s.access.record(store.KeyRef{TenantID: c.Tenant.ID, ClientID: c.key.ClientID}, now)
	s.metrics.issued(grantClientCredentials)
	return issuedToken{g, text}, nil
}

// authenticateClient finds the access key and checks the secret. Every failure looks the same from outside (R24) until there have been too many (R23); the audit
// trail and the log say which it was.
func (s *Server) authenticateClient(r *web.Request, presented clientCredentials) (client, error) {
	c, err := s.matchClient(r.Context(), presented, r.At)
	if !isRefusal(err) {
		return c, err
	}
	s.refusals.record(presented.clientID, r.Address, err, r.At)
	if tooMany := s.guesses.spend(r.Context(), s.guesses.clientBudgets(presented.clientID, r.Address)); tooMany != nil {
		tooMany.because = err
		return c, tooMany
	}
	return c, err
}

// matchClient takes an unknown client the same path with a dummy digest, so that it takes like time (R4).
func (s *Server) matchClient(ctx context.Context, presented clientCredentials, now time.Time) (client, error) {
	subject, err := s.store.SubjectByClientID(ctx, presented.clientID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return client{}, fmt.Errorf("find client: %w", err)
	}
	key, keyErr := subject.Membership.Key(presented.clientID)
	if keyErr != nil {
		key = policy.AccessKey{ClientID: presented.clientID, Secrets: []policy.Secret{{IssuedAt: now}}}
	}
	secret, secretErr := key.MatchSecret(presented.secret.Digest(), subject.Account.Expiration, now)
	switch {
	case err != nil || keyErr != nil:
		return client{}, errUnknownClient
	case secretErr != nil:
		return client{Subject: subject}, secretErr
	case subject.Authority() == policy.AuthorityNone:
		return client{Subject: subject}, policy.ErrUserDisabled
	}
	return client{subject, key, secret}, nil
}

// isRefusal says whether an error of matchClient speaks of the client, and not of the server.
func isRefusal(err error) bool {
	for _, refusal := range []error{web.ErrInvalidClient, policy.ErrWrongSecret, policy.ErrKeyExpired, policy.ErrUserDisabled} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
