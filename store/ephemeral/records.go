package ephemeral

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"mintkey/store"
)

// Records keeps records of one type as JSON, each under an ID. A record about something that was deleted is a tombstone.
type Records[T any] struct {
	Store  store.Ephemera
	Prefix string // of the keys in the store, with the slash at its end; no other Records has the same
}

// Put saves the record, replacing one under the same ID. The store may delete it once it has expired.
func (r Records[T]) Put(ctx context.Context, id string, record T, expires time.Time) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write %s: %w", r.Prefix, err)
	}
	return r.Store.PutEphemeral(ctx, r.Prefix+id, value, expires)
}

// Get returns the record, or store.ErrNotFound.
func (r Records[T]) Get(ctx context.Context, id string) (T, error) {
	return r.read(ctx, r.Store.Ephemeral, id)
}

// Take returns the record and removes it: of many callers one gets it, and the others store.ErrNotFound.
func (r Records[T]) Take(ctx context.Context, id string) (T, error) {
	return r.read(ctx, r.Store.TakeEphemeral, id)
}

// Update replaces the record by what change makes of it, in one step; change gets the zero record while there is none, and says until when
// the new one is kept. It may be called several times; its error is returned as it is, with nothing changed.
func (r Records[T]) Update(ctx context.Context, id string, change func(T) (T, time.Time, error)) error {
	return r.Store.UpdateEphemeral(ctx, r.Prefix+id, func(value []byte) ([]byte, time.Time, error) {
		var record T
		if value != nil {
			if err := json.Unmarshal(value, &record); err != nil {
				return nil, time.Time{}, fmt.Errorf("read %s: %w", r.Prefix, err)
			}
		}
		record, expires, err := change(record)
		if err != nil {
			return nil, time.Time{}, err
		}
		value, err = json.Marshal(record)
		return value, expires, err
	})
}

// Delete removes the record. One that is gone already is no error.
func (r Records[T]) Delete(ctx context.Context, id string) error {
	return r.Store.DeleteEphemeral(ctx, r.Prefix+id)
}

func (r Records[T]) read(ctx context.Context, from func(context.Context, string) ([]byte, error), id string) (record T, err error) {
	value, err := from(ctx, r.Prefix+id)
	if err != nil {
		return record, err
	}
	if err := json.Unmarshal(value, &record); err != nil {
		return record, fmt.Errorf("read %s: %w", r.Prefix, err)
	}
	return record, nil
}
