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

// Callers judges the tokens of requests. Every field is required; its methods may be called from many goroutines.
type Callers struct {
	Ring      *tokens.KeyRing
	Subjects  store.Subjects
	Log       *revocation.Log
	Audiences policy.Audiences
	Catalogue policy.Catalogue
	Statuses  tokens.StatusListURL
}

// Caller judges the token with which a request asks this server itself for something. It must be for the issuer and nobody else (R29):
// whoever runs an API, or reads its log, has tokens of its callers.
func (c *Callers) Caller(r *web.Request) (Live, error) {
	text, err := Bearer(r.Request)
	if err != nil {
		return Live{}, err
	}
	return c.Judge(r.Context(), text, []string{c.Audiences.Issuer}, r.At)
}

// Actor judges the token of a request to the administration API, and says who asks.
func (c *Callers) Actor(r *web.Request) (admin.Actor, error) {
	live, err := c.Caller(r)
	if err != nil {
		return admin.Actor{}, err
	}
	actor := admin.Actor{Subject: live.Subject, ClientID: live.Claims.ClientID, Via: "api", Address: r.Address, RequestID: r.ID, At: r.At}
	if !live.Claims.FromPassword() { // a token from a password administers nothing (R27)
		actor.Scopes = live.Scopes
	}
	return actor, nil
}

// RequireScope returns an admin.ScopeError if the scope is not among those given.
func RequireScope(scopes []string, scope string) error {
	if !slices.Contains(scopes, scope) {
		return &admin.ScopeError{AnyOf: scope}
	}
	return nil
}
