package boltstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// holdCommit keeps a commit under way until the returned function is called. Writers who come meanwhile wait, and
// are then committed together.
func holdCommit(t *testing.T, s *boltstore.Store) (release func()) {
	t.Helper()
	held, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.UpdateDocument(t.Context(), "first", func([]byte) ([]byte, error) {
			close(held)
			<-end
			return []byte("first"), nil
		})
	}()
	<-held
	return func() {
		close(end)
		check(t, <-done)
	}
}

// Those who are refused, who panic or whose context ends must not harm those who are committed with them.
func TestFailuresInCompany(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	errRefused := errors.New("refused")
	release := holdCommit(t, s)
	const n = 40
	results := make([]error, n)
	var writers sync.WaitGroup
	for i := range n {
		writers.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					results[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			results[i] = s.UpdateDocument(ctx, fmt.Sprint("document ", i), func([]byte) ([]byte, error) {
				switch i % 4 {
				case 1:
					return []byte("x"), errRefused
				case 2:
					panic("out of order")
				case 3:
					cancel()
				}
				return []byte("x"), nil
			})
		})
	}
	release()
	writers.Wait()

	for i, got := range results {
		_, read := s.Document(t.Context(), fmt.Sprint("document ", i))
		if i%4 == 0 {
			check(t, got)
			check(t, read)
			continue
		}
		if !errors.Is(read, store.ErrNotFound) {
			t.Errorf("writer %d failed, and yet reading gives %v", i, read)
		}
		switch i % 4 {
		case 1:
			if got != errRefused { //nolint:errorlint // that it is the same error is the promise
				t.Errorf("writer %d: error is %v, want exactly %v", i, got, errRefused)
			}
		case 2:
			if got == nil || got.Error() != "panic: out of order" {
				t.Errorf("writer %d: %v, want the panic", i, got)
			}
		case 3:
			if !errors.Is(got, context.Canceled) {
				t.Errorf("writer %d: error is %v, want context.Canceled", i, got)
			}
		}
	}
}

// A refusal that was judged on what another writer had not committed yet must be judged again.
func TestRefusalIsJudgedOnCommittedState(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	for round := range 20 {
		id := fmt.Sprint("acme-", round)
		release := holdCommit(t, s)
		var writers sync.WaitGroup
		for range 8 {
			writers.Go(func() {
				err := s.CreateAccount(t.Context(), policy.Account{ID: id})
				if errors.Is(err, store.ErrExists) {
					_, err = s.Account(t.Context(), id)
				}
				if err != nil {
					t.Errorf("refused, and yet: %v", err)
				}
			})
		}
		release()
		writers.Wait()
	}
}
