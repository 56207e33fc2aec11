package admin_test

import (
	"slices"
	"testing"

	"mintkey/admin"
)

// A service holds the copies that were used last, as many as fit, and one that is too large for that alone.
func TestCachesAreBounded(t *testing.T) {
	numbers := &admin.Numbers{}
	for _, step := range []struct {
		name  string
		count int
		reads bool
	}{
		{"a", 40_000, true},
		{"b", 40_000, true},
		{"a", 40_000, false},
		{"c", 40_000, true}, // drops b
		{"a", 40_000, false},
		{"b", 40_000, true}, // drops c
		{"a", 40_000, false},
		{"b", 40_000, false},
		{"c", 40_000, true},
		{"large", 150_000, true}, // drops all
		{"large", 150_000, false},
		{"a", 40_000, true}, // drops large
		{"b", 40_000, true},
		{"a", 40_000, false},
		{"large", 150_000, true},
	} {
		numbers.Read = nil
		must(t, numbers.Look(t.Context(), step.name, step.count))
		if got := slices.Contains(numbers.Read, step.name); got != step.reads {
			t.Errorf("%s was read: %t, want %t", step.name, got, step.reads)
		}
	}
}
