package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// state is what a look at the top of a file says of it.
type state int

const (
	empty   state = iota // there is no file, or nothing in it: bbolt makes a new store
	current              // a store of this version of the program
	other                // a backup, or a store that has to be changed before it is used
)

// OpenAtOnce is Open for a server, which is to answer at once however much is in the file. It examines only what bbolt needs to open it:
// that the file is whole, its buckets and its free pages. The rest is examined while the store is in use, and Damaged is closed if that
// finds something. A backup, and a store of an earlier version, are examined first all the same.
func OpenAtOnce(path string) (*Store, error) {
	s, err := open(path, func(found state) bool { return found == other })
	if err != nil {
		return nil, err
	}
	if err := s.examineBehind(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.Close())
	}
	return s, nil
}

// stateOf examines the top of the file.
func stateOf(path string) (found state, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return empty, nil
	}
	if err != nil {
		return other, err
	}
	err = hold(path, func(db *bbolt.DB) error {
		return withFile(path, func(file *os.File, size int64) error {
			content, sum, err := readSeal(file, size)
			if err == nil {
				err = checkTop(file, content, db.Info().PageSize)
			}
			if found = other; err != nil || sum != nil {
				return err
			}
			return db.View(func(tx *bbolt.Tx) error {
				upToDate, err := isCurrent(tx)
				if upToDate {
					found = current
				}
				return err
			})
		})
	})
	return found, err
}

// examining is the examination of a file that is in use. Without one, both are nil.
type examining struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// examineBehind begins the examination. Nobody may have changed the store yet. The transaction keeps all pages that are in use now as they
// are.
func (s *Store) examineBehind() error {
	tx, err := s.db.Begin(false)
	if err != nil {
		return err
	}
	var x examination
	var m meta
	err = withFile(s.path, func(file *os.File, size int64) error {
		x, m, err = newExamination(file, size, s.db.Info().PageSize)
		return err
	})
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.behind = examining{cancel, make(chan struct{})}
	go func() {
		defer close(s.behind.ended)
		err := s.guard(func() error { return s.walkBehind(ctx, x, m) })
		if err = errors.Join(err, tx.Rollback()); err == nil {
			_ = s.recordsBehind(ctx) // damage is noted by then
		}
	}()
	return nil
}

func (s *Store) walkBehind(ctx context.Context, x examination, m meta) error {
	return withFile(s.path, func(file *os.File, _ int64) error {
		x.file = cancelledReader{ctx, file}
		if err := x.walk(m); ctx.Err() == nil {
			return err
		}
		return ctx.Err()
	})
}

type cancelledReader struct {
	ctx  context.Context //nolint:containedctx // it lives as long as one call
	file *os.File
}

func (c cancelledReader) ReadAt(p []byte, at int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.file.ReadAt(p, at)
}

const (
	recordsAtOnce = 256                   // in one transaction: a long one would make the file grow
	betweenReads  = 50 * time.Millisecond // so that reading takes a tenth of a processor
)

// recordsBehind reads the records that tokens depend on, little by little.
func (s *Store) recordsBehind(ctx context.Context) error {
	for _, b := range coreBuckets() {
		for after, more := "", true; more; {
			err := s.read(ctx, func(tx *bbolt.Tx) (err error) {
				i := inspection{ctx: ctx, tx: tx, found: new(Contents)}
				after, more, err = i.some(b, after, recordsAtOnce)
				return err
			})
			if err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(betweenReads):
			}
		}
	}
	return nil
}
