package grants

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/store"
	"mintkey/tokens"
)

// decision is the decision to issue a token, with all that minting needs.
type decision struct {
	Holder
	scopes    []string // those that were granted
	audience  string
	algorithm tokens.Algorithm
	index     uint64 // in the status lists; 0: none
}

// token is an issued token.
type token struct {
	text       string
	claims     tokens.Claims
	keyExpiry  time.Time // zero: never
	secretEnds time.Time // of the secret of an overlap; zero for the current secret
}

// mint issues the token (RFC 9068), at a whole second. It never outlives the access key (R13). It has no nbf: a gateway whose clock is two
// seconds behind would refuse each fresh token.
func (e *Endpoint) mint(ctx context.Context, decided decision, now time.Time) (token, error) {
	issuedAt := now.Truncate(time.Second)
	expiresAt := policy.TokenExpiry(issuedAt, cmp.Or(decided.Lifetime, e.Lifetime), decided.Expiry).Truncate(time.Second)
	if !expiresAt.After(issuedAt) { // the key expires within this second
		return token{}, &clients.RefusedError{Reason: store.RefusedExpired, As: policy.ErrKeyExpired}
	}
	p := &passage{Context: ctx, algorithm: decided.algorithm, audience: [1]string{decided.audience}}
	p.claims = tokens.Claims{
		Issuer: e.Issuer, Subject: decided.ClientID, ClientID: decided.ClientID, Audience: p.audience[:],
		IssuedAt: tokens.At(issuedAt), ExpiresAt: tokens.At(expiresAt), ID: rand.Text(),
		Methods: decided.Methods, Scope: strings.Join(decided.scopes, " "),
		TenantID: decided.Tenant.ID, AccountID: decided.Account.ID, UserID: decided.User.ID,
		Status: e.Statuses.Reference(decided.index),
	}
	text, err := e.generator.generate(p)
	return token{text, p.claims, decided.Expiry, decided.Secret.Ends(decided.Account.Expiration)}, err
}
