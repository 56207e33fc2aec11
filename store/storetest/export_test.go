package storetest

import (
	"testing"

	"mintkey/store"
)

// CaseNames lists the cases.
func CaseNames() []string {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return names
}

// RunCase runs one case on a place that allows many connections.
func RunCase(t testing.TB, name string, open func() store.Store) {
	t.Helper()
	for _, c := range cases() {
		if c.name == name {
			c.run(t, place{open: open})
			return
		}
	}
	t.Fatalf("no case is named %q", name)
}
