package boltstore

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// saving remembers whether commits can be saved.
type saving struct{ failure atomic.Pointer[error] }

// note notes how a commit to the file at the path ended. While a disk is full, one that fits into free pages of the file succeeds, so only
// the disk itself can say that it has room again.
func (s *saving) note(err error, path string) {
	if err == nil {
		if failure := s.failure.Load(); failure != nil && (!errors.Is(*failure, errDiskFull) || hasRoom(path)) {
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

// room is more than most changes need.
const room = 256 << 10

// hasRoom writes next to the file, because a quota can be used up on a disk that has room. If it fails for another reason, nobody knows.
func hasRoom(path string) bool {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".room-")
	if err != nil {
		return !isDiskFull(err)
	}
	err = os.Remove(file.Name()) // at once, so that nothing is left behind
	if err == nil {
		_, err = file.Write(make([]byte, room))
	}
	return !isDiskFull(errors.Join(err, file.Sync(), file.Close()))
}

// ChangesRefused says why changes can't be saved, as on a full disk, according to the last ones. It does not try.
func (s *Store) ChangesRefused() error {
	if failure := s.saving.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}
