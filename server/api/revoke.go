package api

import (
	"time"

	"mintkey/policy"
)

// RevokeKeys selects the access keys to revoke: those that fit all that is given, of which there has to be something.
type RevokeKeys struct {
	UserID        string        `json:"user_id,omitempty"`
	Marks         []policy.Mark `json:"marks,omitempty"` // at least one of these
	CreatedBefore time.Time     `json:"created_before,omitzero"`
}

// RevokedKeys is what was revoked or, in a dry run, what would be.
type RevokedKeys struct {
	DryRun  bool         `json:"dry_run"`
	Keys    []Key        `json:"keys"`
	Refused []RefusedKey `json:"refused"`
	More    bool         `json:"more"` // there are more: repeat the request
}

// RefusedKey is an access key that fits, and is not the caller's to revoke.
type RefusedKey struct {
	ClientID string `json:"client_id"`
	UserID   string `json:"user_id"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
}
