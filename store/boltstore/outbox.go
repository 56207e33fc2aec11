package boltstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// An entry is kept under the time at which it is due. A lease is just a later time.

func outboxID(entry store.OutboxEntry) string {
	return entry.Event.AccountID + separator + entry.Event.ID
}

func outboxKey(entry store.OutboxEntry, due time.Time) string {
	return instant(due) + entry.Event.ID + separator + entry.Event.AccountID
}

// schedule saves the entry as due at the given time, replacing any earlier one.
func schedule(tx *bbolt.Tx, entry store.OutboxEntry, due time.Time) error {
	key := outboxKey(entry, due)
	return errors.Join(
		unschedule(tx, entry),
		bucketOutbox.putJSON(tx, key, entry),
		bucketOutboxPlaces.put(tx, outboxID(entry), []byte(key)),
	)
}

func unschedule(tx *bbolt.Tx, entry store.OutboxEntry) error {
	id := outboxID(entry)
	key := bucketOutboxPlaces.get(tx, id)
	if key == nil {
		return nil
	}
	return errors.Join(bucketOutbox.delete(tx, string(key)), bucketOutboxPlaces.delete(tx, id))
}

// ClaimOutbox implements store.Outbox. When nothing is due it only reads.
func (s *Store) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) (entries []store.OutboxEntry, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		entries, err = dueEntries(tx, now, 1)
		return err
	})
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	err = s.write(ctx, func(tx *bbolt.Tx) error {
		entries, err = dueEntries(tx, now, limit)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := schedule(tx, entry, leaseEnds); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

func dueEntries(tx *bbolt.Tx, now time.Time, limit int) (entries []store.OutboxEntry, err error) {
	err = bucketOutbox.scanUntil(tx, now, limit, func(key string, value []byte) error {
		entry, err := decode[store.OutboxEntry](bucketOutbox, key, value)
		entries = append(entries, entry)
		return err
	})
	return entries, err
}

// CompleteOutbox implements store.Outbox.
func (s *Store) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	return s.write(ctx, func(tx *bbolt.Tx) error { return unschedule(tx, entry) })
}

// PostponeOutbox implements store.Outbox.
func (s *Store) PostponeOutbox(ctx context.Context, entry store.OutboxEntry, due time.Time) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		if !bucketOutboxPlaces.has(tx, outboxID(entry)) {
			return nil
		}
		return schedule(tx, entry, due)
	})
}

// Backlog implements store.Outbox.
func (s *Store) Backlog(ctx context.Context) (found store.Backlog, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketOutbox.scan(tx, "", store.Page{Limit: store.MaxBacklog}, func(key string, _ []byte) error {
			id, _, _ := strings.Cut(key[instantSize:], separator)
			found.Add(id)
			return nil
		})
	})
	return found, err
}
