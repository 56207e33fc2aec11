package tokens

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"mintkey/store"
)

// statusIndexDocument counts the status indexes handed out so far. An index is never used twice. That costs one bit for each secret ever
// made, and nobody has to know when the last token with an index has expired.
const statusIndexDocument = "status-index"

// indexBlock is how many indexes a replica takes at once, so that replicas seldom compete for the document.
const indexBlock = 64

// StatusIndexes hands out indexes into the status lists, one for each client secret. Its methods may be called from many goroutines.
type StatusIndexes struct {
	documents store.Documents
	mu        sync.Mutex
	next, end uint64 // the rest of the block
}

// NewStatusIndexes does not use the store until the first Next or Count.
func NewStatusIndexes(documents store.Documents) *StatusIndexes {
	return &StatusIndexes{documents: documents}
}

// Next returns an index that was never returned before, on any replica. Indexes begin at 1.
func (s *StatusIndexes) Next(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.end {
		if err := s.takeBlock(ctx); err != nil {
			return 0, fmt.Errorf("taking status indexes: %w", err)
		}
	}
	index := s.next
	s.next++
	return index, nil
}

// Count is how many indexes all replicas have taken, in whole blocks.
func (s *StatusIndexes) Count(ctx context.Context) (uint64, error) {
	counter, err := store.ReadJSON[indexCounter](ctx, s.documents, statusIndexDocument)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return counter.Next, err
}

// indexCounter is the document.
type indexCounter struct {
	Next uint64 `json:"next"`
}

// SkipStatusIndexes leaves out more than a whole status list, after the store was restored from a backup: those that servers have handed
// out since the backup must not be handed out again (R5), and nothing says how many they were.
func SkipStatusIndexes(ctx context.Context, documents store.Documents) error {
	return store.UpdateJSON(ctx, documents, statusIndexDocument, func(counter indexCounter) (indexCounter, error) {
		return indexCounter{Next: (counter.Next/StatusListSize + 2) * StatusListSize}, nil
	})
}

func (s *StatusIndexes) takeBlock(ctx context.Context) error {
	var begin uint64
	err := store.UpdateJSON(ctx, s.documents, statusIndexDocument, func(counter indexCounter) (indexCounter, error) {
		begin = max(counter.Next, 1) // 0 is no index
		return indexCounter{Next: begin + indexBlock}, nil
	})
	if err == nil {
		s.next, s.end = begin, begin+indexBlock
	}
	return err
}
