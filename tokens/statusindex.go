package tokens

import (
	"context"
	"crypto/rand"
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

// maxBlocks is how many blocks the document names. The server whose block is dropped, as the oldest, takes it for lost: see Next.
const maxBlocks = 256

// StatusIndexes hands out indexes into the status lists, one for each client secret. Its methods may be called from many goroutines.
type StatusIndexes struct {
	documents store.Documents
	mu        sync.Mutex
	block     string // names the block in the document; empty for none
	next, end uint64 // the rest of the block
	seen      uint64 // the highest count that was ever read or written
}

// NewStatusIndexes does not use the store until the first Next or Count.
func NewStatusIndexes(documents store.Documents) *StatusIndexes {
	return &StatusIndexes{documents: documents}
}

// Next returns an index that was never returned before, on any replica. Indexes begin at 1.
//
// It makes sure that the store still knows the block that it comes from. If not, or if the store counts less than it once did, the history
// of the store went back: another replica may have been given the same block, so more than a whole status list is left out.
func (s *StatusIndexes) Next(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counter, err := s.read(ctx)
	if err != nil {
		return 0, fmt.Errorf("taking status indexes: %w", err)
	}
	if _, held := counter.Blocks[s.block]; !held || s.next == s.end || counter.Next < s.seen {
		if err := s.takeBlock(ctx); err != nil {
			return 0, fmt.Errorf("taking status indexes: %w", err)
		}
	}
	index := s.next
	s.next++
	return index, nil
}

// Lists returns the status lists that there are. It also notes how many indexes were taken: call it often, for what was seen once can't be
// lost unnoticed.
func (s *StatusIndexes) Lists(ctx context.Context) (StatusLists, error) {
	counter, err := s.read(ctx)
	if err != nil {
		return StatusLists{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = max(s.seen, counter.Next)
	return StatusLists{last: s.seen / StatusListSize, unused: counter.Unused}, nil
}

func (s *StatusIndexes) read(ctx context.Context) (indexCounter, error) {
	counter, err := store.ReadJSON[indexCounter](ctx, s.documents, statusIndexDocument)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return counter, err
}

func (s *StatusIndexes) takeBlock(ctx context.Context) error {
	var begin, end uint64
	name := rand.Text()[:16]
	err := store.UpdateJSON(ctx, s.documents, statusIndexDocument, func(counter indexCounter) (indexCounter, error) {
		_, held := counter.Blocks[s.block]
		switch {
		case counter.Next < s.seen:
			counter = counter.skip(s.seen)
		case s.block != "" && !held:
			counter = counter.skipLost(s.end-indexBlock, s.seen)
		}
		delete(counter.Blocks, s.block)
		begin, counter = counter.take(name)
		end = counter.Next
		return counter, nil
	})
	if err == nil {
		s.block, s.next, s.end = name, begin, end
		s.seen = max(s.seen, end)
	}
	return err
}
