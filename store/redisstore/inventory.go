package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// DocumentNames implements store.Inventory. No index lists documents, so it goes through all keys.
func (s *Store) DocumentNames(ctx context.Context) ([]string, error) {
	keys, err := s.scan(ctx, documentKey("*"))
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, documentKey(""))
	}
	return keys, nil
}

// scan lists, in order, the keys on every node that match a pattern. It goes through all keys.
func (s *Store) scan(ctx context.Context, pattern string) (keys []string, err error) {
	var mu sync.Mutex
	one := func(ctx context.Context, node *redis.Client) error {
		found := node.Scan(ctx, 0, pattern, batch).Iterator()
		for found.Next(ctx) {
			mu.Lock()
			keys = append(keys, found.Val())
			mu.Unlock()
		}
		return found.Err()
	}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, one)
	} else if node, ok := s.client.(*redis.Client); ok {
		err = one(ctx, node)
	}
	if redis.HasErrorPrefix(err, "NOPERM") {
		return nil, fmt.Errorf("%w: the Redis user of --store may not use SCAN, which backup, store check and store upgrade need and a server "+
			"does not: name a user that also has +scan", store.ErrUnavailable)
	}
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil // a scan may repeat itself
}

// EachTrafficRecord implements store.Inventory. It goes through all keys.
func (s *Store) EachTrafficRecord(ctx context.Context, visit func(store.TrafficRecord, store.TrafficCells) error) error {
	keys, err := s.scan(ctx, slot("*").key("traffic:*"))
	if err != nil {
		return err
	}
	records := make([]store.TrafficRecord, len(keys))
	for i, key := range keys {
		if records[i], err = parseTrafficKey(key); err != nil {
			return err
		}
	}
	var refused error
	err = s.eachTraffic(ctx, records, func(record store.TrafficRecord, cells store.TrafficCells) {
		if refused == nil && len(cells) > 0 {
			refused = visit(record, cells)
		}
	})
	if refused != nil {
		return refused
	}
	return err
}

// EachOutboxEntry implements store.Inventory.
func (s *Store) EachOutboxEntry(ctx context.Context, visit func(store.OutboxEntry, time.Time) error) error {
	members, err := s.client.ZRange(ctx, outboxesKey, 0, -1).Result()
	if err != nil {
		return unavailable(ctx, err)
	}
	for _, listed := range groupListings(members) {
		places, err := s.client.ZRange(ctx, listed.slot.outboxKey(), 0, -1).Result()
		if err != nil {
			return unavailable(ctx, err)
		}
		for some := range slices.Chunk(places, batch) {
			if err := s.visitEntries(ctx, listed.slot, some, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) visitEntries(ctx context.Context, at slot, places []string, visit func(store.OutboxEntry, time.Time) error) error {
	keys := make([]string, len(places))
	for i, text := range places {
		keys[i] = at.entryKey(place(text).eventID())
	}
	entries, err := s.getAll(ctx, keys...)
	if err != nil {
		return err
	}
	for _, read := range entries {
		if !read.exists {
			continue // completed meanwhile
		}
		due, dueErr := parseInstant(read.value)
		entry, err := decodeEntry(read)
		if err := errors.Join(dueErr, err); err != nil {
			return err
		}
		if err := visit(entry, due); err != nil {
			return err
		}
	}
	return nil
}

// EachEphemeral implements store.Inventory.
func (s *Store) EachEphemeral(ctx context.Context, visit func(string, []byte, time.Time) error) error {
	for cursor := uint64(0); ; {
		// Members and scores in turn.
		page, next, err := s.client.ZScan(ctx, ephemera.key(ephemeraExpires), cursor, "", batch).Result()
		if err != nil {
			return unavailable(ctx, err)
		}
		var keys, names []string
		for i := 0; i < len(page); i += 2 {
			keys, names = append(keys, page[i]), append(names, ephemeralKey(page[i]))
		}
		values, err := s.getAll(ctx, names...)
		if err != nil {
			return err
		}
		for i, read := range values {
			if !read.exists {
				continue // taken meanwhile
			}
			expires, err := parseInstant(read.value)
			if err != nil {
				return err
			}
			_, value, _ := strings.Cut(read.value, " ")
			if err := visit(keys[i], []byte(value), expires); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}
