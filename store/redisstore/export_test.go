package redisstore

import (
	"maps"
	"slices"
)

// Marks are the keys of the marks that the store looks at.
func Marks(s *Store) []string { return slices.Collect(maps.Keys(s.marks.all())) }
