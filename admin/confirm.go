package admin

import (
	"context"
	"errors"
	"fmt"

	"mintkey/policy"
	"mintkey/store"
)

// The forms of store.ErrUnconfirmed that say what to do.
var (
	// ErrNothingMade means that no replica of the store can be reached, and so no secret was made: it could be lost with the primary.
	ErrNothingMade = fmt.Errorf("%w: no replica of the store can be reached, so nothing was made", store.ErrUnconfirmed)
	// ErrInEffect means that something has ended, here and on every server, but that no replica has confirmed it.
	ErrInEffect = fmt.Errorf("%w: what was to end has ended", store.ErrUnconfirmed)
)

// readyForSecret is ErrNothingMade when the store could not confirm a secret of the tenant. It is asked before one is made.
func (s *Service) readyForSecret(ctx context.Context, tenantID string) error {
	return nothingMade(s.Store.Confirm(ctx, tenantID))
}

func nothingMade(err error) error {
	if errors.Is(err, store.ErrUnconfirmed) {
		return ErrNothingMade
	}
	return err
}

// inEffect is the error of an operation that ends something, once that has ended.
func inEffect(err error) error {
	if errors.Is(err, store.ErrUnconfirmed) {
		return ErrInEffect
	}
	return err
}

// handingOut runs a change that makes a secret. One that no replica has confirmed is no error, because the secret would be lost: its key
// says so.
func handingOut(ctx context.Context, key *Key, change func(context.Context) error) error {
	err := store.ConfirmOnce(ctx, change)
	if key.Unconfirmed = errors.Is(err, store.ErrUnconfirmed); key.Unconfirmed {
		return nil
	}
	return err
}

// endsTokens says whether one of the events ended something.
func endsTokens(events []policy.Event) bool {
	for _, event := range events {
		if event.Payload.Revoked != nil || event.Payload.Ended != nil {
			return true
		}
	}
	return false
}
