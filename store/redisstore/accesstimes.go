package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// RecordAccess implements store.AccessTimes. Times are kept to the microsecond.
func (s *Store) RecordAccess(ctx context.Context, times map[store.KeyRef]time.Time) error {
	byTenant := map[string][]redis.Z{}
	for key, at := range times {
		byTenant[key.TenantID] = append(byTenant[key.TenantID], redis.Z{Score: float64(at.UnixMicro()), Member: key.ClientID})
	}
	pipe := s.client.Pipeline()
	for tenantID, members := range byTenant {
		pipe.ZAddArgs(ctx, accessTimesKey(tenantID), redis.ZAddArgs{GT: true, Members: members})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, err)
	}
	return nil
}

// AccessTimes implements store.AccessTimes.
func (s *Store) AccessTimes(ctx context.Context, tenantID string, clientIDs []string) (map[string]time.Time, error) {
	times := map[string]time.Time{}
	if len(clientIDs) == 0 {
		return times, ctx.Err()
	}
	scores, err := s.client.ZMScore(ctx, accessTimesKey(tenantID), clientIDs...).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	for i, score := range scores {
		if score != 0 { // the score of a key that was never used
			times[clientIDs[i]] = time.UnixMicro(int64(score)).UTC()
		}
	}
	return times, nil
}
