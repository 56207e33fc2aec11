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
	for {
		some := false
		err := s.read(ctx, func(tx *bbolt.Tx) error {
			return times.scanUntil(tx, now, 1, func(string, []byte) error {
				some = true
				return nil
			})
		})
		if err != nil || !some {
			return err
		}
		err = s.write(ctx, func(tx *bbolt.Tx) error {
			var over []string
			err := times.scanUntil(tx, now, forgetAtOnce, func(key string, _ []byte) error {
				over = append(over, key)
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
