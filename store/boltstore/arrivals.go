package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// The order of arrivals is that of a sequence, which is part of the transaction, so a higher number can't be read before a lower one.

const arrivalFormat = "%016x"

// arrive notes that the event is being recorded, unless it is there already.
func arrive(tx *bbolt.Tx, accountID, eventID string) error {
	if bucketEvents.has(tx, accountID+separator+eventID) {
		return nil
	}
	return orderNext(tx, accountID, eventID)
}

func orderNext(tx *bbolt.Tx, accountID, eventID string) error {
	number, err := tx.Bucket([]byte(bucketArrivals)).NextSequence()
	if err != nil {
		return fmt.Errorf("number an event: %w", err)
	}
	return bucketArrivals.put(tx, accountID+separator+fmt.Sprintf(arrivalFormat, number), []byte(eventID))
}

// orderOldEvents is for a file from before there were arrivals.
func orderOldEvents(tx *bbolt.Tx) error {
	return bucketEvents.scan(tx, "", everything(), func(key string, _ []byte) error {
		accountID, eventID, _ := strings.Cut(key, separator)
		return orderNext(tx, accountID, eventID)
	})
}

// Arrivals implements store.AuditTrail.
func (s *Store) Arrivals(ctx context.Context, accountID, after string, limit int) (arrivals []store.Arrival, next string, err error) {
	start := fmt.Sprintf(arrivalFormat, 0)
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		forgotten := string(bucketMeta.get(tx, forgottenKey(accountID)))
		if after == "" {
			after = max(start, forgotten)
		}
		next = after
		last := fmt.Sprintf(arrivalFormat, tx.Bucket([]byte(bucketArrivals)).Sequence())
		if len(after) != len(start) || strings.Trim(after, "0123456789abcdef") != "" || after > last {
			return store.ErrPositionLost
		}
		if after < forgotten {
			return store.ErrPositionForgotten
		}
		prefix := accountID + separator
		return bucketArrivals.scan(tx, prefix, store.Page{After: after, Limit: limit}, func(number string, eventID []byte) error {
			next = number
			event, err := load[policy.Event](tx, bucketEvents, prefix+string(eventID))
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			arrivals = append(arrivals, store.Arrival{Position: number, Event: event})
			return err
		})
	})
	return arrivals, next, err
}

// ForgetEvents implements store.AuditTrail. The pages that become free are used again; the file does not shrink.
func (s *Store) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *bbolt.Tx) error {
		for _, event := range events {
			if err := bucketEvents.delete(tx, accountID+separator+event.ID); err != nil {
				return err
			}
		}
		return forgetArrivals(tx, accountID, 2*len(events))
	})
}

// forgetArrivals removes the oldest places whose events are gone, up to the first that is not or to the limit. Events are mostly forgotten
// in the order in which they arrived; what is left behind in another order is removed later. The last of the places is noted, because who
// has come less far has missed its event.
func forgetArrivals(tx *bbolt.Tx, accountID string, limit int) error {
	prefix := []byte(accountID + separator)
	cursor := tx.Bucket([]byte(bucketArrivals)).Cursor()
	var over []string
	for key, eventID := cursor.Seek(prefix); len(over) < limit && bytes.HasPrefix(key, prefix); key, eventID = cursor.Next() {
		if bucketEvents.has(tx, string(prefix)+string(eventID)) {
			break
		}
		over = append(over, string(key))
	}
	if len(over) == 0 {
		return nil
	}
	for _, key := range over {
		if err := bucketArrivals.delete(tx, key); err != nil {
			return err
		}
	}
	return bucketMeta.put(tx, forgottenKey(accountID), []byte(strings.TrimPrefix(over[len(over)-1], string(prefix))))
}

// forgottenKey is in the bucket of the schema, which files from before have too.
func forgottenKey(accountID string) string { return "forgotten" + separator + accountID }
