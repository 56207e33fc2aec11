package boltstore

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"mintkey/store"
)

// Damaged is closed once a part of the file turns out to be damaged while it is in use; Damage says what. The process should end: all
// later calls fail with store.ErrUnavailable.
func (s *Store) Damaged() <-chan struct{} { return s.damaged }

// Damage is why Damaged is closed, or nil. It wraps store.ErrDamaged.
func (s *Store) Damage() error {
	if found := s.damage.Load(); found != nil {
		return *found
	}
	return nil
}

// guard runs f, which uses bbolt. Where f fails because of damage, no later call reaches the file.
func (s *Store) guard(f func() error) error {
	if found := s.Damage(); found != nil {
		return unavailable(found)
	}
	err := survive(f)
	if !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if s.damage.CompareAndSwap(nil, &err) {
		close(s.damaged)
	}
	return unavailable(err)
}

// survive runs f, and returns store.ErrDamaged where bbolt panics, or the mapped file can't be read because it has become shorter or the
// disk fails. Other panics pass.
func survive(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		caught := recover()
		if caught == nil {
			return
		}
		switch _, isFault := caught.(interface{ Addr() uintptr }); {
		case isFault:
			err = damaged("a part of it can't be read: it has become shorter, or the disk has failed")
		case isOfBolt():
			err = damaged("%v", caught)
		default:
			panic(caught)
		}
	}()
	return f()
}

// isOfBolt must be called by the deferred function that recovered. It tells a panic of bbolt from a mistake in a function that runs in a
// transaction.
func isOfBolt() bool {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicked = true // all above are the deferred functions
		case panicked:
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}

var (
	errKey   = errors.New("its key can't be read")
	errValue = errors.New("its value can't be read")
)

// undecodable is a record that can't be read.
func undecodable(b bucket, key string, err error) error {
	return fmt.Errorf("%w: %s %q: %w", store.ErrDamaged, b, key, err)
}
