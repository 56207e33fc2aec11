package tokens

import (
	"encoding/json"
	"errors"
	"time"
)

// Claims are the claims of an access token (RFC 9068 section 2.2). Empty ones are left out of the JSON.
type Claims struct {
	Issuer    string
	Subject   string
	ClientID  string
	Audience  Audience
	ExpiresAt time.Time // in JSON, as all times here, whole seconds since 1970 (NumericDate)
	IssuedAt  time.Time
	NotBefore time.Time
	ID        string // jti
	Scope     string // separated by spaces
	TenantID  string
	AccountID string
	UserID    string
	Status    *Status
}

// Status says where the token's revocation can be looked up (draft-ietf-oauth-status-list section 6).
type Status struct {
	StatusList StatusReference `json:"status_list"`
}

// StatusReference is one entry of one status list.
type StatusReference struct {
	Index int    `json:"idx"`
	URI   string `json:"uri"`
}

// claimsJSON is Claims in the form of the wire. Times are integers, so that a fraction, an exponent or a string is refused.
type claimsJSON struct {
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Audience  Audience `json:"aud,omitempty"`
	ExpiresAt int64    `json:"exp,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
	NotBefore int64    `json:"nbf,omitempty"`
	ID        string   `json:"jti,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	TenantID  string   `json:"tenant_id,omitempty"`
	AccountID string   `json:"account_id,omitempty"`
	UserID    string   `json:"user_id,omitempty"`
	Status    *Status  `json:"status,omitempty"`
}

// lastSecond ends the year 9999. A later time is an attempt at an overflow.
const lastSecond = 253402300799

var errInvalidTime = errors.New("exp, iat and nbf must be seconds between 1970 and 9999")

// MarshalJSON writes the claims in the form of a token.
func (c Claims) MarshalJSON() ([]byte, error) { return json.Marshal(c.wire()) }

// UnmarshalJSON reads the claims of a token. It is strict about the type of every claim it knows, and ignores all others.
func (c *Claims) UnmarshalJSON(data []byte) error {
	var wire claimsJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	for _, seconds := range []int64{wire.ExpiresAt, wire.IssuedAt, wire.NotBefore} {
		if seconds < 0 || seconds > lastSecond {
			return errInvalidTime
		}
	}
	*c = Claims{
		Issuer:    wire.Issuer,
		Subject:   wire.Subject,
		ClientID:  wire.ClientID,
		Audience:  wire.Audience,
		ExpiresAt: fromSeconds(wire.ExpiresAt),
		IssuedAt:  fromSeconds(wire.IssuedAt),
		NotBefore: fromSeconds(wire.NotBefore),
		ID:        wire.ID,
		Scope:     wire.Scope,
		TenantID:  wire.TenantID,
		AccountID: wire.AccountID,
		UserID:    wire.UserID,
		Status:    wire.Status,
	}
	return nil
}

func (c Claims) wire() claimsJSON {
	return claimsJSON{
		Issuer:    c.Issuer,
		Subject:   c.Subject,
		ClientID:  c.ClientID,
		Audience:  c.Audience,
		ExpiresAt: toSeconds(c.ExpiresAt),
		IssuedAt:  toSeconds(c.IssuedAt),
		NotBefore: toSeconds(c.NotBefore),
		ID:        c.ID,
		Scope:     c.Scope,
		TenantID:  c.TenantID,
		AccountID: c.AccountID,
		UserID:    c.UserID,
		Status:    c.Status,
	}
}

// toSeconds rounds down: a token may expire a fraction of a second early, never late.
func toSeconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromSeconds(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
