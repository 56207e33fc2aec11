package boltstore

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// Events implements store.AuditTrail.
func (s *Store) Events(ctx context.Context, accountID string, query store.EventsQuery) (events []policy.Event, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		if query.OldestFirst {
			events, err = eventsAfter(tx, accountID, query)
		} else {
			events, err = eventsBefore(tx, accountID, query)
		}
		return err
	})
	return events, err
}

func eventsBefore(tx *bbolt.Tx, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	prefix := []byte(accountID + separator)
	// The byte after the separator ends the account's range.
	end := append([]byte(accountID), separator[0]+1)
	if query.Before != "" {
		end = []byte(accountID + separator + query.Before)
	}
	oldest := []byte(accountID + separator + policy.NewEventID(query.Since, [10]byte{}))
	var events []policy.Event
	cursor := tx.Bucket([]byte(bucketEvents)).Cursor()
	for key, value := seekBefore(cursor, end); len(events) < query.Limit && bytes.HasPrefix(key, prefix); key, value = cursor.Prev() {
		if bytes.Compare(key, oldest) < 0 {
			break
		}
		event, err := decode[policy.Event](bucketEvents, string(key), value)
		if err != nil {
			return events, err
		}
		if !event.At.Before(query.Since) { // the ID has the millisecond only
			events = append(events, event)
		}
	}
	return events, nil
}

func eventsAfter(tx *bbolt.Tx, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	prefix := accountID + separator
	begin := prefix + max(query.After, policy.NewEventID(query.Since, [10]byte{}))
	var events []policy.Event
	cursor := tx.Bucket([]byte(bucketEvents)).Cursor()
	for key, value := cursor.Seek([]byte(begin)); len(events) < query.Limit; key, value = cursor.Next() {
		if !bytes.HasPrefix(key, []byte(prefix)) {
			break
		}
		if string(key[len(prefix):]) == query.After {
			continue
		}
		event, err := decode[policy.Event](bucketEvents, string(key), value)
		if err != nil {
			return events, err
		}
		if !event.At.Before(query.Since) {
			events = append(events, event)
		}
	}
	return events, nil
}

// seekBefore moves to the last key before end.
func seekBefore(cursor *bbolt.Cursor, end []byte) (key, value []byte) {
	if key, _ := cursor.Seek(end); key == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

// RecordEvents implements store.AuditTrail.
func (s *Store) RecordEvents(ctx context.Context, events ...policy.Event) error {
	return s.write(ctx, func(tx *bbolt.Tx) error { return appendEvents(tx, events) })
}

func appendEvents(tx *bbolt.Tx, events []policy.Event) error {
	for _, event := range events {
		if err := arrive(tx, event.AccountID, event.ID); err != nil {
			return err
		}
		if err := bucketEvents.putJSON(tx, event.AccountID+separator+event.ID, event); err != nil {
			return err
		}
		if !event.Announce {
			continue
		}
		if err := schedule(tx, store.OutboxEntry{Event: event}, event.At); err != nil {
			return err
		}
	}
	return nil
}
