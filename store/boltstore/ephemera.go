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
	return s.write(ctx, func(tx *bbolt.Tx) error { return putEphemeral(tx, key, value, expires) })
}

func putEphemeral(tx *bbolt.Tx, key string, value []byte, expires time.Time) error {
	at := instant(expires)
	return errors.Join(
		deleteEphemeral(tx, key),
		bucketEphemera.put(tx, key, append([]byte(at), value...)),
		bucketEphemeraExpiries.put(tx, at+key, nil),
	)
}

// UpdateEphemeral implements store.Ephemera.
func (s *Store) UpdateEphemeral(ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error)) error {
	return s.write(ctx, func(tx *bbolt.Tx) error {
		before, err := ephemeral(tx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		after, expires, err := change(before)
		if err != nil {
			return err
		}
		return putEphemeral(tx, key, after, expires)
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
