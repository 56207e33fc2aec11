package oauth

import (
	"errors"
	"net/http"
	"strings"

	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// introspection is the body of RFC 7662 section 2.2. For a token that is not active it is exactly
// {"active":false}.
type introspection struct {
	Active    bool            `json:"active"`
	Scope     string          `json:"scope,omitempty"`
	ClientID  string          `json:"client_id,omitempty"`
	TokenType string          `json:"token_type,omitempty"`
	ExpiresAt int64           `json:"exp,omitempty"`
	IssuedAt  int64           `json:"iat,omitempty"`
	Subject   string          `json:"sub,omitempty"`
	Audience  tokens.Audience `json:"aud,omitempty"`
	Issuer    string          `json:"iss,omitempty"`
	TokenID   string          `json:"jti,omitempty"`
	TenantID  string          `json:"tenant_id,omitempty"`
	AccountID string          `json:"account_id,omitempty"`
	UserID    string          `json:"user_id,omitempty"`
}

// Introspect tells an authorized client whether a token of its own account is valid now, and what it allows (RFC 7662).
func (e *Endpoints) Introspect(w http.ResponseWriter, r *web.Request) error {
	answer, err := e.answerIntrospection(w, r)
	if err != nil {
		return err
	}
	web.SetNoStore(w.Header())
	web.WriteJSON(w, http.StatusOK, answer)
	return nil
}

func (e *Endpoints) answerIntrospection(w http.ResponseWriter, r *web.Request) (introspection, error) {
	form, err := web.ParseForm(w, r.Request)
	if err != nil {
		return introspection{}, err
	}
	gateway, err := e.authenticateGateway(r, form)
	if err != nil {
		return introspection{}, err
	}
	if form.Get("token") == "" {
		return introspection{}, web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	if err := e.Log.Sync(r.Context()); err != nil { // a revocation that another replica recorded a moment ago counts
		return introspection{}, err
	}
	live, err := e.Callers.Validate(r.Context(), form.Get("token"), gateway.audiences, r.At)
	switch {
	case errors.Is(err, web.ErrInvalidToken) || errors.Is(err, tokens.ErrInvalidToken):
		return introspection{}, nil
	case err != nil:
		return introspection{}, err
	case live.Account.ID != gateway.accountID:
		return introspection{}, nil
	}
	c := live.Claims
	return introspection{
		Active: true, Scope: strings.Join(live.Scopes, " "), ClientID: c.ClientID, TokenType: "Bearer",
		ExpiresAt: c.ExpiresAt.Unix(), IssuedAt: c.IssuedAt.Unix(),
		Subject: c.Subject, Audience: c.Audience, Issuer: c.Issuer, TokenID: c.ID,
		TenantID: c.TenantID, AccountID: c.AccountID, UserID: c.UserID,
	}, nil
}

// gateway is a client that may introspect. It sees the tokens of its account for these audiences.
type gateway struct {
	accountID string
	audiences []string
}

// newGateway returns what an access key may see: a key limited to audiences sees tokens for these alone (R29).
func (e *Endpoints) newGateway(subject policy.Subject, key policy.AccessKey) gateway {
	if len(key.Audiences) > 0 {
		return gateway{subject.Account.ID, key.Audiences}
	}
	return gateway{subject.Account.ID, e.Callers.Audiences.All()}
}

// authenticateGateway accepts a client, by its secret or by a token, that has the scope for introspection.
func (e *Endpoints) authenticateGateway(r *web.Request, form web.Form) (gateway, error) {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return e.gatewayByToken(r)
	}
	credentials, err := clients.ParseCredentials(r.Request, form)
	if err != nil {
		return gateway{}, err
	}
	c, err := e.Clients.Authenticate(r.Context(), credentials, r.Info)
	if err != nil {
		return gateway{}, err
	}
	if err := callers.RequireScope(c.Cut(c.Key.Scopes, e.Catalogue), policy.ScopeTokensIntrospect); err != nil {
		return gateway{}, web.AsClient(err)
	}
	e.noteUse(r, c.Subject, c.Key, c.Secret)
	return e.newGateway(c.Subject, c.Key), nil
}

func (e *Endpoints) gatewayByToken(r *web.Request) (gateway, error) {
	live, err := e.Callers.Caller(r)
	switch {
	case err != nil:
		return gateway{}, err
	case live.Claims.FromPassword(): // has no administration scopes (R27)
		return gateway{}, callers.RequireScope(nil, policy.ScopeTokensIntrospect)
	}
	if err := callers.RequireScope(live.Scopes, policy.ScopeTokensIntrospect); err != nil {
		return gateway{}, err
	}
	key, err := live.Membership.Key(live.Claims.ClientID)
	if err != nil {
		return gateway{}, err
	}
	secret, _ := key.SecretOf(e.Statuses.Index(live.Claims.Status)) // one that is gone is not known any more
	e.noteUse(r, live.Subject, key, secret)
	return e.newGateway(live.Subject, key), nil
}

// noteUse notes that an access key has authenticated (R7).
func (e *Endpoints) noteUse(r *web.Request, of policy.Subject, key policy.AccessKey, secret policy.Secret) {
	e.Access.Note(store.KeyRef{TenantID: of.Tenant.ID, ClientID: key.ClientID}, secret.IssuedAt, r.At, r.Address)
}
