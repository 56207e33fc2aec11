package redisstore

import (
	"maps"
	"slices"
	"strconv"
)

// Marks are the keys of the marks that the store looks at.
func Marks(s *Store) []string { return slices.Collect(maps.Keys(s.marks.all())) }

// MarkPlaces are all keys that marks can have, with their slots.
func MarkPlaces() map[string]string {
	places := map[string]string{}
	for _, at := range markPlaces() {
		places[at.key] = strconv.Itoa(at.slot)
	}
	return places
}
