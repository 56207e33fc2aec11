package storetest

import (
	"slices"
	"testing"

	"mintkey/store"
)

// wantPages walks a list page by page, for several sizes of page, and checks that it gives exactly these IDs, in order.
func wantPages[T any](t testing.TB, want []string, id func(T) string, list func(store.Page) ([]T, error)) {
	t.Helper()
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			items, err := list(store.Page{After: after, Limit: limit})
			check(t, err)
			if len(items) > limit || len(got) > len(want) {
				t.Fatalf("pages of %d give too much: %d items after %v", limit, len(items), got)
			}
			for _, item := range items {
				got = append(got, id(item))
			}
			if len(items) < limit {
				break
			}
		}
		equal(t, "IDs in pages", got, want)
	}
	// A cursor may name what has been deleted since.
	items, err := list(store.Page{After: want[0] + "-", Limit: 1})
	check(t, err)
	if len(items) != 1 || id(items[0]) != want[1] {
		t.Errorf("after %q the list gives %v, want %q", want[0]+"-", items, want[1])
	}
}

// listed are IDs in byte order. Those that begin alike catch a store that mixes up prefixes.
func listed(prefix string) []string {
	ids := []string{prefix + "1", prefix + "10", prefix + "2", prefix + "a", prefix + "b"}
	slices.Sort(ids)
	return ids
}

// shuffled is the order in which the IDs are created.
func shuffled(ids []string) []string {
	return []string{ids[3], ids[0], ids[4], ids[2], ids[1]}
}
