package store

import (
	"context"
	"time"
)

// Revocation ends tokens before they expire: all that carry a status index, or one by its jti.
type Revocation struct {
	// ID orders revocations as they were recorded; the store sets it. It is printable and has no spaces.
	ID string `json:"-"`
	// Index is the status list index of the revoked tokens; 0 if TokenID is set.
	Index uint64 `json:"index,omitempty"`
	// TokenID is the jti of the single revoked token; empty if Index is set.
	TokenID   string    `json:"jti,omitempty"`
	ClientID  string    `json:"client_id,omitempty"`
	AccountID string    `json:"account_id,omitempty"`
	At        time.Time `json:"at"`
	// Until is when the last of these tokens expires anyway. After it the store may delete the revocation.
	Until time.Time `json:"until"`
}

// Revocations is a log that every replica follows.
type Revocations interface {
	// RecordRevocations appends. It returns once every other replica can read them.
	RecordRevocations(ctx context.Context, revocations ...Revocation) error
	// Revocations lists, in the order of recording, those after the given ID; empty for the start. At most limit, which must be positive.
	Revocations(ctx context.Context, afterID string, limit int) ([]Revocation, error)
	// ForgetRevocations deletes those whose Until is before now.
	ForgetRevocations(ctx context.Context, now time.Time) error
}
