package redisstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// With this bound and these pauses, a hundred writers of one record all succeed.
const (
	attempts = 100
	maxPause = 50 * time.Millisecond
)

// untilSaved repeats an attempt that reads, decides and commits, until it is saved or fails.
func untilSaved(ctx context.Context, attempt func() (saved bool, err error)) error {
	var moved error
	for i := range attempts {
		saved, err := attempt()
		if moved = nil; errors.Is(err, errMoved) {
			moved = err
		} else if saved || err != nil {
			return err
		}
		pause := rand.N(min(time.Duration(i+1)*2*time.Millisecond, maxPause)) //nolint:gosec // spreads retries, guards nothing
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return unavailable(ctx, ctx.Err())
		}
	}
	if moved != nil {
		return unavailable(ctx, errMoved) // without errMoved inside, or a caller's own untilSaved would go on
	}
	return store.ErrConflict
}

// saveAll is untilSaved for an attempt of several commits, which are confirmed together.
func (s *Store) saveAll(ctx context.Context, attempt func(context.Context) (saved bool, err error)) error {
	return store.ConfirmOnce(ctx, func(ctx context.Context) error {
		return untilSaved(ctx, func() (bool, error) { return attempt(ctx) })
	})
}

// create saves a record that does not exist yet, with the rest of the change.
func (s *Store) create(ctx context.Context, key string, record any, at slot, events []policy.Event) error {
	text, err := encode(record)
	if err != nil {
		return err
	}
	return untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, key)
		if err == nil && old.exists {
			err = store.ErrExists
		}
		if err != nil {
			return false, err
		}
		var c change
		if err := s.record(ctx, &c, at, events); err != nil {
			return false, err
		}
		c.put(old, text)
		return s.commit(ctx, c)
	})
}

// update changes a record that exists. The edit adds to the change whatever must be saved with it.
func update[T any](ctx context.Context, s *Store, key string, edit func(before T, c *change) (T, error)) error {
	return untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, key)
		if err == nil && !old.exists {
			err = store.ErrNotFound
		}
		if err != nil {
			return false, err
		}
		before, err := decode[T](old.value)
		if err != nil {
			return false, err
		}
		var c change
		after, err := edit(before, &c)
		if err != nil {
			return false, err
		}
		text, err := encode(after)
		if err != nil {
			return false, err
		}
		c.put(old, text)
		return s.commit(ctx, c)
	})
}

// enter adds an ID to an index in another slot than its record. It comes before the record: readers skip an ID without a record,
// but would not find a record without its ID.
func (s *Store) enter(ctx context.Context, index, id string) error {
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.index(index, id)
		return s.commit(ctx, c)
	})
}
