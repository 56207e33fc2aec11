package boltstore

import (
	"bytes"
	"context"

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

// UpdateDocument implements store.Documents.
func (s *Store) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
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
