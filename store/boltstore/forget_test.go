package boltstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"mintkey/store"
)

// More than one transaction forgets.
func TestForgetsThousands(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const n = 2500
	revocations := make([]store.Revocation, n)
	for i := range revocations {
		revocations[i] = store.Revocation{ClientID: fmt.Sprint("mk_", i), At: at, Until: at.Add(time.Duration(i))}
	}
	check(t, s.RecordRevocations(t.Context(), revocations...))
	check(t, s.ForgetRevocations(t.Context(), revocations[n-1].Until))
	left, err := s.Revocations(t.Context(), "", n)
	check(t, err)
	if len(left) != 1 || left[0].ClientID != revocations[n-1].ClientID {
		t.Errorf("%d are left, want the last one", len(left))
	}
}
