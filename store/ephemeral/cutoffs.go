package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mintkey/store"
)

// Cutoffs ends everything that began up to an instant, such as the sessions of a user, which are not listed anywhere.
type Cutoffs struct {
	Store   store.Ephemera
	Prefix  string        // as in Records
	Longest time.Duration // how long anything can last; a cutoff is kept for that long
}

// Set ends all that began at or before now under the ID.
func (c Cutoffs) Set(ctx context.Context, id string, now time.Time) error {
	text, err := now.MarshalText()
	if err != nil {
		return fmt.Errorf("write %s: %w", c.Prefix, err)
	}
	return c.Store.PutEphemeral(ctx, c.Prefix+id, text, now.Add(c.Longest))
}

// Ended says whether what began at the given time was ended.
func (c Cutoffs) Ended(ctx context.Context, id string, began time.Time) (bool, error) {
	text, err := c.Store.Ephemeral(ctx, c.Prefix+id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var cutoff time.Time
	if err := cutoff.UnmarshalText(text); err != nil {
		return false, fmt.Errorf("read %s: %w", c.Prefix, err)
	}
	return !began.After(cutoff), nil
}
