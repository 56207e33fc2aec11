package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// One space and one token68 (RFC 6750 section 2.1, RFC 9110 section 11.2). The scheme's case does not matter.
var bearerPattern = regexp.MustCompile(`^(?i:bearer) ([A-Za-z0-9._~+/-]+=*)$`)

// bearerToken takes the token from the one Authorization header. A token in the query or the body is not looked at.
func bearerToken(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return "", errUnauthorized
	case len(headers) > 1:
		return "", refuse(errInvalidRequest, "There is more than one Authorization header.")
	}
	match := bearerPattern.FindStringSubmatch(headers[0])
	if match == nil {
		return "", errInvalidToken
	}
	return match[1], nil
}

// authenticateCaller judges a token at the instant of the request: its signature, and what its subject is now, so that a revoked
// key, a disabled user and a lost role count at once.
func (s *Server) authenticateCaller(r *http.Request) (admin.Actor, error) {
	text, err := bearerToken(r)
	if err != nil {
		return admin.Actor{}, err
	}
	now := aboutRequest(r.Context()).At
	claims, err := s.ring.Verify(text, tokens.TypeAccessToken, now)
	if err != nil {
		return admin.Actor{}, err
	}
	if claims.Issuer != s.issuer || !s.isOwnAudience(claims.Audience) {
		return admin.Actor{}, fmt.Errorf("%w: for another issuer or audience", errInvalidToken)
	}
	subject, err := s.subjectOf(r.Context(), claims)
	if err != nil {
		return admin.Actor{}, err
	}
	key, err := subject.Membership.Key(claims.ClientID)
	switch {
	case err != nil:
		return admin.Actor{}, fmt.Errorf("%w: %w", errInvalidToken, err)
	case key.Status(subject.Account.Expiration, now) == policy.StatusExpired:
		return admin.Actor{}, fmt.Errorf("%w: the access key has expired", errInvalidToken)
	case subject.Authority() == policy.AuthorityNone:
		return admin.Actor{}, fmt.Errorf("%w: %w", errInvalidToken, policy.ErrUserDisabled)
	}
	about := aboutRequest(r.Context())
	return admin.Actor{
		Subject: subject, Scopes: subject.Cut(strings.Fields(claims.Scope), s.catalogue), ClientID: key.ClientID,
		Via: "api", Address: about.Address, RequestID: about.ID, At: now,
	}, nil
}

func (s *Server) isOwnAudience(names tokens.Audience) bool {
	return slices.ContainsFunc(s.audiences, func(a Audience) bool { return slices.Contains(names, a.Name) })
}

func (s *Server) subjectOf(ctx context.Context, claims tokens.Claims) (policy.Subject, error) {
	subject, err := s.store.Subject(ctx, claims.TenantID, claims.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return policy.Subject{}, fmt.Errorf("%w: its subject is gone", errInvalidToken)
	}
	return subject, err
}

// Reading accounts, tenants and members has no scope of its own: any scope that administers something inside will do.
const (
	anyAdminScope  = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeTenantsWrite + " " + policy.ScopeUsersWrite + " " + policy.ScopePolicyRead + " " + policy.ScopePolicyWrite + " " + policy.ScopeAuditRead + " " + policy.ScopeAccountsWrite
	anyMemberScope = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeUsersWrite
)
