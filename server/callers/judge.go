package callers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Live is a token that is good at one instant, with whom it speaks for and what it still allows.
type Live struct {
	policy.Subject
	Claims tokens.Claims
	Scopes []string
}

// Judge judges a token at an instant: its signature and times, whether it or its secret was revoked, and what its subject is now,
// so that a revoked key, a disabled user and a lost role count at once. Every token that is not good is web.ErrInvalidToken or
// tokens.ErrInvalidToken.
func (c *Callers) Judge(ctx context.Context, text string, now time.Time) (Live, error) {
	claims, err := c.Ring.Verify(text, tokens.TypeAccessToken, now)
	if err != nil {
		return Live{}, err
	}
	if claims.Issuer != c.Issuer || !slices.ContainsFunc(claims.Audience, c.isAudience) {
		return Live{}, fmt.Errorf("%w: for another issuer or audience", web.ErrInvalidToken)
	}
	if err := c.Log.Ensure(ctx); err != nil {
		return Live{}, err
	}
	if c.Log.Revoked(claims.ID, c.Statuses.Index(claims.Status)) {
		return Live{}, fmt.Errorf("%w: revoked", web.ErrInvalidToken)
	}
	subject, err := c.Subjects.Subject(ctx, claims.TenantID, claims.UserID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Live{}, fmt.Errorf("%w: its subject is gone", web.ErrInvalidToken)
	case err != nil:
		return Live{}, err
	case subject.Authority() == policy.AuthorityNone:
		return Live{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, policy.ErrUserDisabled)
	}
	scopes := strings.Fields(claims.Scope)
	key, err := checkSource(subject, claims, now)
	switch {
	case err != nil:
		return Live{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, err)
	case !claims.FromPassword(): // a token can do no more than its access key can by now (R9)
		subject = subject.Through(key)
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(key.Scopes, scope) })
	}
	return Live{subject, claims, subject.Cut(scopes, c.Catalogue)}, nil
}

func (c *Callers) isAudience(name string) bool { return slices.Contains(c.Audiences, name) }

// checkSource says whether what the token was issued for still stands: the access key, which it returns, or the tenant's permission to use
// passwords.
func checkSource(subject policy.Subject, claims tokens.Claims, now time.Time) (policy.AccessKey, error) {
	if claims.FromPassword() {
		if !subject.Tenant.Release.AllowsPassword() || subject.User.PasswordHash == "" {
			return policy.AccessKey{}, web.ErrUnauthorizedClient
		}
		return policy.AccessKey{}, nil
	}
	key, err := subject.Membership.Key(claims.ClientID)
	if err == nil && key.Status(subject.Account.Expiration, now) == policy.StatusExpired {
		err = policy.ErrKeyExpired
	}
	return key, err
}
