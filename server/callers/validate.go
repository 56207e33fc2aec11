package callers

import (
	"cmp"
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

// ValidToken is a token that is valid at one instant, with its subject and the scopes that it still has.
type ValidToken struct {
	policy.Subject
	Claims tokens.Claims
	Scopes []string
	Key    policy.AccessKey // that made it; zero for a token from a password
}

// CheckAddress returns web.ErrInvalidToken if whoever presents the token is outside the networks that its access key is limited to (R33).
func (t ValidToken) CheckAddress(address string) error {
	if err := t.Key.CheckAddress(address); err != nil {
		return fmt.Errorf("%w: %w", web.ErrInvalidToken, err)
	}
	return nil
}

// Validate checks a token at an instant: its signature and times, whether it is for one of the audiences and no other, whether it or its
// secret was revoked, and the current state of its subject, so that a revoked key, a disabled user or a lost role takes effect at once. For
// a token that is not valid the error is web.ErrInvalidToken or tokens.ErrInvalidToken.
func (c *Callers) Validate(ctx context.Context, text string, audiences []string, now time.Time) (ValidToken, error) {
	claims, err := c.Ring.Verify(text, tokens.TypeAccessToken, now)
	if err != nil {
		return ValidToken{}, err
	}
	if claims.Issuer != c.Audiences.Issuer || !c.isFor(claims.Audience, audiences) {
		return ValidToken{}, fmt.Errorf("%w: for another issuer or audience", web.ErrInvalidToken)
	}
	if err := c.Log.Ensure(ctx); err != nil {
		return ValidToken{}, err
	}
	if c.Log.Revoked(claims.ID, c.Statuses.Index(claims.Status)) {
		return ValidToken{}, fmt.Errorf("%w: revoked", web.ErrInvalidToken)
	}
	subject, err := c.Subjects.Subject(ctx, claims.TenantID, claims.UserID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ValidToken{}, fmt.Errorf("%w: its subject is gone", web.ErrInvalidToken)
	case err != nil:
		return ValidToken{}, err
	case subject.Authority() == policy.AuthorityNone:
		return ValidToken{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, cmp.Or(subject.Stopped(), policy.ErrUserDisabled))
	}
	facts := policy.TokenFacts{
		ClientID: claims.ClientID, FromPassword: claims.FromPassword(), StatusIndex: c.Statuses.Index(claims.Status),
		IssuedAt: claims.IssuedAt.Time,
	}
	if !subject.TokenLives(facts, now) {
		return ValidToken{}, fmt.Errorf("%w: the key, secret or password that it came from has ended", web.ErrInvalidToken)
	}
	scopes := strings.Fields(claims.Scope)
	var key policy.AccessKey
	if !claims.FromPassword() { // a token can do no more than its access key can by now (R9)
		key, err = subject.Membership.Key(claims.ClientID)
		if err != nil {
			return ValidToken{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, err)
		}
		subject = subject.Through(key)
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !slices.Contains(key.Scopes, scope) })
	}
	return ValidToken{subject, claims, subject.Cut(scopes, c.Catalogue), key}, nil
}

// isFor says whether a token is for one of the audiences, and that one is still configured. A token for several is for none: this server
// makes no such tokens (R29).
func (c *Callers) isFor(claimed tokens.Audience, audiences []string) bool {
	return len(claimed) == 1 && slices.Contains(audiences, claimed[0]) && c.Audiences.Open(claimed[0], nil)
}
