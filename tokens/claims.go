package tokens

import (
	"slices"
)

// Claims are the claims of an access token (RFC 9068 section 2.2). Empty ones are left out of the JSON. Reading is strict about the type of
// every claim that is listed here, and ignores all others.
type Claims struct {
	Issuer    string      `json:"iss,omitempty"`
	Subject   string      `json:"sub,omitempty"`
	ClientID  string      `json:"client_id,omitempty"`
	Audience  Audience    `json:"aud,omitempty"`
	ExpiresAt NumericDate `json:"exp,omitzero"`
	IssuedAt  NumericDate `json:"iat,omitzero"`
	NotBefore NumericDate `json:"nbf,omitzero"`
	ID        string      `json:"jti,omitempty"`
	Methods   []string    `json:"amr,omitempty"`   // how the person signed in, where one did (RFC 8176)
	Scope     string      `json:"scope,omitempty"` // separated by spaces
	TenantID  string      `json:"tenant_id,omitempty"`
	AccountID string      `json:"account_id,omitempty"`
	UserID    string      `json:"user_id,omitempty"`
	Status    *Status     `json:"status,omitempty"`
}

// MethodPassword is the authentication method of a person who gave a password (RFC 8176 section 2).
const MethodPassword = "pwd"

// FromPassword says whether the token was issued for a password, and not for an access key (R27).
func (c Claims) FromPassword() bool { return slices.Contains(c.Methods, MethodPassword) }

// Status says where the token's revocation can be looked up (draft-ietf-oauth-status-list section 6).
type Status struct {
	StatusList StatusReference `json:"status_list"`
}

// StatusReference is one entry of one status list.
type StatusReference struct {
	Index int    `json:"idx"`
	URI   string `json:"uri"`
}
