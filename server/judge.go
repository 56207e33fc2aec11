package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// liveToken is a token that is good at one instant, with whom it speaks for and what it still allows.
type liveToken struct {
	policy.Subject
	claims tokens.Claims
	scopes []string
}

// judgeToken judges a token at an instant: its signature and times, whether it or its secret was revoked, and what its subject is now, so that a
// revoked key, a disabled user and a lost role count at once. Every token that is not good is web.ErrInvalidToken or tokens.ErrInvalidToken.
func (s *Server) judgeToken(ctx context.Context, text string, now time.Time) (liveToken, error) {
	claims, err := s.ring.Verify(text, tokens.TypeAccessToken, now)
	if err != nil {
		return liveToken{}, err
	}
	if claims.Issuer != s.issuer || !s.isOwnAudience(claims.Audience) {
		return liveToken{}, fmt.Errorf("%w: for another issuer or audience", web.ErrInvalidToken)
	}
	if err := s.feed.ensure(ctx); err != nil {
		return liveToken{}, err
	}
	if s.feed.revoked(claims.ID, s.statusIndex(claims)) {
		return liveToken{}, fmt.Errorf("%w: revoked", web.ErrInvalidToken)
	}
	subject, err := s.store.Subject(ctx, claims.TenantID, claims.UserID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return liveToken{}, fmt.Errorf("%w: its subject is gone", web.ErrInvalidToken)
	case err != nil:
		return liveToken{}, err
	case subject.Authority() == policy.AuthorityNone:
		return liveToken{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, policy.ErrUserDisabled)
	}
	if err := checkSource(subject, claims, now); err != nil {
		return liveToken{}, fmt.Errorf("%w: %w", web.ErrInvalidToken, err)
	}
	return liveToken{subject, claims, subject.Cut(strings.Fields(claims.Scope), s.catalogue)}, nil
}

// checkSource says whether what the token was issued for still stands: the access key, or the tenant's permission to use passwords.
func checkSource(subject policy.Subject, claims tokens.Claims, now time.Time) error {
	if fromPassword(claims) {
		if !subject.Tenant.Release.AllowsPassword() || subject.User.PasswordHash == "" {
			return web.ErrUnauthorizedClient
		}
		return nil
	}
	key, err := subject.Membership.Key(claims.ClientID)
	if err == nil && key.Status(subject.Account.Expiration, now) == policy.StatusExpired {
		err = policy.ErrKeyExpired
	}
	return err
}

// statusIndex is the status index of the secret that made the token; 0 for none.
func (s *Server) statusIndex(claims tokens.Claims) uint64 {
	if claims.Status == nil {
		return 0
	}
	list, found := strings.CutPrefix(claims.Status.StatusList.URI, s.issuer+statusListPath)
	number, err := strconv.ParseUint(list, 10, 32)
	if !found || err != nil || claims.Status.StatusList.Index < 0 {
		return 0
	}
	return number*tokens.StatusListSize + uint64(claims.Status.StatusList.Index)
}
