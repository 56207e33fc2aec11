package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mintkey/policy"
)

// The documents about the history of a store.
const (
	documentEpoch     = "epoch"
	documentHighWater = "high-water"
	documentLifetime  = "longest-lifetime"
)

// MaxTokenLifetime is the longest lifetime of tokens that any server was ever allowed to be configured with.
const MaxTokenLifetime = 24 * time.Hour

// Epoch names one history of a store. Positions and counters that a process keeps outside the store belong to one epoch,
// and mean nothing in another.
type Epoch struct {
	ID string `json:"id"`
}

// HighWater is how far the history of a store has come. What a process has seen beyond it was lost.
type HighWater struct {
	At         time.Time `json:"at"`
	Revocation string    `json:"revocation,omitempty"` // the ID of the last revocation; empty for none
}

// LongestLifetime is the longest lifetime of tokens issued since a time.
type LongestLifetime struct {
	Seconds int64     `json:"seconds"`
	Since   time.Time `json:"since"`
	// Unknown is until when tokens may be alive that were made in a history of the store which was lost. They may have had any lifetime.
	Unknown time.Time `json:"unknown_until,omitzero"`
}

// At is the longest lifetime that a token alive now can have; at least the given one, which is in force now.
func (l LongestLifetime) At(now time.Time, present time.Duration) time.Duration {
	if l.UnknownAt(now) {
		return MaxTokenLifetime
	}
	return max(present, time.Duration(l.Seconds)*time.Second)
}

// UnknownAt says whether the record, and that of a key's own limit, may be older than a token that is alive now.
func (l LongestLifetime) UnknownAt(now time.Time) bool { return now.Before(l.Unknown) }

// UpdateJSON changes a document that holds a T as JSON, by compare-and-swap. One that does not exist is passed as the zero T.
// The change may run more than once.
func UpdateJSON[T any](ctx context.Context, documents Documents, name string, change func(T) (T, error)) error {
	return documents.UpdateDocument(ctx, name, func(raw []byte) ([]byte, error) {
		var value T
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, fmt.Errorf("decode the document %s: %w", name, err)
			}
		}
		value, err := change(value)
		if err != nil {
			return nil, err
		}
		return json.Marshal(value)
	})
}

// ReadJSON returns the document that holds a T as JSON, or ErrNotFound.
func ReadJSON[T any](ctx context.Context, documents Documents, name string) (value T, err error) {
	raw, err := documents.Document(ctx, name)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, fmt.Errorf("decode the document %s: %w", name, err)
	}
	return value, nil
}

// BeginHistory writes the epoch, the high-water mark and the longest token lifetime, where they are missing.
// A longest lifetime shorter than lifetime is raised to it. If no server seems to have run for a while, this may be an older state that was
// put back: see LoseHistory.
func BeginHistory(ctx context.Context, s Store, lifetime time.Duration, now time.Time) error {
	err := UpdateJSON(ctx, s, documentEpoch, func(e Epoch) (Epoch, error) {
		if e.ID == "" {
			e.ID = rand.Text()
		}
		return e, nil
	})
	if err != nil {
		return err
	}
	var mark time.Time
	err = UpdateJSON(ctx, s, documentHighWater, func(h HighWater) (HighWater, error) {
		if h.At.IsZero() {
			h.At = now.UTC()
		}
		mark = h.At
		return h, nil
	})
	if err == nil && now.Sub(mark) > ServerGone {
		err = LoseHistory(ctx, s, now)
	}
	if err != nil {
		return err
	}
	return RaiseLifetime(ctx, s, lifetime, now)
}

// MarkedAt is the high-water mark: servers ran on the store until a few seconds after it. It is zero where there is none yet.
func MarkedAt(ctx context.Context, s Documents) (time.Time, error) {
	high, err := ReadJSON[HighWater](ctx, s, documentHighWater)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return high.At, err
}

