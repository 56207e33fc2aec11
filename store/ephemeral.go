package store

import (
	"context"
	"time"
)

// Ephemera stores small values that expire: sessions of the console, links that work once. Expires only says when the store may delete
// a value; the reader goes by the expiry in the value itself.
type Ephemera interface {
	// PutEphemeral saves the value, replacing one under the same key.
	PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error
	// Ephemeral returns the value, or ErrNotFound.
	Ephemeral(ctx context.Context, key string) ([]byte, error)
	// TakeEphemeral returns the value and removes it, so that of many callers one gets it and the others ErrNotFound.
	TakeEphemeral(ctx context.Context, key string) ([]byte, error)
	// UpdateEphemeral replaces the value by what change makes of it, in one step; there is none while change gets nil. Change may be
	// called several times, and its error is returned as it is, with nothing changed.
	UpdateEphemeral(ctx context.Context, key string, change func(value []byte) ([]byte, time.Time, error)) error
	// DeleteEphemeral removes the value. One that is gone already is no error.
	DeleteEphemeral(ctx context.Context, key string) error
	// ForgetEphemera deletes expired values, where the store does not do so by itself.
	ForgetEphemera(ctx context.Context, now time.Time) error
}

// Rate allows Burst at once and then Burst per Period, evenly. Both are positive.
type Rate struct {
	Burst  int
	Period time.Duration
}

// Limits are rate limits shared by all users of the store. They go by real time and not by the server's clock.
// A key must always come with the same rate.
type Limits interface {
	// Reserve takes one from the budget of the key and returns 0. When none is left it takes nothing and returns how long to wait
	// for the next one. Of any number of concurrent callers, exactly as many as are left get one.
	Reserve(ctx context.Context, key string, rate Rate) (wait time.Duration, err error)
	// Refund gives a reserved one back. The budget never exceeds a burst, however much is given back.
	Refund(ctx context.Context, key string, rate Rate) error
}
