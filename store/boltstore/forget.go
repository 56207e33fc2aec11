package boltstore

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// forgetAtOnce limits how much one transaction deletes, so that other writers don't wait long.
const forgetAtOnce = 1000

// forget deletes the records of b whose time is at or before now, by the index of times: instant and key → nothing.
// When nothing is due it only reads.
func (s *Store) forget(ctx context.Context, b, times bucket, now time.Time) error {
	return s.forgetExcept(ctx, b, times, now, func(*bbolt.Tx) string { return "" })
}

// forgetExcept is forget, and leaves the record whose key kept returns.
func (s *Store) forgetExcept(ctx context.Context, b, times bucket, now time.Time, kept func(*bbolt.Tx) string) error {
	for {
		some := false
		err := s.read(ctx, func(tx *bbolt.Tx) error {
			last := kept(tx)
			return times.scanUntil(tx, now, 2, func(key string, _ []byte) error {
				some = some || key[instantSize:] != last
				return nil
			})
		})
		if err != nil || !some {
			return err
		}
		err = s.write(ctx, func(tx *bbolt.Tx) error {
			var over []string
			last := kept(tx)
			err := times.scanUntil(tx, now, forgetAtOnce, func(key string, _ []byte) error {
				if key[instantSize:] != last {
					over = append(over, key)
				}
				return nil
			})
			for _, key := range over {
				err = errors.Join(err, times.delete(tx, key), b.delete(tx, key[instantSize:]))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// last is the highest key; empty if there is none.
func (b bucket) last(tx *bbolt.Tx) string {
	key, _ := tx.Bucket([]byte(b)).Cursor().Last()
	return string(key)
}

// scanUntil calls f for keys that begin with an instant at or before until, oldest first.
func (b bucket) scanUntil(tx *bbolt.Tx, until time.Time, limit int, visit func(key string, value []byte) error) error {
	end := instant(until)
	cursor := tx.Bucket([]byte(b)).Cursor()
	for key, value := cursor.First(); key != nil && limit > 0 && string(key[:instantSize]) <= end; key, value = cursor.Next() {
		if err := visit(string(key), value); err != nil {
			return err
		}
		limit--
	}
	return nil
}
