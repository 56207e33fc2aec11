package redisstore

import (
	"context"
	"maps"
	"slices"
)

// Marks are the keys of the marks that the store looks at.
func Marks(s *Store) []string { return slices.Collect(maps.Keys(s.marks.all())) }

// Gathering is a store that gathers reads, and has something else than a Redis to fetch them.
type Gathering struct{ *Store }

// NewGathering returns one that calls fetch with the number of keys of each batch.
func NewGathering(fetch func(keys int), waits bool) Gathering {
	return Gathering{&Store{gatherer: newGatherer(func(_ context.Context, keys []string) ([]snapshot, error) {
		fetch(len(keys))
		return make([]snapshot, len(keys)), nil
	}, waits)}}
}

// Ask returns once the key has been fetched.
func (g Gathering) Ask(key string) { <-g.gatherer.join("", []string{key}).done }
