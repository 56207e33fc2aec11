package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/web"
	"mintkey/tokens"
)

// introspection is the body of RFC 7662 section 2.2. For everything that is not active it is {"active":false} and nothing else.
type introspection struct {
	Active    bool            `json:"active"`
	Scope     string          `json:"scope,omitempty"`
	ClientID  string          `json:"client_id,omitempty"`
	TokenType string          `json:"token_type,omitempty"`
	ExpiresAt int64           `json:"exp,omitempty"`
	IssuedAt  int64           `json:"iat,omitempty"`
	NotBefore int64           `json:"nbf,omitempty"`
	Subject   string          `json:"sub,omitempty"`
	Audience  tokens.Audience `json:"aud,omitempty"`
	Issuer    string          `json:"iss,omitempty"`
	TokenID   string          `json:"jti,omitempty"`
	TenantID  string          `json:"tenant_id,omitempty"`
	AccountID string          `json:"account_id,omitempty"`
	UserID    string          `json:"user_id,omitempty"`
}

// introspect tells an authorized client what a token of its own account is worth at this instant (RFC 7662).
func (s *Server) introspect(w http.ResponseWriter, r *web.Request) error {
	answer, err := s.answerIntrospection(w, r)
	if err != nil {
		return err
	}
	web.SetNoStore(w.Header())
	web.WriteJSON(w, http.StatusOK, answer)
	return nil
}

func (s *Server) answerIntrospection(w http.ResponseWriter, r *web.Request) (introspection, error) {
	form, err := web.ParseForm(w, r.Request)
	if err != nil {
		return introspection{}, err
	}
	asker, err := s.authenticateGateway(r, form)
	if err != nil {
		return introspection{}, err
	}
	if form.Get("token") == "" {
		return introspection{}, web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	if err := s.revocations.Sync(r.Context()); err != nil { // what another replica was told a moment ago counts
		return introspection{}, err
	}
	live, err := s.callers.Judge(r.Context(), form.Get("token"), r.At)
	switch {
	case errors.Is(err, web.ErrInvalidToken) || errors.Is(err, tokens.ErrInvalidToken):
		return introspection{}, nil
	case err != nil:
		return introspection{}, err
	case live.Account.ID != asker.Account.ID:
		return introspection{}, nil
	}
	c := live.Claims
	return introspection{
		Active: true, Scope: strings.Join(live.Scopes, " "), ClientID: c.ClientID, TokenType: "Bearer",
		ExpiresAt: c.ExpiresAt.Unix(), IssuedAt: c.IssuedAt.Unix(), NotBefore: c.NotBefore.Unix(),
		Subject: c.Subject, Audience: c.Audience, Issuer: c.Issuer, TokenID: c.ID,
		TenantID: c.TenantID, AccountID: c.AccountID, UserID: c.UserID,
	}, nil
}

// authenticateGateway lets in a client, by its secret or by a token, that holds the scope to introspect.
func (s *Server) authenticateGateway(r *web.Request, form url.Values) (policy.Subject, error) {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		who, err := s.callers.Actor(r)
		if err != nil {
			return policy.Subject{}, err
		}
		return who.Subject, who.Require(policy.ScopeTokensIntrospect)
	}
	credentials, err := parseClientCredentials(r, form)
	if err != nil {
		return policy.Subject{}, err
	}
	c, err := s.authenticateClient(r, credentials)
	if err != nil {
		return policy.Subject{}, err
	}
	return c.Subject, callers.RequireScope(c.Cut(c.key.Scopes, s.catalogue), policy.ScopeTokensIntrospect)
}
