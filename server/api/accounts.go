package api

import (
	"time"

	"mintkey/policy"
)

// NewAccount asks for an account. Without an ID one is made.
type NewAccount struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// Account is an account.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// NewTenant asks for a tenant. Without an ID one is made.
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
	Release       string    `json:"release"` // as it was written
	PasswordGrant bool      `json:"password_grant"`
	CreatedAt     time.Time `json:"created_at"`
}

// MemberChange asks for a membership with this role.
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

// PasswordLogin says how often, and from where, a member of a tenant still uses a password.
type PasswordLogin struct {
	UserID  string    `json:"user_id"`
	Name    string    `json:"name"`
	Email   string    `json:"email"`
	LastAt  time.Time `json:"last_at"`
	Count   int64     `json:"count"`
	Address string    `json:"address"` // of the last time
}
