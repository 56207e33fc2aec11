package store

import (
	"context"
	"time"
)

// Ephemera keeps small values that die by themselves: sessions of the console, links that are valid once. Expires only
// says when the store may forget a value; whoever reads it judges by what the value itself says.
type Ephemera interface {
	// PutEphemeral saves the value, replacing one under the same key.
	PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error
	// Ephemeral returns the value, or ErrNotFound.
	Ephemeral(ctx context.Context, key string) ([]byte, error)
	// TakeEphemeral returns the value and removes it, so that of many who ask one gets it and the others ErrNotFound.
	TakeEphemeral(ctx context.Context, key string) ([]byte, error)
	// DeleteEphemeral removes the value. One that is gone already is no error.
	DeleteEphemeral(ctx context.Context, key string) error
	// ForgetEphemera drops the values whose time has come, where the store does not do so by itself.
	ForgetEphemera(ctx context.Context, now time.Time) error
}

// Rate allows Burst at once and then Burst per Period, evenly. Both are positive.
type Rate struct {
	Burst  int
	Period time.Duration
}

// Limits counts across all who share the store, by real time and not by the server's clock. The keys of one budget must
// always come with the same rate.
type Limits interface {
	// Reserve takes one from the budget of the key and returns 0. When none is left it takes nothing and returns how
	// long to wait for the next one. Of any number who ask at once, exactly as many as are left get one.
	Reserve(ctx context.Context, key string, rate Rate) (wait time.Duration, err error)
	// Refund gives one back that was reserved. There is never more than a burst in the budget, however much is given back.
	Refund(ctx context.Context, key string, rate Rate) error
}
