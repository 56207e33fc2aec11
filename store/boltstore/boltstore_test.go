package boltstore_test

import (
	"path/filepath"
	"testing"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Location {
		path := filepath.Join(t.TempDir(), "mintkey.db")
		return storetest.Location{Single: true, Open: func(t *testing.T) store.Store { return open(t, path) }}
	})
}

func open(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
