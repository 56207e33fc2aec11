package boltstore

import (
	"bytes"
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// PutEphemeral implements store.Ephemera.
func (s *Store) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		at := instant(expires)
		return errors.Join(
			deleteEphemeral(tx, key),
			bucketEphemera.put(tx, key, append([]byte(at), value...)),
			bucketEphemeraExpiries.put(tx, at+key, nil),
		)
	})
}

// Ephemeral implements store.Ephemera.
func (s *Store) Ephemeral(ctx context.Context, key string) (value []byte, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		value, err = ephemeral(tx, key)
		return err
	})
	return value, err
}

func ephemeral(tx *bbolt.Tx, key string) ([]byte, error) {
	record := bucketEphemera.get(tx, key)
	if record == nil {
		return nil, store.ErrNotFound
	}
	return bytes.Clone(record[instantSize:]), nil
}

// TakeEphemeral implements store.Ephemera.
func (s *Store) TakeEphemeral(ctx context.Context, key string) (value []byte, err error) {
	err = s.write(ctx, func(tx *bbolt.Tx) error {
		value, err = ephemeral(tx, key)
		if err != nil {
			return err
		}
		return deleteEphemeral(tx, key)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// DeleteEphemeral implements store.Ephemera.
func (s *Store) DeleteEphemeral(ctx context.Context, key string) error {
	return s.write(ctx, func(tx *bbolt.Tx) error { return deleteEphemeral(tx, key) })
}

func deleteEphemeral(tx *bbolt.Tx, key string) error {
	record := bucketEphemera.get(tx, key)
	if record == nil {
		return nil
	}
	at := string(record[:instantSize])
	return errors.Join(bucketEphemera.delete(tx, key), bucketEphemeraExpiries.delete(tx, at+key))
}

// ForgetEphemera implements store.Ephemera.
func (s *Store) ForgetEphemera(ctx context.Context, now time.Time) error {
	return s.forget(ctx, bucketEphemera, bucketEphemeraExpiries, now)
}
