package store

import (
	"context"
	"time"
)

// Revocation says that tokens are dead before their time: all those that carry a status index, or one by its jti.
type Revocation struct {
	// ID orders revocations as they were recorded; the store sets it. It is printable and has no spaces.
	ID string `json:"-"`
	// Index is the status list index of the secret whose tokens are dead; 0 where a single token is meant.
	Index uint64 `json:"index,omitempty"`
	// TokenID is the jti of the single dead token; empty where Index is meant.
	TokenID   string    `json:"jti,omitempty"`
	ClientID  string    `json:"client_id,omitempty"`
	AccountID string    `json:"account_id,omitempty"`
	At        time.Time `json:"at"`
	// Until is when the last token concerned is dead anyway. After it the store may forget the revocation.
	Until time.Time `json:"until"`
}

// Revocations is a log that every replica follows.
type Revocations interface {
	// RecordRevocations appends. It returns once every other replica can read them.
	RecordRevocations(ctx context.Context, revocations ...Revocation) error
	// Revocations lists, in the order of recording, those after the given ID; empty for the start. At most limit, which must be positive.
	Revocations(ctx context.Context, afterID string, limit int) ([]Revocation, error)
	// ForgetRevocations drops those whose Until is before now.
	ForgetRevocations(ctx context.Context, now time.Time) error
}
