package boltstore

import (
	"errors"
	"sync/atomic"
	"syscall"
)

// saving remembers whether the last commit could be saved.
type saving struct{ failure atomic.Pointer[error] }

func (s *saving) note(err error) {
	if err == nil {
		if s.failure.Load() != nil {
			s.failure.Store(nil)
		}
		return
	}
	if isDiskFull(err) {
		err = errDiskFull
	}
	s.failure.Store(&err)
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

var errDiskFull = errors.New("the disk is full")

// ChangesRefused says why the last change could not be saved, as on a full disk; nil after one that could. It does not try.
func (s *Store) ChangesRefused() error {
	if failure := s.saving.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}
