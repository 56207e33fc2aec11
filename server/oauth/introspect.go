package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/clients"
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
	Subject   string          `json:"sub,omitempty"`
	Audience  tokens.Audience `json:"aud,omitempty"`
	Issuer    string          `json:"iss,omitempty"`
	TokenID   string          `json:"jti,omitempty"`
	TenantID  string          `json:"tenant_id,omitempty"`
	AccountID string          `json:"account_id,omitempty"`
	UserID    string          `json:"user_id,omitempty"`
}

// Introspect tells an authorized client what a token of its own account is worth at this instant (RFC 7662).
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
	asker, err := e.authenticateGateway(r, form)
	if err != nil {
		return introspection{}, err
	}
	if form.Get("token") == "" {
		return introspection{}, web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	if err := e.Log.Sync(r.Context()); err != nil { // what another replica was told a moment ago counts
		return introspection{}, err
	}
	live, err := e.Callers.Judge(r.Context(), form.Get("token"), asker.audiences, r.At)
	switch {
	case errors.Is(err, web.ErrInvalidToken) || errors.Is(err, tokens.ErrInvalidToken):
		return introspection{}, nil
	case err != nil:
		return introspection{}, err
	case live.Account.ID != asker.accountID:
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

// asker is a client that may introspect: it sees the tokens of its account for these audiences.
type asker struct {
	accountID string
	audiences []string
}

// newAsker returns what an access key may see: a key that is fenced to audiences sees tokens for these alone (R29).
func (e *Endpoints) newAsker(subject policy.Subject, key policy.AccessKey) asker {
	if len(key.Audiences) > 0 {
		return asker{subject.Account.ID, key.Audiences}
	}
	return asker{subject.Account.ID, e.Callers.Audiences.All()}
}

// authenticateGateway lets in a client, by its secret or by a token, that holds the scope to introspect.
func (e *Endpoints) authenticateGateway(r *web.Request, form url.Values) (asker, error) {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		who, err := e.Callers.Actor(r)
		if err == nil {
			err = who.Require(policy.ScopeTokensIntrospect)
		}
		if err != nil {
			return asker{}, err
		}
		key, err := who.Membership.Key(who.ClientID)
		return e.newAsker(who.Subject, key), err
	}
	credentials, err := clients.ParseCredentials(r.Request, form)
	if err != nil {
		return asker{}, err
	}
	c, err := e.Clients.Authenticate(r.Context(), credentials, r.Info)
	if err != nil {
		return asker{}, err
	}
	return e.newAsker(c.Subject, c.Key), callers.RequireScope(c.Cut(c.Key.Scopes, e.Catalogue), policy.ScopeTokensIntrospect)
}
