package redisstore

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// snapshot is a key as it was read. A change can be made to depend on the key being unchanged.
type snapshot struct {
	key    string
	exists bool
	value  string
}

func (s *Store) get(ctx context.Context, key string) (snapshot, error) {
	value, err := s.client.Get(ctx, key).Result()
	return newSnapshot(ctx, key, value, err)
}

func newSnapshot(ctx context.Context, key, value string, err error) (snapshot, error) {
	switch {
	case err == nil:
		return snapshot{key: key, exists: true, value: value}, nil
	case errors.Is(err, redis.Nil):
		return snapshot{key: key}, nil
	default:
		return snapshot{}, unavailable(ctx, err)
	}
}

// getAll reads many keys, of any slots, in one round trip.
func (s *Store) getAll(ctx context.Context, keys ...string) ([]snapshot, error) {
	read, err := s.pipelined(ctx, keys)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return read, nil
}

// find decodes the record under the key, or returns store.ErrNotFound.
func find[T any](ctx context.Context, s *Store, key string) (T, error) {
	record, err := s.get(ctx, key)
	if err == nil && !record.exists {
		err = store.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](record.value)
}

// findAll decodes those of the records that exist, by ID.
func findAll[T any, ID comparable](ctx context.Context, s *Store, ids []ID, key func(id ID) string) (map[ID]T, error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = key(id)
	}
	read, err := s.getAll(ctx, keys...)
	if err != nil {
		return nil, err
	}
	records := make(map[ID]T, len(ids))
	for i, record := range read {
		if !record.exists {
			continue
		}
		if records[ids[i]], err = decode[T](record.value); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// batch bounds what one round trip returns.
const batch = 500

// list reads the records whose IDs are in an index, in its order. An ID without a record was left by a crash or a race:
// it is skipped, as is a record that keep refuses.
func list[T any](ctx context.Context, s *Store, index string, page store.Page, key func(id string) string, keep func(T) bool) ([]T, error) {
	var found []T
	for after := page.After; len(found) < page.Limit; {
		want := min(page.Limit-len(found), batch)
		ids, err := s.idsAfter(ctx, index, after, want)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(ids))
		for i, id := range ids {
			keys[i] = key(id)
		}
		records, err := s.getAll(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for _, record := range slices.DeleteFunc(records, func(r snapshot) bool { return !r.exists }) {
			decoded, err := decode[T](record.value)
			if err != nil {
				return nil, err
			}
			if keep(decoded) {
				found = append(found, decoded)
			}
		}
		if len(ids) < want {
			break
		}
		after = ids[len(ids)-1]
	}
	return found, nil
}

func (s *Store) idsAfter(ctx context.Context, index, after string, limit int) ([]string, error) {
	start := "-"
	if after != "" {
		start = "(" + after
	}
	ids, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: index, Start: start, Stop: "+", ByLex: true, Count: int64(limit)}).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	return ids, nil
}

// every keeps all that list reads.
func every[T any](T) bool { return true }
