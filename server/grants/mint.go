package grants

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// decision is the decision to issue a token, with all that minting needs.
type decision struct {
	Holder
	scopes    []string // those that were granted
	audience  tokens.Audience
	algorithm tokens.Algorithm
	index     uint64        // in the status lists; 0: none
	claims    tokens.Claims // what is signed
}

// token is an issued token.
type token struct {
	text      string
	claims    tokens.Claims
	keyExpiry time.Time // zero: never
}

// authorize decides the scopes and the audience of a token.
func (e *Endpoint) authorize(request Request, holder Holder) (decision, error) {
	scopes, err := e.authorizeScopes(holder, request.Scopes)
	if err != nil {
		return decision{}, err
	}
	audience, algorithm, err := e.chooseAudience(request.Resources)
	return decision{Holder: holder, scopes: scopes, audience: audience, algorithm: algorithm}, err
}

// authorizeScopes narrows the holder's scopes to those requested and to what the owner's role still allows (R9). Requesting a scope that
// the holder does not have is invalid_scope.
func (e *Endpoint) authorizeScopes(holder Holder, requested []string) ([]string, error) {
	scopes := holder.Scopes
	if len(requested) > 0 {
		scopes = nil
		for _, scope := range requested {
			if !slices.Contains(holder.Scopes, scope) {
				return nil, web.Refuse(web.ErrScopeNotGranted, "The access key does not have the scope %s; it has: %s.",
					policy.Excerpt(scope, 60), strings.Join(holder.Scopes, " "))
			}
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	allowed := holder.Cut(scopes, e.Catalogue)
	if len(allowed) == 0 {
		return nil, web.Refuse(web.ErrScopeNotGranted, "The role of the key's owner no longer allows any of these scopes: %s.",
			strings.Join(scopes, " "))
	}
	return allowed, nil
}

// chooseAudience finds the requested resources among the configured ones (RFC 8707). The default is the first configured.
func (e *Endpoint) chooseAudience(resources []string) (tokens.Audience, tokens.Algorithm, error) {
	if len(resources) == 0 {
		return tokens.Audience{e.Audiences[0].Name}, e.Audiences[0].Algorithm, nil
	}
	var names tokens.Audience
	var algorithm tokens.Algorithm
	for _, resource := range resources {
		i := slices.IndexFunc(e.Audiences, func(a Audience) bool { return a.Name == resource })
		if i < 0 {
			return nil, "", web.Refuse(web.ErrInvalidTarget, "There is no resource %s here.", policy.Excerpt(resource, 100))
		}
		if algorithm != "" && algorithm != e.Audiences[i].Algorithm {
			return nil, "", web.Refuse(web.ErrInvalidTarget, "These resources need different signature algorithms: ask for one token each.")
		}
		algorithm = e.Audiences[i].Algorithm
		if !slices.Contains(names, resource) {
			names = append(names, resource)
		}
	}
	return names, algorithm, nil
}

// mint issues the token (RFC 9068), at a whole second. It never outlives the access key (R13).
func (e *Endpoint) mint(ctx context.Context, decided decision, now time.Time) (token, error) {
	issuedAt := now.Truncate(time.Second)
	expiresAt := policy.TokenExpiry(issuedAt, e.Lifetime, decided.Expiry).Truncate(time.Second)
	if !expiresAt.After(issuedAt) { // the key expires within this second
		return token{}, &clients.RefusedError{Reason: store.RefusedExpired, As: policy.ErrKeyExpired}
	}
	decided.claims = tokens.Claims{
		Issuer: e.Issuer, Subject: decided.ClientID, ClientID: decided.ClientID, Audience: decided.audience,
		IssuedAt: tokens.At(issuedAt), NotBefore: tokens.At(issuedAt), ExpiresAt: tokens.At(expiresAt), ID: rand.Text(),
		Methods: decided.Methods, Scope: strings.Join(decided.scopes, " "),
		TenantID: decided.Tenant.ID, AccountID: decided.Account.ID, UserID: decided.User.ID,
		Status: e.Statuses.Reference(decided.index),
	}
	text, err := e.generator.generate(ctx, &decided)
	return token{text, decided.claims, decided.Expiry}, err
}
