package boltstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"mintkey/store"
)

// queue lets writers share commits. A writer that finds no commit running commits for all that are waiting; those that come
// meanwhile wait for the next one. So a lone writer waits only for the disk, and a hundred writers hardly wait longer than one.
// (bbolt's own Batch waits on a timer for more writers, which delays a lone one.)
type queue struct {
	committing chan struct{} // holds one value during a commit
	mu         sync.Mutex
	waiting    []*write
}

type write struct {
	run  func(*bbolt.Tx) (changed bool, err error)
	done chan error
}

// errAlone tells a writer to run in a transaction of its own: its function failed in a shared one, and may have failed because of writes
// that were then rolled back.
var errAlone = errors.New("run alone")

// errUnchanged ends a transaction in which nothing was changed: a commit would wait for the disk.
var errUnchanged = errors.New("nothing was changed")

func newQueue() queue { return queue{committing: make(chan struct{}, 1)} }

// write runs f in a transaction and commits. An error of f is returned as it is, and then nothing is written; f may
// run more than once. When ctx is cancelled before f has ended, its error is returned and nothing is written either.
func (s *Store) write(ctx context.Context, f func(*bbolt.Tx) error) error {
	return s.writeIfChanged(ctx, func(tx *bbolt.Tx) (bool, error) { return true, f(tx) })
}

// writeIfChanged is write for a function that says whether it has changed anything.
func (s *Store) writeIfChanged(ctx context.Context, f func(*bbolt.Tx) (bool, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := s.meter.began()
	err := s.writeSoon(ctx, f)
	s.meter.ended(store.Change, began, err)
	return err
}

func (s *Store) writeSoon(ctx context.Context, f func(*bbolt.Tx) (bool, error)) error {
	w := &write{done: make(chan error, 1), run: func(tx *bbolt.Tx) (bool, error) {
		changed, err := f(tx)
		if err != nil {
			return false, err
		}
		return changed, ctx.Err()
	}}
	s.queue.add(w)
	var err error
	select {
	case err = <-w.done:
	case s.queue.committing <- struct{}{}:
		s.commit(s.queue.take())
		<-s.queue.committing
		err = <-w.done
	}
	if errors.Is(err, errAlone) {
		return s.writeAlone(w)
	}
	return err
}

func (q *queue) add(w *write) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
}

func (q *queue) take() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting = nil
	return taken
}

// commit commits the writes together, leaving out those that fail.
func (s *Store) commit(writes []*write) {
	for len(writes) > 0 {
		failed := -1
		err := s.update(func(tx *bbolt.Tx) error {
			unchanged := errUnchanged
			for i, w := range writes {
				changed, err := w.try(tx)
				if err != nil {
					failed = i
					return err
				}
				if changed {
					unchanged = nil
				}
			}
			return unchanged
		})
		if failed < 0 {
			err = s.ended(err)
			for _, w := range writes {
				w.done <- err
			}
			return
		}
		writes[failed].done <- errAlone
		writes = slices.Delete(writes, failed, failed+1)
	}
}

// try turns a panic into an error, so that it can be raised again in the writer's own goroutine.
func (w *write) try(tx *bbolt.Tx) (changed bool, err error) {
	defer func() {
		if recover() != nil {
			err = errAlone
		}
	}()
	return w.run(tx)
}

func (s *Store) writeAlone(w *write) error {
	s.queue.committing <- struct{}{}
	defer func() { <-s.queue.committing }()
	var refused error
	err := s.update(func(tx *bbolt.Tx) error {
		var changed bool
		if changed, refused = w.run(tx); refused != nil || changed {
			return refused
		}
		return errUnchanged
	})
	if refused != nil && !errors.Is(err, store.ErrDamaged) {
		return refused
	}
	return s.ended(err)
}

// ended notes and translates how a commit ended. One that was not needed says nothing about the disk.
func (s *Store) ended(err error) error {
	if errors.Is(err, errUnchanged) {
		return nil
	}
	s.saving.note(err, s.path)
	return committed(err)
}

// update must be called by one goroutine at a time: bbolt keeps its lock when it panics on a damaged file, and the next caller, which
// guard turns away, would wait for it for ever.
func (s *Store) update(f func(*bbolt.Tx) error) error {
	defer s.subjects.drop() // before anybody is told of the commit
	return s.guard(func() error { return s.db.Update(f) })
}

func committed(err error) error {
	switch {
	case isDiskFull(err):
		return fmt.Errorf("%w: %w", store.ErrTakesNoChanges, errDiskFull)
	case err != nil && !errors.Is(err, store.ErrUnavailable):
		return unavailable(err)
	}
	return err
}
