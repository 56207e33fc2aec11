package api

import "time"

// SigningKey is the public part of a signing key.
type SigningKey struct {
	KID        string    `json:"kid"` // the key's thumbprint (RFC 7638)
	Algorithm  string    `json:"algorithm"`
	State      string    `json:"state"` // next, active or retired
	CreatedAt  time.Time `json:"created_at"`
	ActiveFrom time.Time `json:"active_from"`
	PublicPEM  string    `json:"public_pem"` // for gateways that cannot read a JWKS
}

// Rotation requests new signing keys. In an emergency they sign at once, and every token signed before becomes invalid.
type Rotation struct {
	Emergency bool `json:"emergency,omitempty"`
}
