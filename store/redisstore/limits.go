package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/go-redis/redis_rate/v10"

	"mintkey/store"
)

// Spend implements store.Limits. It is counted by the clock of Redis, and an answer that got lost may count twice.
func (s *Store) Spend(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	result, err := s.allow(ctx, key, rate, 1)
	if err != nil || result.Allowed > 0 {
		return 0, err
	}
	return max(1, result.RetryAfter), nil
}

// Wait implements store.Limits.
func (s *Store) Wait(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	// To ask for none is always allowed and tells only when the budget will be whole again. One is left when all but one are missing.
	result, err := s.allow(ctx, key, rate, 0)
	if err != nil {
		return 0, err
	}
	allButOne := rate.Period * time.Duration(rate.Burst-1) / time.Duration(rate.Burst)
	return max(0, result.ResetAfter-allButOne), nil
}

func (s *Store) allow(ctx context.Context, key string, rate store.Rate, n int) (*redis_rate.Result, error) {
	limit := redis_rate.Limit{Rate: rate.Burst, Burst: rate.Burst, Period: rate.Period}
	// A digest, because the key may hold what a stranger typed: an e-mail address, or a client secret in the wrong field.
	digest := sha256.Sum256([]byte(key))
	result, err := s.limiter.AllowN(ctx, "mintkey:"+hex.EncodeToString(digest[:16]), limit, n)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return result, nil
}
