package boltstore

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// DocumentNames implements store.Inventory.
func (s *Store) DocumentNames(ctx context.Context) (names []string, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketDocuments.scan(tx, "", everything(), func(name string, _ []byte) error {
			names = append(names, name)
			return nil
		})
	})
	return names, err
}

// EachOutboxEntry implements store.Inventory. It reads one snapshot, taken at the call.
func (s *Store) EachOutboxEntry(ctx context.Context, visit func(store.OutboxEntry, time.Time) error) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketOutbox.scan(tx, "", everything(), func(key string, value []byte) error {
			entry, err := decode[store.OutboxEntry](bucketOutbox, key, value)
			if err != nil {
				return err
			}
			return visit(entry, timeOf(key))
		})
	})
}

// EachEphemeral implements store.Inventory. It reads one snapshot, taken at the call.
func (s *Store) EachEphemeral(ctx context.Context, visit func(string, []byte, time.Time) error) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketEphemera.scan(tx, "", everything(), func(key string, record []byte) error {
			return visit(key, bytes.Clone(record[instantSize:]), timeOf(string(record)))
		})
	})
}

// EachTrafficRecord implements store.Inventory. It reads one snapshot, taken at the call.
func (s *Store) EachTrafficRecord(ctx context.Context, visit func(store.TrafficRecord, store.TrafficCells) error) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketTraffic.scan(tx, "", everything(), func(key string, value []byte) error {
			record, err := parseTrafficKey(key)
			if err != nil {
				return err
			}
			cells, err := decodeCells(key, value)
			if err != nil {
				return err
			}
			return visit(record, cells)
		})
	})
}
