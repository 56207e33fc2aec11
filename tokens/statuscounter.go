package tokens

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"mintkey/store"
)

// indexCounter is the document.
type indexCounter struct {
	Next    uint64            `json:"next"`
	Blocks  map[string]uint64 `json:"blocks,omitempty"`    // those that replicas hand out now: where each begins
	Skipped time.Time         `json:"skipped_to,omitzero"` // the last instant for which indexes were left out
	Unused  []listRange       `json:"unused,omitempty"`    // lists that were left out, in order
}

// listRange is the lists from the first to the last.
type listRange struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// maxUnused is how many ranges the document names. The lists of another count as used, which costs only memory.
const maxUnused = 256

// SkipStatusIndexes leaves out as many indexes as can have been handed out since the store was last known to be in use: one for each
// millisecond. Call it before a process hands out any, and before it raises the high-water mark. If the store is an older file or dump,
// then the indexes that were handed out since, in a history that nobody remembers, are among those left out (R5).
func SkipStatusIndexes(ctx context.Context, documents store.Documents, now time.Time) error {
	mark, err := store.MarkedAt(ctx, documents)
	if err != nil || mark.IsZero() {
		return err // a new store
	}
	return store.UpdateJSON(ctx, documents, statusIndexDocument, func(counter indexCounter) (indexCounter, error) {
		return counter.skipFrom(mark, now), nil
	})
}

// skipFrom leaves out one index for each millisecond, once: of servers that start together the first does it. Nothing is added for safety:
// a history in which that was added more often than in the next one would have come further.
func (c indexCounter) skipFrom(mark, now time.Time) indexCounter {
	if c.Skipped.After(mark) {
		mark = c.Skipped
	}
	if !now.After(mark) {
		return c
	}
	begin := max(c.Next, 1)
	c.Next, c.Skipped = begin+uint64(now.Sub(mark).Milliseconds())+1, now.UTC()
	first, after := (begin+StatusListSize-1)/StatusListSize, c.Next/StatusListSize
	if first < after {
		c.Unused = append(slices.Clone(c.Unused), listRange{first, after - 1})
	}
	if len(c.Unused) > maxUnused {
		smallest := slices.MinFunc(c.Unused, func(a, b listRange) int { return cmp.Compare(a.Last-a.First, b.Last-b.First) })
		c.Unused = slices.DeleteFunc(c.Unused, func(r listRange) bool { return r == smallest })
	}
	return c
}

// skip leaves out more than a whole list after the highest count that is known, and ends all blocks: one of them may have been given out
// twice. Their replicas skip another list.
func (c indexCounter) skip(seen uint64) indexCounter {
	c.Next, c.Blocks = (max(c.Next, seen)/StatusListSize+2)*StatusListSize, nil
	return c
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
	c.Next, c.Blocks = begin+indexBlock, blocks
	return begin, c
}

// StatusLists says which status lists there are: those from which an index was ever handed out, and perhaps some more.
type StatusLists struct {
	last   uint64
	unused []listRange
}

// Has says whether there is a list with the number.
func (l StatusLists) Has(number uint64) bool {
	return number <= l.last && !slices.ContainsFunc(l.unused, func(r listRange) bool { return r.First <= number && number <= r.Last })
}

// Numbers are the numbers of all lists, in order.
func (l StatusLists) Numbers() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		unused := l.unused
		for number := uint64(0); number <= l.last; number++ {
			if len(unused) > 0 && number == unused[0].First {
				number, unused = unused[0].Last, unused[1:]
				continue
			}
			if !yield(number) {
				return
			}
		}
	}
}
