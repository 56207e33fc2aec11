package boltstore

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// A record of traffic has the key file/step, chunk, name. The chunk is 8 bytes that sort by number; the value is pairs of varints,
// a cell and its count.

func trafficKey(r store.TrafficRecord) string {
	head := append([]byte(r.File+separator), byte(r.Step))
	return string(binary.BigEndian.AppendUint64(head, uint64(r.Chunk)^1<<63)) + r.Name
}

func parseTrafficKey(key string) (store.TrafficRecord, error) {
	file, rest, _ := strings.Cut(key, separator)
	if len(rest) < 9 {
		return store.TrafficRecord{}, undecodable(bucketTraffic, key, errKey)
	}
	chunk := int64(binary.BigEndian.Uint64([]byte(rest[1:9])) ^ 1<<63)
	return store.TrafficRecord{File: file, Step: store.TrafficStep(rest[0]), Chunk: chunk, Name: rest[9:]}, nil
}

func encodeCells(cells store.TrafficCells) []byte {
	var value []byte
	for _, cell := range slices.Sorted(maps.Keys(cells)) {
		value = binary.AppendUvarint(value, uint64(cell))
		value = binary.AppendUvarint(value, uint64(cells[cell]))
	}
	return value
}

func decodeCells(key string, value []byte) (store.TrafficCells, error) {
	cells := store.TrafficCells{}
	for len(value) > 0 {
		cell, n := binary.Uvarint(value)
		count, m := binary.Uvarint(value[max(n, 0):])
		if n <= 0 || m <= 0 || cell > math.MaxInt32 || count > math.MaxInt64 {
			return nil, undecodable(bucketTraffic, key, errValue)
		}
		cells[int(cell)] = int64(count)
		value = value[n+m:]
	}
	return cells, nil
}

// RecordTraffic implements store.Traffic.
func (s *Store) RecordTraffic(ctx context.Context, counts map[store.TrafficKey]store.TrafficCounts) error {
	return s.AddTrafficRecords(ctx, store.LayOutTraffic(counts))
}

// AddTrafficRecords implements store.Inventory.
func (s *Store) AddTrafficRecords(ctx context.Context, records map[store.TrafficRecord]store.TrafficCells) error {
	added := map[string]store.TrafficCells{}
	for record, cells := range records {
		added[trafficKey(record)] = cells
	}
	if len(added) == 0 {
		return ctx.Err()
	}
	keys := slices.Sorted(maps.Keys(added)) // neighbours are on one page
	return s.write(ctx, func(tx *bbolt.Tx) error {
		for _, key := range keys {
			cells, err := decodeCells(key, bucketTraffic.get(tx, key))
			if err != nil {
				return err
			}
			for cell, n := range added[key] {
				cells[cell] += n
			}
			if err := bucketTraffic.put(tx, key, encodeCells(cells)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Traffic implements store.Traffic.
func (s *Store) Traffic(ctx context.Context, of store.TrafficSource, span store.TrafficSpan) ([]store.TrafficCounts, error) {
	counts := make([]store.TrafficCounts, span.Steps)
	err := s.read(ctx, func(tx *bbolt.Tx) error {
		for _, chunk := range span.Chunks() {
			key := trafficKey(of.Record(span.Step, chunk))
			cells, err := decodeCells(key, bucketTraffic.get(tx, key))
			if err != nil {
				return err
			}
			span.Read(counts, chunk, cells)
		}
		return nil
	})
	return counts, err
}

// TrafficParts implements store.Traffic. It reads all parts.
func (s *Store) TrafficParts(ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int) ([]store.TrafficPart, error) {
	sums, err := s.trafficSums(ctx, of, span)
	return store.BusiestParts(sums, limit), err
}

// TrafficRefused implements store.Traffic. It reads all parts.
func (s *Store) TrafficRefused(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	sums, err := s.trafficSums(ctx, of, span)
	return store.RefusedParts(sums, limit), err
}

// trafficSums are the sums over the span by part.
func (s *Store) trafficSums(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan,
) (map[string]store.TrafficCounts, error) {
	sums := map[string]store.TrafficCounts{}
	err := s.read(ctx, func(tx *bbolt.Tx) error {
		for _, chunk := range span.Chunks() {
			prefix := trafficKey(of.Parts(span.Step, chunk))
			err := bucketTraffic.scan(tx, prefix, everything(), func(name string, value []byte) error {
				cells, err := decodeCells(prefix+name, value)
				sums[name] = sums[name].Plus(span.Sum(chunk, cells))
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return sums, err
}

// ForgetTraffic implements store.Traffic. When nothing is due it only reads.
func (s *Store) ForgetTraffic(ctx context.Context, now time.Time) error {
	for {
		var old []string
		err := s.read(ctx, func(tx *bbolt.Tx) error {
			old = oldTraffic(tx, now, forgetAtOnce)
			return nil
		})
		if err != nil || len(old) == 0 {
			return err
		}
		err = s.write(ctx, func(tx *bbolt.Tx) (err error) {
			for _, key := range old {
				err = errors.Join(err, bucketTraffic.delete(tx, key))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// oldTraffic finds keys that may be deleted. In each file it reads the oldest of every step and skips the rest.
func oldTraffic(tx *bbolt.Tx, now time.Time, limit int) (old []string) {
	cursor := tx.Bucket([]byte(bucketTraffic)).Cursor()
	for key, _ := cursor.First(); key != nil && len(old) < limit; {
		file, rest, _ := strings.Cut(string(key), separator)
		step := store.TrafficStep(rest[0])
		if keep := trafficKey(store.TrafficRecord{File: file, Step: step, Chunk: step.Oldest(now)}); string(key) >= keep {
			key, _ = cursor.Seek([]byte(file + separator + string(rest[0]+1)))
			continue
		}
		old = append(old, string(key))
		key, _ = cursor.Next()
	}
	return old
}
