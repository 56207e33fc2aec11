package verify

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are the claims of a valid token (RFC 9068 section 2.2). They are shared by all callers that verify the same token:
// do not change them.
type Claims struct {
	Issuer    string
	Subject   string // the client ID, or the user ID where a user signed in with a password
	ClientID  string
	Audience  []string
	ExpiresAt time.Time
	IssuedAt  time.Time
	NotBefore time.Time
	ID        string // jti
	Scope     string // separated by spaces; ask HasScope
	TenantID  string // the tenant that the token opens; never let it into another
	AccountID string
	UserID    string // whose access key it is

	Status *StatusReference // where its revocation is announced; nil if nowhere
}

// StatusReference is one entry of one status list (draft-ietf-oauth-status-list-21 section 6.2).
type StatusReference struct {
	Index uint64
	URI   string
}

// HasScope says whether the token grants one scope.
func (c Claims) HasScope(scope string) bool {
	for granted := range strings.FieldsSeq(c.Scope) {
		if granted == scope {
			return true
		}
	}
	return false
}

// contextKey is where a request carries its Claims.
type contextKey struct{}

// NewContext returns a context that carries the claims, as Require makes it: for tests of handlers.
func NewContext(ctx context.Context, claims Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, claims)
}

// FromContext returns the claims of the token of a request. It says false where Require has not seen the request.
func FromContext(ctx context.Context) (Claims, bool) {
	claims, ok := ctx.Value(contextKey{}).(Claims)
	return claims, ok
}

// accessToken is the payload of an access token. golang-jwt validates what it embeds, and calls Validate for the rest.
type accessToken struct {
	jwt.RegisteredClaims
	ClientID  string `json:"client_id"`
	Scope     string `json:"scope"`
	TenantID  string `json:"tenant_id"`
	AccountID string `json:"account_id"`
	UserID    string `json:"user_id"`
	Status    struct {
		List *struct {
			Index *uint64 `json:"idx"`
			URI   string  `json:"uri"`
		} `json:"status_list"`
	} `json:"status"`
}

// Validate insists on what RFC 9068 section 2.2 requires. exp, iss and aud are checked by the parser's options.
func (t *accessToken) Validate() error {
	if t.IssuedAt == nil || t.ID == "" || t.Subject == "" || t.ClientID == "" {
		return errors.New("it must have iat, jti, sub and client_id")
	}
	if list := t.Status.List; list != nil && (list.Index == nil || list.URI == "") {
		return errors.New("its status has no idx or no uri")
	}
	return nil
}

func (t *accessToken) claims() Claims {
	claims := Claims{
		Issuer:    t.Issuer,
		Subject:   t.Subject,
		ClientID:  t.ClientID,
		Audience:  t.Audience,
		ExpiresAt: t.ExpiresAt.UTC(),
		IssuedAt:  t.IssuedAt.UTC(),
		ID:        t.ID,
		Scope:     t.Scope,
		TenantID:  t.TenantID,
		AccountID: t.AccountID,
		UserID:    t.UserID,
	}
	if t.NotBefore != nil {
		claims.NotBefore = t.NotBefore.UTC()
	}
	if list := t.Status.List; list != nil {
		claims.Status = &StatusReference{*list.Index, list.URI}
	}
	return claims
}
