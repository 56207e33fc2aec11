package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// caller is who asks something of the administration API: a token's subject as it is now, and the scopes of the token that its
// roles still allow.
type caller struct {
	policy.Subject
	clientID string
	scopes   []string
}

func (c caller) actor() policy.Actor {
	return policy.Actor{UserID: c.User.ID, ClientID: c.clientID, Via: "api"}
}

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
func (s *Server) authenticateCaller(r *http.Request) (caller, error) {
	text, err := bearerToken(r)
	if err != nil {
		return caller{}, err
	}
	now := aboutRequest(r.Context()).At
	claims, err := s.ring.Verify(text, tokens.TypeAccessToken, now)
	if err != nil {
		return caller{}, err
	}
	if claims.Issuer != s.issuer || !s.isOwnAudience(claims.Audience) {
		return caller{}, fmt.Errorf("%w: for another issuer or audience", errInvalidToken)
	}
	subject, err := s.subjectOf(r.Context(), claims)
	if err != nil {
		return caller{}, err
	}
	key, err := subject.Membership.Key(claims.ClientID)
	switch {
	case err != nil:
		return caller{}, fmt.Errorf("%w: %w", errInvalidToken, err)
	case key.Status(subject.Account.Expiration, now) == policy.StatusExpired:
		return caller{}, fmt.Errorf("%w: the access key has expired", errInvalidToken)
	case subject.Authority() == policy.AuthorityNone:
		return caller{}, fmt.Errorf("%w: %w", errInvalidToken, policy.ErrUserDisabled)
	}
	return caller{subject, key.ClientID, subject.Cut(strings.Fields(claims.Scope), s.catalogue)}, nil
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

// scopeError is errInsufficientScope with the scope that is missing.
type scopeError struct {
	scope string
}

func (e *scopeError) Error() string {
	return fmt.Sprintf("This needs a token with the scope %s, and an owner whose role allows it.", e.scope)
}
func (*scopeError) Is(target error) bool { return target == errInsufficientScope }

// Reading accounts, tenants and members has no scope of its own: any scope that administers something inside will do.
const (
	anyAdminScope  = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeTenantsWrite + " " + policy.ScopeUsersWrite + " " + policy.ScopePolicyRead + " " + policy.ScopePolicyWrite + " " + policy.ScopeAuditRead + " " + policy.ScopeAccountsWrite
	anyMemberScope = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeUsersWrite
)

// require returns nil if the caller has one of the scopes in the space-separated list.
func (c caller) require(anyOf string) error {
	if slices.ContainsFunc(strings.Fields(anyOf), func(scope string) bool { return slices.Contains(c.scopes, scope) }) {
		return nil
	}
	return &scopeError{anyOf}
}
