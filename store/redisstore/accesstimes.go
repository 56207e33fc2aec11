package redisstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// The times alone are in a sorted set for each tenant, which tables go by. The rest of what is known of a key's uses is a record of its
// own, which only knows more than the set.

// replaceAll sets each of KEYS to its new value, unless it is no longer as it was read, and returns the places of those. ARGV is the old
// value behind an equals sign, or nothing for a key that did not exist, and the new value, for each.
//
//nolint:dupword // Lua ends each block by a word
const replaceAll = `
local changed = {}
for i, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if (value and '=' .. value or '') == ARGV[2 * i - 1] then
    redis.call('SET', key, ARGV[2 * i])
  else
    table.insert(changed, i - 1)
  end
end
return changed
`

// RecordAccess implements store.AccessTimes. Times are kept to the microsecond. It is not a change as in change.go: it does not wait for a
// replica, and go-redis may send a part again.
func (s *Store) RecordAccess(ctx context.Context, uses map[store.KeyRef]store.KeyAccess) error {
	byTenant := map[string][]redis.Z{}
	for key, use := range uses {
		byTenant[key.TenantID] = append(byTenant[key.TenantID], redis.Z{Score: float64(use.At.UnixMicro()), Member: key.ClientID})
	}
	pipe := s.client.Pipeline()
	for tenantID, members := range byTenant {
		pipe.ZAddArgs(ctx, accessTimesKey(tenantID), redis.ZAddArgs{GT: true, Members: members})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, err)
	}
	refs := slices.Collect(maps.Keys(uses))
	for tenantID := range byTenant {
		ofTenant := slices.DeleteFunc(slices.Clone(refs), func(ref store.KeyRef) bool { return ref.TenantID != tenantID })
		for some := range slices.Chunk(ofTenant, batch) {
			if err := s.mergeAccesses(ctx, some, uses); err != nil {
				return err
			}
		}
	}
	return nil
}

// mergeAccesses merges the uses of keys of one tenant with what is saved. Other servers do the same at the same time.
func (s *Store) mergeAccesses(ctx context.Context, refs []store.KeyRef, uses map[store.KeyRef]store.KeyAccess) error {
	return untilSaved(ctx, func() (bool, error) {
		keys := make([]string, len(refs))
		for i, ref := range refs {
			keys[i] = accessKey(ref.TenantID, ref.ClientID)
		}
		saved, err := s.getAll(ctx, keys...)
		if err != nil {
			return false, err
		}
		var args []any
		for i, old := range saved {
			before, given := store.KeyAccess{}, ""
			if old.exists {
				given = "=" + old.value
				if before, err = decode[store.KeyAccess](old.value); err != nil {
					return false, err
				}
			}
			after := before.Plus(uses[refs[i]])
			after.At = after.At.UTC()
			text, err := store.EncodePlainRecord(after)
			if err != nil {
				return false, err
			}
			args = append(args, given, text)
		}
		changed, err := s.client.Eval(ctx, replaceAll, keys, args...).Int64Slice()
		if err != nil {
			return false, unavailable(ctx, err)
		}
		again := make([]store.KeyRef, len(changed))
		for i, place := range changed {
			again[i] = refs[place]
		}
		refs = again
		return len(refs) == 0, nil
	})
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

// Accesses implements store.AccessTimes.
func (s *Store) Accesses(ctx context.Context, tenantID string, clientIDs []string) (map[string]store.KeyAccess, error) {
	times, err := s.AccessTimes(ctx, tenantID, clientIDs)
	if err != nil {
		return nil, err
	}
	used := slices.Collect(maps.Keys(times))
	found := make(map[string]store.KeyAccess, len(used))
	for some := range slices.Chunk(used, batch) {
		records, err := findAll[store.KeyAccess](ctx, s, some, func(id string) string { return accessKey(tenantID, id) })
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			found[id] = records[id].Since(times[id])
		}
	}
	return found, nil
}
