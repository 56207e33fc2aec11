// Package budgettest gives tests stores whose budgets come back so slowly that no test sees it, however long it takes on a busy machine.
package budgettest

import (
	"context"
	"time"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
)

// slower is how much more slowly than promised budgets come back. A client is told to wait as long as ever.
const slower = 1000

// Bolt is a store in a file. It may be used from many goroutines.
type Bolt struct{ *boltstore.Store }

// Reserve implements store.Limits.
func (s Bolt) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return reserve(ctx, s.Store, key, rate)
}

// Refund implements store.Limits.
func (s Bolt) Refund(ctx context.Context, key string, rate store.Rate) error {
	return refund(ctx, s.Store, key, rate)
}

// Redis is a store in Redis. It may be used from many goroutines.
type Redis struct{ *redisstore.Store }

// Reserve implements store.Limits.
func (s Redis) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return reserve(ctx, s.Store, key, rate)
}

// Refund implements store.Limits.
func (s Redis) Refund(ctx context.Context, key string, rate store.Rate) error {
	return refund(ctx, s.Store, key, rate)
}

func reserve(ctx context.Context, l store.Limits, key string, rate store.Rate) (time.Duration, error) {
	rate.Period *= slower
	wait, err := l.Reserve(ctx, key, rate)
	return (wait + slower - 1) / slower, err
}

func refund(ctx context.Context, l store.Limits, key string, rate store.Rate) error {
	rate.Period *= slower
	return l.Refund(ctx, key, rate)
}
