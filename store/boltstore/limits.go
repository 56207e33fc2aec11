package boltstore

import (
	"context"
	"time"

	"mintkey/store"
)

// Reserve implements store.Limits. Budgets are in memory, because only one process uses the file.
func (s *Store) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return s.limits.Reserve(ctx, key, rate)
}

// Refund implements store.Limits.
func (s *Store) Refund(ctx context.Context, key string, rate store.Rate) error {
	return s.limits.Refund(ctx, key, rate)
}
