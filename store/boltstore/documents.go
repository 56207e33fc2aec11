package boltstore

import (
	"bytes"
	"context"
	"errors"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// Document implements store.Documents.
func (s *Store) Document(ctx context.Context, name string) (document []byte, err error) {
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		document = bytes.Clone(bucketDocuments.get(tx, name))
		if document == nil {
			return store.ErrNotFound
		}
		return nil
	})
	return document, err
}

// UpdateDocument implements store.Documents. A change that changes nothing is not written: a commit waits for the disk, and a start makes
// several such changes.
func (s *Store) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	before, err := s.Document(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	after, err := change(bytes.Clone(before))
	if err != nil || bytes.Equal(before, after) && (before == nil) == (after == nil) {
		return err
	}
	return s.write(ctx, func(tx *bbolt.Tx) error {
		document, err := change(bytes.Clone(bucketDocuments.get(tx, name)))
		if err != nil {
			return err
		}
		if document == nil {
			return bucketDocuments.delete(tx, name)
		}
		return bucketDocuments.put(tx, name, document)
	})
}
