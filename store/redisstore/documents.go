package redisstore

import (
	"context"

	"mintkey/store"
)

// Document implements store.Documents.
func (s *Store) Document(ctx context.Context, name string) ([]byte, error) {
	document, err := s.get(ctx, documentKey(name))
	if err == nil && !document.exists {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return []byte(document.value), nil
}

// UpdateDocument implements store.Documents.
func (s *Store) UpdateDocument(ctx context.Context, name string, edit func([]byte) ([]byte, error)) error {
	return untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, documentKey(name))
		if err != nil {
			return false, err
		}
		var before []byte
		if old.exists {
			before = []byte(old.value)
		}
		after, err := edit(before)
		if err != nil {
			return false, err
		}
		var c change
		switch {
		case after != nil:
			c.put(old, string(after))
		case old.exists:
			c.remove(old)
		default:
			return true, nil
		}
		return s.commit(ctx, c)
	})
}
