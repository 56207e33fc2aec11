package callers

import (
	"slices"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/revocation"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Callers authenticates callers by the Bearer tokens of their requests. Every field is required; its methods may be called from many
// goroutines.
type Callers struct {
	Ring      *tokens.KeyRing
	Subjects  store.Subjects
	Log       *revocation.Log
	Audiences policy.Audiences
	Catalogue policy.Catalogue
	Statuses  tokens.StatusListURL
}

// Caller validates the token of a request to this server's own APIs. It must be for the issuer alone (R29): whoever runs another API, or
// reads its log, has the tokens of its callers.
func (c *Callers) Caller(r *web.Request) (ValidToken, error) {
	text, err := Bearer(r.Request)
	if err != nil {
		return ValidToken{}, err
	}
	live, err := c.Validate(r.Context(), text, []string{c.Audiences.Issuer}, r.At)
	if err == nil {
		r.Tenant, r.User, r.Client = live.Claims.TenantID, live.Claims.UserID, live.Claims.ClientID
		err = live.CheckAddress(r.Address)
	}
	if err != nil {
		return ValidToken{}, err
	}
	return live, nil
}

// Actor validates the token of a request to the administration API and returns the caller.
func (c *Callers) Actor(r *web.Request) (admin.Actor, error) {
	live, err := c.Caller(r)
	if err != nil {
		return admin.Actor{}, err
	}
	actor := admin.Actor{
		Subject: live.Subject, ClientID: live.Claims.ClientID,
		Via: "api", Address: r.Address, RequestID: r.ID, At: r.At,
	}
	if !live.Claims.FromPassword() { // a token issued for a password has no administration scopes (R27)
		actor.Scopes = live.Scopes
	}
	return actor, nil
}

// RequireScope returns an admin.ScopeError if scope is not one of scopes.
func RequireScope(scopes []string, scope string) error {
	if !slices.Contains(scopes, scope) {
		return &admin.ScopeError{AnyOf: scope}
	}
	return nil
}
