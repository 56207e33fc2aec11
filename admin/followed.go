package admin

import (
	"context"
	"errors"

	"mintkey/policy"
	"mintkey/store"
)

// maxHands is how many changes of owner an operation on a key follows.
const maxHands = 5

// followed runs an operation that finds the key and then changes the membership that has it. If the key changes hands in between, the
// membership does not have it any more, which must not be taken for a key that is gone: the operation starts again, and asks again
// whether the actor may. It is store.ErrConflict if the key never stays where it was found.
func (s *Service) followed(ctx context.Context, clientID string, operation func() error) error {
	for range maxHands {
		err := operation()
		if !errors.Is(err, policy.ErrKeyNotFound) || !s.lives(ctx, clientID) {
			return err
		}
	}
	return store.ErrConflict
}

// unlessMoved is the error of an operation on the token path, which does not start again: store.ErrConflict in the place of
// policy.ErrKeyNotFound if the key has changed hands, so that a right secret is never called wrong.
func (s *Service) unlessMoved(ctx context.Context, clientID string, err error) error {
	if errors.Is(err, policy.ErrKeyNotFound) && s.lives(ctx, clientID) {
		return store.ErrConflict
	}
	return err
}

// lives says whether somebody may have the key: a store that can't say is not taken for one that has it no more.
func (s *Service) lives(ctx context.Context, clientID string) bool {
	_, err := s.Store.SubjectByClientID(ctx, clientID)
	return !errors.Is(err, store.ErrNotFound)
}
