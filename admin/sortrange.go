package admin

import (
	"math/rand/v2"
	"slices"
)

// sortRange moves to rows[from:to] what would be there if all rows were sorted. It is a quicksort that leaves the rest unsorted, so that
// the first page of a long table, or the last, costs a few comparisons a row. No two rows may compare as equal.
func sortRange[T any](rows []T, from, to int, compare func(a, b T) int) {
	for from < to && len(rows) > 1 {
		if to-from >= len(rows)/4 {
			slices.SortFunc(rows, compare)
			return
		}
		middle := partition(rows, compare)
		if from < middle {
			sortRange(rows[:middle], from, min(to, middle), compare)
		}
		// The row in the middle is in its place.
		rows, from, to = rows[middle+1:], max(from-middle-1, 0), to-middle-1
	}
}

// partition chooses a row, moves those before it to its left and those after it to its right, and returns its place.
func partition[T any](rows []T, compare func(a, b T) int) int {
	last := len(rows) - 1
	chosen := rand.IntN(len(rows)) //nolint:gosec // any choice sorts; this one no order of the rows makes slow
	rows[chosen], rows[last] = rows[last], rows[chosen]
	middle := 0
	for i := range last {
		if compare(rows[i], rows[last]) < 0 {
			rows[i], rows[middle] = rows[middle], rows[i]
			middle++
		}
	}
	rows[middle], rows[last] = rows[last], rows[middle]
	return middle
}
