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

// UpdateDocument implements store.Documents. A start changes several documents to what they are, which costs no commit.
func (s *Store) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	return s.writeIfChanged(ctx, func(tx *bbolt.Tx) (changed bool, err error) {
		before := bucketDocuments.get(tx, name)
		after, err := change(bytes.Clone(before))
		switch {
		case err != nil || bytes.Equal(before, after) && (before == nil) == (after == nil):
			return false, err
		case after == nil:
			return true, bucketDocuments.delete(tx, name)
		default:
			return true, bucketDocuments.put(tx, name, after)
		}
	})
}
