package tokens

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
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

// Count is how many indexes all replicas have taken, in whole blocks. It never goes down. Call it often: what was seen once can't be lost
// unnoticed.
func (s *StatusIndexes) Count(ctx context.Context) (uint64, error) {
	counter, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = max(s.seen, counter.Next)
	return s.seen, nil
}

func (s *StatusIndexes) read(ctx context.Context) (indexCounter, error) {
	counter, err := store.ReadJSON[indexCounter](ctx, s.documents, statusIndexDocument)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return counter, err
}

// indexCounter is the document.
type indexCounter struct {
	Next   uint64            `json:"next"`
	Blocks map[string]uint64 `json:"blocks,omitempty"` // those that replicas hand out now: where each begins
}

// SkipStatusIndexes leaves out more than a whole status list, after the store was restored from a backup: those that servers have handed
// out since the backup must not be handed out again (R5), and nothing says how many they were.
func SkipStatusIndexes(ctx context.Context, documents store.Documents) error {
	return store.UpdateJSON(ctx, documents, statusIndexDocument, func(counter indexCounter) (indexCounter, error) {
		return counter.skip(0), nil
	})
}

// skip leaves out more than a whole list after the highest count that is known, and ends all blocks: one of them may have been given out
// twice. Their replicas skip another list.
func (c indexCounter) skip(seen uint64) indexCounter {
	return indexCounter{Next: (max(c.Next, seen)/StatusListSize + 2) * StatusListSize}
}

// skipLost is skip for a replica whose own block was lost, and ends only the blocks that were given out in its place: else two replicas
// would end each other's for ever.
func (c indexCounter) skipLost(begin, seen uint64) indexCounter {
	after := c.skip(seen)
	after.Blocks = maps.Clone(c.Blocks)
	maps.DeleteFunc(after.Blocks, func(_ string, other uint64) bool { return other < begin+indexBlock && begin < other+indexBlock })
	return after
}

// take gives out a block with the name.
func (c indexCounter) take(name string) (begin uint64, after indexCounter) {
	begin = max(c.Next, 1) // 0 is no index
	blocks := map[string]uint64{name: begin}
	maps.Copy(blocks, c.Blocks)
	if len(blocks) > maxBlocks {
		oldest := name
		for other, begins := range blocks {
			if begins < blocks[oldest] {
				oldest = other
			}
		}
		delete(blocks, oldest)
	}
	return begin, indexCounter{Next: begin + indexBlock, Blocks: blocks}
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
