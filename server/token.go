package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

const grantClientCredentials = "client_credentials"

// expiryHeader tells a program that its key expires soon (R25).
const expiryHeader = "Mintkey-Key-Expires"

const warnBeforeExpiry = 30 * policy.Day

// tokenResponse is the body of RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// token is the token endpoint (RFC 6749 section 3.2): parse, authenticate, authorize, generate.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	issued, err := s.issue(w, r)
	if err != nil {
		s.metrics.refused(s.errors.find(err).oauth)
		s.writeOAuthError(w, r, err)
		return
	}
	s.announceExpiry(w, r, issued)
	setNoStore(w.Header())
	writeJSON(w, http.StatusOK, issued.response())
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request) (issuedToken, error) {
	form, err := parseForm(w, r)
	if err != nil {
		return issuedToken{}, err
	}
	switch grantType := form.Get("grant_type"); grantType {
	case grantClientCredentials:
		credentials, err := parseClientCredentials(r, form)
		if err != nil {
			return issuedToken{}, err
		}
		return s.clientCredentialsGrant(r.Context(), credentials, form)
	case "":
		return issuedToken{}, refuse(errInvalidRequest, "The parameter grant_type is missing.")
	default:
		return issuedToken{}, refuse(errUnsupportedGrantType, "grant_type must be %s.", grantClientCredentials)
	}
}

// grant is a decision to issue a token: all that the generator must know.
type grant struct {
	claims    tokens.Claims
	algorithm tokens.Algorithm
	keyExpiry time.Time // zero: never
}

// issuedToken is a grant that became a token.
type issuedToken struct {
	grant
	text string
}

func (t issuedToken) response() tokenResponse {
	lifetime := t.claims.ExpiresAt.Sub(t.claims.IssuedAt)
	return tokenResponse{t.text, "Bearer", int64(lifetime / time.Second), t.claims.Scope}
}

// clientCredentialsGrant exchanges an access key for a token (RFC 6749 section 4.4).
func (s *Server) clientCredentialsGrant(ctx context.Context, credentials clientCredentials, form url.Values) (issuedToken, error) {
	subject, key, err := s.authenticateClient(ctx, credentials, aboutRequest(ctx).At)
	if err != nil {
		return issuedToken{}, err
	}
	return s.issueTo(ctx, subject, key, form)
}

// issueTo issues a token to a client that has authenticated.
func (s *Server) issueTo(ctx context.Context, subject policy.Subject, key policy.AccessKey, form url.Values) (issuedToken, error) {
	now := aboutRequest(ctx).At
	scopes, err := s.authorizeScopes(subject, key.Scopes, form.Get("scope"))
	if err != nil {
		return issuedToken{}, err
	}
	audience, algorithm, err := s.chooseAudience(form["resource"])
	if err != nil {
		return issuedToken{}, err
	}
	issuedAt := now.Truncate(time.Second)
	expiry := key.Expiry(subject.Account.Expiration)
	g := grant{algorithm: algorithm, keyExpiry: expiry, claims: tokens.Claims{
		Issuer: s.issuer, Subject: key.ClientID, ClientID: key.ClientID, Audience: audience,
		IssuedAt: issuedAt, NotBefore: issuedAt, ExpiresAt: policy.TokenExpiry(issuedAt, s.lifetime, expiry).Truncate(time.Second),
		Scope: strings.Join(scopes, " "), TenantID: subject.Tenant.ID, AccountID: subject.Account.ID, UserID: subject.User.ID,
	}}
	if !g.claims.ExpiresAt.After(issuedAt) { // the key dies within this second
		return issuedToken{}, policy.ErrKeyExpired
	}
	text, err := s.generator.generate(ctx, g)
	if err != nil {
		return issuedToken{}, err
	}
	s.access.record(store.KeyRef{TenantID: subject.Tenant.ID, ClientID: key.ClientID}, now)
	s.metrics.issued(grantClientCredentials)
	return issuedToken{g, text}, nil
}

// authenticateClient finds the access key and checks the secret. An unknown client takes the same path with a dummy digest, so that
// it takes like time (R4); every failure is errInvalidClient, ErrWrongSecret, ErrKeyExpired or ErrUserDisabled, which look the same from outside (R24).
func (s *Server) authenticateClient(ctx context.Context, c clientCredentials, now time.Time) (policy.Subject, policy.AccessKey, error) {
	subject, err := s.store.SubjectByClientID(ctx, c.clientID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return policy.Subject{}, policy.AccessKey{}, fmt.Errorf("find client: %w", err)
	}
	key, keyErr := subject.Membership.Key(c.clientID)
	if keyErr != nil {
		key = policy.AccessKey{ClientID: c.clientID, Secrets: []policy.Secret{{IssuedAt: now}}}
	}
	checkErr := key.CheckSecret(c.secret.Digest(), subject.Account.Expiration, now)
	switch {
	case err != nil || keyErr != nil:
		return policy.Subject{}, policy.AccessKey{}, errUnknownClient
	case checkErr != nil:
		return policy.Subject{}, policy.AccessKey{}, checkErr
	case subject.Authority() == policy.AuthorityNone:
		return policy.Subject{}, policy.AccessKey{}, policy.ErrUserDisabled
	}
	return subject, key, nil
}

// authorizeScopes cuts the scopes of the key to those asked for and to what the owner's role still allows (R9). Asking for one
// that the key does not have is invalid_scope.
func (s *Server) authorizeScopes(subject policy.Subject, keyScopes []string, requested string) ([]string, error) {
	scopes := keyScopes
	if requested != "" {
		scopes = nil
		for scope := range strings.SplitSeq(requested, " ") {
			if !slices.Contains(keyScopes, scope) {
				return nil, refuse(errScopeNotGranted, "The access key does not have the scope %.60q; it has: %s.", scope, strings.Join(keyScopes, " "))
			}
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	allowed := subject.Cut(scopes, s.catalogue)
	if len(allowed) == 0 {
		return nil, refuse(errScopeNotGranted, "The role of the key's owner no longer allows any of these scopes: %s.", strings.Join(scopes, " "))
	}
	return allowed, nil
}

// chooseAudience finds the resources among those configured (RFC 8707). Without any, the first configured is meant; an empty
// one counts as left out (RFC 6749 section 3.2).
func (s *Server) chooseAudience(resources []string) (tokens.Audience, tokens.Algorithm, error) {
	resources = slices.DeleteFunc(slices.Clone(resources), func(resource string) bool { return resource == "" })
	if len(resources) == 0 {
		return tokens.Audience{s.audiences[0].Name}, s.audiences[0].Algorithm, nil
	}
	var names tokens.Audience
	var algorithm tokens.Algorithm
	for _, resource := range resources {
		i := slices.IndexFunc(s.audiences, func(a Audience) bool { return a.Name == resource })
		if i < 0 {
			return nil, "", refuse(errInvalidTarget, "There is no resource %.100q here.", resource)
		}
		if algorithm != "" && algorithm != s.audiences[i].Algorithm {
			return nil, "", refuse(errInvalidTarget, "These resources need different signature algorithms: ask for one token each.")
		}
		algorithm = s.audiences[i].Algorithm
		if !slices.Contains(names, resource) {
			names = append(names, resource)
		}
	}
	return names, algorithm, nil
}

func (s *Server) announceExpiry(w http.ResponseWriter, r *http.Request, t issuedToken) {
	if !t.keyExpiry.IsZero() && t.keyExpiry.Sub(aboutRequest(r.Context()).At) <= warnBeforeExpiry {
		w.Header().Set(expiryHeader, t.keyExpiry.UTC().Format(time.RFC3339))
	}
}

func setNoStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}
