package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"mintkey/store"
)

// count is the generic cell rate algorithm, by the clock of Redis and in microseconds. A budget is stored as the instant
// at which it will be whole again. Each reservation moves that by one step, and it can't be farther away than a burst of steps.
// ARGV is the burst, the step, and how many to take: 1, or -1 to give one back. It returns how long to wait; 0 when it is done.
const countSource = `
local burst, step, take = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local whole = tonumber(redis.call('GET', KEYS[1]) or now)
whole = math.min(math.max(whole, now), now + burst * step) + take * step
local wait = whole - (now + burst * step)
if wait > 0 then return wait end
if whole <= now then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
end
return 0
`

var count = newScript(countSource)

// Reserve implements store.Limits. It goes by the clock of Redis. A request whose answer is lost may count twice.
func (s *Store) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	return s.count(ctx, key, rate, 1)
}

// Refund implements store.Limits.
func (s *Store) Refund(ctx context.Context, key string, rate store.Rate) error {
	_, err := s.count(ctx, key, rate, -1)
	return err
}

func (s *Store) count(ctx context.Context, key string, rate store.Rate, take int) (time.Duration, error) {
	step := max(rate.Period/time.Duration(rate.Burst)/time.Microsecond, 1)
	wait, err := count.Run(ctx, s.client, []string{limitKey(key)}, rate.Burst, int64(step), take).Int64()
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	return time.Duration(wait) * time.Microsecond, nil
}

// limitKey has a digest, because the key may contain what a user typed: an e-mail address, or a client secret in the wrong field.
func limitKey(key string) string {
	digest := sha256.Sum256([]byte(key))
	return "mintkey:limit:" + hex.EncodeToString(digest[:16])
}
