package chain

import (
	"context"
	"errors"
	"maps"
	"time"

	"mintkey/store"
)

// Cut notes that the events of an account up to an ID are about to be deleted, and where the chains go on then. Call it before they are.
// Pages that are only about older events do not count any more. They are deleted at the next cut, so that a reader who has begun can end.
func Cut(ctx context.Context, s Store, accountID, upTo string, now time.Time) error {
	t, err := readTrail(ctx, s, accountID)
	if err != nil || t.Batch == 0 || upTo <= t.Anchor.UpTo {
		return err
	}
	if err := dropBefore(ctx, s, pagesOf(accountID), t.FirstPage); err != nil {
		return err
	}
	first, heads := t.FirstPage, maps.Clone(t.Anchor.Heads)
	for ; first < t.Page; first++ {
		p, err := store.ReadJSON[page](ctx, s, pageDocument(accountID, first))
		if errors.Is(err, store.ErrNotFound) {
			break // Verify tells
		}
		if err != nil {
			return err
		}
		if !p.isOlder(upTo) {
			break
		}
		for _, b := range p.Batches {
			heads = after(heads, b)
		}
	}
	return updateTrail(ctx, s, accountID, func(t trail) trail {
		if upTo > t.Anchor.UpTo {
			t.Anchor.UpTo, t.Anchor.At = upTo, now.UTC().Round(0)
		}
		if first > t.FirstPage {
			t.FirstPage, t.Anchor.Heads = first, heads
		}
		return t
	})
}

// dropBefore deletes the numbered documents before the first one.
func dropBefore(ctx context.Context, s store.Documents, name func(int64) string, first int64) error {
	lowest := first
	for lowest > 1 {
		_, err := s.Document(ctx, name(lowest-1))
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		lowest--
	}
	for ; lowest < first; lowest++ { // upwards: so none is forgotten if this ends halfway
		if err := s.UpdateDocument(ctx, name(lowest), func([]byte) ([]byte, error) { return nil, nil }); err != nil {
			return err
		}
	}
	return nil
}

func pagesOf(accountID string) func(int64) string {
	return func(number int64) string { return pageDocument(accountID, number) }
}

// isOlder says whether all events of a page have an ID up to the one given.
func (p page) isOlder(upTo string) bool {
	for _, b := range p.Batches {
		for _, s := range b.Seals {
			for _, record := range s.Records {
				if id, _ := cutRecord(record); id > upTo {
					return false
				}
			}
		}
	}
	return true
}
