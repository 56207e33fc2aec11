package server_test

import (
	"context"
	"time"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
)

// budgetsSlower is how much more slowly than promised budgets come back in tests: so slowly that none sees it, however long it takes on a
// busy machine. A client is told to wait as long as ever.
const budgetsSlower = 1000

func reserveSlowly(ctx context.Context, l store.Limits, key string, rate store.Rate) (time.Duration, error) {
	rate.Period *= budgetsSlower
	wait, err := l.Reserve(ctx, key, rate)
	return (wait + budgetsSlower - 1) / budgetsSlower, err
}

func refundSlowly(ctx context.Context, l store.Limits, key string, rate store.Rate) error {
	rate.Period *= budgetsSlower
	return l.Refund(ctx, key, rate)
}

type boltOfTests struct{ *boltstore.Store }

func (s boltOfTests) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return reserveSlowly(ctx, s.Store, key, rate)
}

func (s boltOfTests) Refund(ctx context.Context, key string, rate store.Rate) error {
	return refundSlowly(ctx, s.Store, key, rate)
}

type redisOfTests struct{ *redisstore.Store }

func (s redisOfTests) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return reserveSlowly(ctx, s.Store, key, rate)
}

func (s redisOfTests) Refund(ctx context.Context, key string, rate store.Rate) error {
	return refundSlowly(ctx, s.Store, key, rate)
}
