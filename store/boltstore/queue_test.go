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
)

// While one writer holds the commit, others gather, and are committed together: those that are refused, that panic or
// whose context ends must not harm the rest.
func TestFailuresInCompany(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "mintkey.db"))
	defer func() { check(t, s.Close()) }()
	errRefused := errors.New("refused")
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	first := make(chan error, 1)
	go func() {
		first <- s.UpdateDocument(t.Context(), "first", func([]byte) ([]byte, error) {
			once.Do(func() {
				close(held)
				<-release
			})
			return []byte("first"), nil
		})
	}()
	<-held

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
	close(release)
	writers.Wait()
	check(t, <-first)

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
	var writers sync.WaitGroup
	for range 20 {
		writers.Go(func() {
			err := s.CreateAccount(t.Context(), policy.Account{ID: "acme"})
			if errors.Is(err, store.ErrExists) {
				_, err = s.Account(t.Context(), "acme")
			}
			if err != nil {
				t.Errorf("refused, and yet: %v", err)
			}
		})
	}
	writers.Wait()
}
