package api

import (
	"time"

	"mintkey/policy"
)

// NewAccount requests a new account. The ID is generated if it is empty.
type NewAccount struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// Account is an account.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	// SecondFactor says of whom the console asks for a second factor.
	SecondFactor policy.SecondFactorRule `json:"second_factor"`
}

// AccountChange changes an account. What it leaves out stays as it is.
type AccountChange struct {
	SecondFactor *policy.SecondFactorRule `json:"second_factor,omitempty"`
}

// NewTenant requests a new tenant. The ID is generated if it is empty.
type NewTenant struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	Release string `json:"release"` // year.number, such as 24.3 (R21)
}

// Tenant is a tenant of an account.
type Tenant struct {
	ID            string    `json:"id"`
	AccountID     string    `json:"account_id"`
	Name          string    `json:"name"`
	Release       string    `json:"release"` // as it was given
	PasswordGrant bool      `json:"password_grant"`
	CreatedAt     time.Time `json:"created_at"`
	// TokensPerMinute is the quota; absent when there is none (R36).
	TokensPerMinute int `json:"tokens_per_minute,omitempty"`
	// NoticeAddresses get the notices of the tenant's keys beside the owners (R16); absent when there are none.
	NoticeAddresses []string `json:"notice_addresses,omitempty"`
	Suspended       bool     `json:"suspended"`
	Suspension
}

// TenantChange is a JSON merge patch (RFC 7396) of a tenant: absent members stay unchanged, and null takes the quota or the
// addresses away.
type TenantChange struct {
	Name            *string            `json:"name,omitempty"`
	Release         *string            `json:"release,omitempty"` // refused: it never changes (R21)
	TokensPerMinute Nullable[int]      `json:"tokens_per_minute,omitzero"`
	NoticeAddresses Nullable[[]string] `json:"notice_addresses,omitzero"`
	Suspended       *bool              `json:"suspended,omitempty"`
	SuspendedReason string             `json:"suspended_reason,omitempty"` // only with suspended true
}

// MemberChange requests a membership with this role.
type MemberChange struct {
	Role policy.Role `json:"role"`
}

// Member is a user as a member of a tenant.
type Member struct {
	TenantID string      `json:"tenant_id"`
	UserID   string      `json:"user_id"`
	Role     policy.Role `json:"role"`
	JoinedAt time.Time   `json:"joined_at"`
	Name     string      `json:"name"`
	Email    string      `json:"email"`
}

// PasswordLogin is how often, when and from where a member of a tenant last used a password.
type PasswordLogin struct {
	UserID  string    `json:"user_id"`
	Name    string    `json:"name"`
	Email   string    `json:"email"`
	LastAt  time.Time `json:"last_at"`
	Count   int64     `json:"count"`
	Address string    `json:"address"` // of the last use
}
