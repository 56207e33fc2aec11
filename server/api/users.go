package api

import (
	"time"

	"mintkey/policy"
)

// NewUser requests a new user. The ID is generated if it is empty; the name defaults to the e-mail address.
type NewUser struct {
	ID       string          `json:"id,omitempty"`
	Kind     policy.UserKind `json:"kind,omitempty"`
	Name     string          `json:"name,omitempty"`
	Email    string          `json:"email"`
	Roles    []policy.Role   `json:"roles,omitempty"`
	Password *string         `json:"password,omitempty"`
	Disabled bool            `json:"disabled,omitempty"`
}

// UserChange is a JSON merge patch (RFC 7396) of a user: absent members stay unchanged, and a null password removes the
// password.
type UserChange struct {
	Kind     *policy.UserKind `json:"kind,omitempty"`
	Name     *string          `json:"name,omitempty"`
	Email    *string          `json:"email,omitempty"`
	Roles    *[]policy.Role   `json:"roles,omitempty"`
	Password Nullable[string] `json:"password,omitzero"`
	Disabled *bool            `json:"disabled,omitempty"`
}

// User is a user of an account.
type User struct {
	ID          string          `json:"id"`
	AccountID   string          `json:"account_id"`
	Kind        policy.UserKind `json:"kind"`
	Name        string          `json:"name"`
	Email       string          `json:"email"`
	Roles       []policy.Role   `json:"roles"`
	Disabled    bool            `json:"disabled"`
	HasPassword bool            `json:"has_password"`
	CreatedAt   time.Time       `json:"created_at"`
}
