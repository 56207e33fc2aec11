package api

import (
	"time"

	"mintkey/policy"
)

// NewKey requests an access key for the user with this ID or this e-mail address.
type NewKey struct {
	UserID string    `json:"user_id,omitempty"`
	Email  string    `json:"email,omitempty"`
	Label  string    `json:"label,omitempty"`
	Scopes *[]string `json:"scopes,omitempty"` // nil for the whole catalogue
	// Audiences are the APIs that its tokens can be for; none for every one (R33).
	Audiences []string `json:"audiences,omitempty"`
	PickUp    bool     `json:"pick_up,omitempty"` // the owner generates the secret (R26)
	// AllowedNetworks are those from which it can be used, in CIDR notation; none for everywhere (R33).
	AllowedNetworks []string `json:"allowed_networks,omitempty"`
	// TokenLifetimeSeconds is how long its tokens live at most; absent or null for as long as is configured (R33).
	TokenLifetimeSeconds Nullable[int] `json:"token_lifetime_seconds,omitzero"`
	// TokensPerMinute is its quota; absent or null for none (R36).
	TokensPerMinute Nullable[int] `json:"tokens_per_minute,omitzero"`
	// ExpiresAt is an end that no refresh moves; absent or null for none (R33).
	ExpiresAt Nullable[time.Time] `json:"expires_at,omitzero"`
}

// KeyChange is a JSON merge patch (RFC 7396) of an access key: absent members stay unchanged, and null takes a fence away (R33).
type KeyChange struct {
	Label                *string             `json:"label,omitempty"`
	Scopes               *[]string           `json:"scopes,omitempty"` // some of those that it has
	AllowedNetworks      Nullable[[]string]  `json:"allowed_networks,omitzero"`
	Audiences            Nullable[[]string]  `json:"audiences,omitzero"`
	TokenLifetimeSeconds Nullable[int]       `json:"token_lifetime_seconds,omitzero"`
	TokensPerMinute      Nullable[int]       `json:"tokens_per_minute,omitzero"`
	ExpiresAt            Nullable[time.Time] `json:"expires_at,omitzero"`
}

// Refresh requests a new secret of an access key (R6).
type Refresh struct {
	OverlapSeconds int64 `json:"overlap_seconds,omitempty"`
	RevokeTokens   bool  `json:"revoke_tokens,omitempty"`
}

// SuspensionRequest says why an access key is suspended or resumed (R28).
type SuspensionRequest struct {
	Reason string `json:"reason,omitempty"`
}

// Transfer names the next owner of an access key.
type Transfer struct {
	UserID string `json:"user_id"`
}

// MaxLeakedSecrets is how many secrets a LeakReport can have.
const MaxLeakedSecrets = 100

// LeakReport hands in client secrets that were found where others can read them (R35).
type LeakReport struct {
	Secrets []string `json:"secrets"`
	URL     string   `json:"url,omitempty"` // where they were found
}

// Suspension says since when, by whom (a user ID) and why something is suspended; absent while it works.
type Suspension struct {
	At     *time.Time `json:"suspended_at,omitempty"`
	By     string     `json:"suspended_by,omitempty"` // empty when a command on the store did it
	Reason string     `json:"suspended_reason,omitempty"`
}

// NewSuspension is the suspension as it is shown.
func NewSuspension(s policy.Suspension) Suspension { return Suspension{OrNull(s.At), s.By, s.Reason} }

// Key is an access key, without its secret, which the server does not store.
type Key struct {
	ClientID       string        `json:"client_id"`
	TenantID       string        `json:"tenant_id"`
	UserID         string        `json:"user_id"`
	UserName       string        `json:"user_name"`
	Email          string        `json:"email"`
	Label          string        `json:"label"`
	Scopes         []string      `json:"scopes"`
	Status         policy.Status `json:"status"`
	CreatedAt      time.Time     `json:"created_at"`
	SecretIssuedAt time.Time     `json:"secret_issued_at"`
	Secrets        []Secret      `json:"secrets"` // those that work, the newest first (R6)
	LastAccessAt   *time.Time    `json:"last_access_at"`
	// LastAccessAddress is where the last access came from; null when that is not known (R7).
	LastAccessAddress *string       `json:"last_access_address"`
	ExpiresAt         *time.Time    `json:"expires_at"`
	Marks             []policy.Mark `json:"marks"`
	Audiences         []string      `json:"audiences,omitempty"` // that its tokens can be for (R33); none: any
	// AllowedNetworks are those from which it can be used; absent when it can be used everywhere (R33).
	AllowedNetworks []string `json:"allowed_networks,omitempty"`
	// TokenLifetimeSeconds is how long its tokens live at most; absent when that is as long as is configured (R33).
	TokenLifetimeSeconds int `json:"token_lifetime_seconds,omitempty"`
	// TokensPerMinute is its quota; absent when it has none (R36).
	TokensPerMinute int `json:"tokens_per_minute,omitempty"`
	// OwnExpiresAt is the end that it was given; absent when it expires under the policy alone. ExpiresAt is the earlier of both (R33).
	OwnExpiresAt *time.Time `json:"own_expires_at,omitempty"`
	Suspension
}

// Secret is a client secret of an access key, without the secret itself.
type Secret struct {
	IssuedAt     time.Time  `json:"issued_at"`
	EndsAt       *time.Time `json:"ends_at"` // of the old secret during an overlap; null for the current one
	LastAccessAt *time.Time `json:"last_access_at"`
}

// Unconfirmed is false in the answer that has a new secret or link which no replica of the store has confirmed, and else absent.
type Unconfirmed struct {
	Confirmed *bool `json:"confirmed,omitempty"`
}

// KeyWithSecret is the only answer with a client secret (R3).
type KeyWithSecret struct {
	Key
	ClientSecret         string     `json:"client_secret"`
	PreviousSecretEndsAt *time.Time `json:"previous_secret_ends_at,omitempty"`
	DroppedScopes        []string   `json:"dropped_scopes,omitempty"` // lost at this refresh: above what the owner may do (R9)
	Unconfirmed
}

// KeyForPickUp is an access key whose secret its owner has yet to generate (R26).
type KeyForPickUp struct {
	Key
	URL       string    `json:"pick_up_url"`
	ExpiresAt time.Time `json:"pick_up_expires_at"`
	Unconfirmed
}
