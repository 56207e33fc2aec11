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
	facts := policy.TokenFacts{
		ClientID: claims.ClientID, FromPassword: claims.FromPassword(), StatusIndex: c.Statuses.Index(claims.Status),
		IssuedAt: claims.IssuedAt.Time,
	}
	if !subject.TokenLives(facts, now) {
		return Live{}, fmt.Errorf("%w: the key, secret or password that it came from has ended", web.ErrInvalidToken)
	}
	return Live{subject, claims, subject.Cut(strings.Fields(claims.Scope), c.Catalogue)}, nil
}

func (c *Callers) isAudience(name string) bool { return slices.Contains(c.Audiences, name) }
