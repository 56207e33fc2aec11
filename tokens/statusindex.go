package tokens

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"mintkey/store"
)

// statusIndexDocument counts the status indexes that were ever handed out. An index is never used twice: that costs one bit for each secret ever made,
// and saves the question when everything that bore it is dead.
const statusIndexDocument = "status-index"

// indexBlock is how many indexes a replica takes at once, so that creating keys seldom meets at the document.
const indexBlock = 64

// StatusIndexes hands out indexes into the status lists, one for each client secret. All methods may be called from many goroutines.
type StatusIndexes struct {
	documents store.Documents
	mu        sync.Mutex
	next, end uint64 // what is left of the block
}

// NewStatusIndexes takes nothing from the store yet.
func NewStatusIndexes(documents store.Documents) *StatusIndexes {
	return &StatusIndexes{documents: documents}
}

// Next returns an index that nobody has had before. Indexes begin at 1.
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

// Count is how many indexes have been handed out, to anybody, counted in whole blocks.
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
