package redisstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// A record of traffic is a hash from cell to count, small enough that Redis packs it. Beside the records of a file,
// for each step and chunk, is a sorted set that ranks them by their sums. Both have a time-to-live, which each write starts again;
// it is far longer than the records are read, so that a shifted clock does not matter.

func trafficLife(step store.TrafficStep) time.Duration { return step.Kept() + step.ChunkLength() }

// refusedKey is the sorted set that ranks the record by its refusals, if it has any.
func refusedKey(r store.TrafficRecord) string {
	return slot(r.File).key(fmt.Sprintf("traffic-refused:%d:%d", r.Step, r.Chunk))
}

// rankingKey is the sorted set that the record is in.
func rankingKey(r store.TrafficRecord) string {
	return slot(r.File).key(fmt.Sprintf("traffic-ranking:%d:%d", r.Step, r.Chunk))
}

// RecordTraffic implements store.Traffic. It is not a change as in change.go: it does not wait for a replica, and go-redis
// may send a part again.
func (s *Store) RecordTraffic(ctx context.Context, counts map[store.TrafficKey]store.TrafficCounts) error {
	return s.AddTrafficRecords(ctx, store.LayOutTraffic(counts))
}

// AddTrafficRecords implements store.Inventory.
func (s *Store) AddTrafficRecords(ctx context.Context, records map[store.TrafficRecord]store.TrafficCells) error {
	for some := range slices.Chunk(slices.Collect(maps.Keys(records)), batch) {
		pipe := s.client.Pipeline()
		rankings := map[string]time.Duration{}
		for _, record := range some {
			key, cells, life := trafficKey(record), records[record], trafficLife(record.Step)
			for cell, n := range cells {
				pipe.HIncrBy(ctx, key, strconv.Itoa(cell), n)
			}
			pipe.Expire(ctx, key, life)
			if record.Name != "" {
				pipe.ZIncrBy(ctx, rankingKey(record), float64(cells.Total()), record.Name)
				rankings[rankingKey(record)] = life
				if refused := cells.Refused(); refused > 0 {
					pipe.ZIncrBy(ctx, refusedKey(record), float64(refused), record.Name)
					rankings[refusedKey(record)] = life
				}
			}
		}
		for key, life := range rankings {
			pipe.Expire(ctx, key, life)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return unavailable(ctx, err)
		}
	}
	return ctx.Err()
}

// Traffic implements store.Traffic.
func (s *Store) Traffic(ctx context.Context, of store.TrafficSource, span store.TrafficSpan) ([]store.TrafficCounts, error) {
	counts := make([]store.TrafficCounts, span.Steps)
	var records []store.TrafficRecord
	for _, chunk := range span.Chunks() {
		records = append(records, of.Record(span.Step, chunk))
	}
	err := s.eachTraffic(ctx, records, func(record store.TrafficRecord, cells store.TrafficCells) {
		span.Read(counts, record.Chunk, cells)
	})
	return counts, err
}

// ranked is how many times the limit is read from the ranking of each chunk, because chunks and spans differ.
const ranked = 4

// TrafficParts implements store.Traffic.
func (s *Store) TrafficParts(ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int) ([]store.TrafficPart, error) {
	sums, err := s.trafficSums(ctx, rankingKey, of, span, limit)
	return store.BusiestParts(sums, limit), err
}

// TrafficRefused implements store.Traffic.
func (s *Store) TrafficRefused(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	sums, err := s.trafficSums(ctx, refusedKey, of, span, limit)
	return store.RefusedParts(sums, limit), err
}

// trafficSums are the sums over the span by part, of those that come first in the ranking.
func (s *Store) trafficSums(
	ctx context.Context, ranking func(store.TrafficRecord) string, of store.TrafficSource, span store.TrafficSpan, limit int,
) (map[string]store.TrafficCounts, error) {
	chunks := span.Chunks()
	pipe := s.client.Pipeline()
	rankings := make([]*redis.StringSliceCmd, len(chunks))
	for i, chunk := range chunks {
		rankings[i] = pipe.ZRevRange(ctx, ranking(of.Parts(span.Step, chunk)), 0, int64(ranked*limit)-1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, err)
	}
	names := map[string]bool{}
	for _, ranking := range rankings {
		for _, name := range ranking.Val() {
			names[name] = true
		}
	}
	var records []store.TrafficRecord
	for name := range names {
		for _, chunk := range chunks {
			record := of.Parts(span.Step, chunk)
			record.Name = name
			records = append(records, record)
		}
	}
	sums := map[string]store.TrafficCounts{}
	err := s.eachTraffic(ctx, records, func(record store.TrafficRecord, cells store.TrafficCells) {
		sums[record.Name] = sums[record.Name].Plus(span.Sum(record.Chunk, cells))
	})
	return sums, err
}

// eachTraffic reads records. One that does not exist is empty.
func (s *Store) eachTraffic(ctx context.Context, records []store.TrafficRecord, visit func(store.TrafficRecord, store.TrafficCells)) error {
	for some := range slices.Chunk(records, batch) {
		pipe := s.client.Pipeline()
		replies := make([]*redis.MapStringStringCmd, len(some))
		for i, record := range some {
			replies[i] = pipe.HGetAll(ctx, trafficKey(record))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return unavailable(ctx, err)
		}
		for i, reply := range replies {
			cells, err := decodeCells(reply.Val())
			if err != nil {
				return err
			}
			visit(some[i], cells)
		}
	}
	return ctx.Err()
}

func decodeCells(fields map[string]string) (store.TrafficCells, error) {
	cells := make(store.TrafficCells, len(fields))
	for field, text := range fields {
		cell, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("decode traffic: %w", err)
		}
		if cells[cell], err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("decode traffic: %w", err)
		}
	}
	return cells, nil
}

// ForgetTraffic implements store.Traffic. Redis deletes them by itself.
func (*Store) ForgetTraffic(ctx context.Context, _ time.Time) error { return ctx.Err() }