// LoseHistory notes that something was lost before the given instant, such as that tokens were made with a longer lifetime. Until the last
// of those is dead, the longest that is allowed counts.
func LoseHistory(ctx context.Context, s Documents, now time.Time) error {
	return s.UpdateDocument(ctx, documentLifetime, func(raw []byte) ([]byte, error) {
		known, _ := parseLifetime(raw)
		known.Unknown = later(known.Unknown, now.Add(MaxTokenLifetime+policy.TokenSlack).UTC())
		return json.Marshal(known)
	})
}

// RaiseLifetime makes sure that the longest token lifetime is at least the given one, which tokens are made with now. A server calls it
// again and again, because the store may have gone back to an older state. It writes only if something is missing, and puts
// MaxTokenLifetime in the place of what it can't decode.
func RaiseLifetime(ctx context.Context, s Documents, lifetime time.Duration, now time.Time) error {
	seconds := int64(lifetime / time.Second)
	raw, err := s.Document(ctx, documentLifetime)
	if err == nil {
		if known, readable := parseLifetime(raw); readable && known.Seconds >= seconds {
			return nil
		}
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.UpdateDocument(ctx, documentLifetime, func(raw []byte) ([]byte, error) {
		known, readable := parseLifetime(raw)
		if !readable || known.Seconds < seconds {
			known.Seconds, known.Since = max(known.Seconds, seconds), now.UTC()
		}
		return json.Marshal(known)
	})
}

// LongestTokenLifetime returns the longest lifetime that tokens alive now can have been made with (R5); at least the given one, which is in
// force now.
func LongestTokenLifetime(ctx context.Context, s Documents, present time.Duration, now time.Time) (time.Duration, error) {
	known, err := TokenLifetime(ctx, s)
	return known.At(now, present), err
}

// TokenLifetime returns the record of the longest lifetime, which is zero where there is none. A damaged one says MaxTokenLifetime: keys
// and revocations must go on working, and no token lives longer.
func TokenLifetime(ctx context.Context, s Documents) (LongestLifetime, error) {
	raw, err := s.Document(ctx, documentLifetime)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return LongestLifetime{}, err
	}
	known, _ := parseLifetime(raw)
	return known, nil
}

// parseLifetime returns MaxTokenLifetime for what it can't decode, and zero for nothing.
func parseLifetime(raw []byte) (known LongestLifetime, readable bool) {
	if len(raw) == 0 {
		return LongestLifetime{}, true
	}
	if json.Unmarshal(raw, &known) != nil {
		return LongestLifetime{Seconds: int64(MaxTokenLifetime / time.Second)}, false
	}
	return known, true
}

// RenewEpoch begins a new epoch: after a restore the history is another one.
func RenewEpoch(ctx context.Context, s Store) error {
	return UpdateJSON(ctx, s, documentEpoch, func(Epoch) (Epoch, error) { return Epoch{ID: rand.Text()}, nil })
}

// CurrentEpoch is the ID of the present epoch; empty in a store that has none.
func CurrentEpoch(ctx context.Context, s Documents) (string, error) {
	epoch, err := ReadJSON[Epoch](ctx, s, documentEpoch)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return epoch.ID, err
}

// renewEpoch begins a new epoch after the given one, and returns the one that is in force then.
func renewEpoch(ctx context.Context, s Documents, after string) (id string, err error) {
	err = UpdateJSON(ctx, s, documentEpoch, func(e Epoch) (Epoch, error) {
		if e.ID == after {
			e.ID = rand.Text()
		}
		id = e.ID
		return e, nil
	})
	return id, err
}

// History returns what BeginHistory has written, or ErrNotFound.
func History(ctx context.Context, s Documents) (epoch Epoch, high HighWater, lifetime LongestLifetime, err error) {
	var failed [3]error
	epoch, failed[0] = ReadJSON[Epoch](ctx, s, documentEpoch)
	high, failed[1] = ReadJSON[HighWater](ctx, s, documentHighWater)
	lifetime, failed[2] = ReadJSON[LongestLifetime](ctx, s, documentLifetime)
	return epoch, high, lifetime, errors.Join(failed[:]...)
}
