package boltstore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"mintkey/policy"
	"mintkey/store"
)

// A key that is read without a pause is not found by any read that begins after its revocation was acknowledged.
func TestSubjectsAreNeverStale(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	t.Cleanup(func() { _ = s.Close() })
	check(t, populate(t.Context(), s))
	for i := range 200 {
		clientID := fmt.Sprintf("mk_%d", i)
		check(t, s.UpdateMembership(t.Context(), "load", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Keys = []policy.AccessKey{{ClientID: clientID}}
			return m, nil, nil
		}))
		var stop, revoked atomic.Bool
		var group errgroup.Group
		for range 4 {
			group.Go(func() error {
				for !stop.Load() {
					before := revoked.Load()
					_, err := s.SubjectByClientID(t.Context(), clientID)
					switch {
					case before && err == nil:
						return errors.New("a read that began after the revocation found the key")
					case err != nil && !errors.Is(err, store.ErrNotFound):
						return err
					}
				}
				return nil
			})
		}
		check(t, s.UpdateMembership(t.Context(), "load", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Keys = nil
			return m, nil, nil
		}))
		revoked.Store(true)
		_, err := s.SubjectByClientID(t.Context(), clientID)
		stop.Store(true)
		check(t, group.Wait())
		if !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a read that began after the revocation: %v", err)
		}
	}
}
