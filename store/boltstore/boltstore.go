package boltstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"mintkey/policy"
	"mintkey/store"
)

// lockTimeout is how long Open waits for another process to release the file, as at a restart.
const lockTimeout = time.Second

var _ store.Store = (*Store)(nil)

// Store is a store.Store in one file.
type Store struct {
	db     *bbolt.DB
	path   string
	file   os.FileInfo // of the file as it was opened
	queue  queue
	saving saving
	limits *store.MemoryLimits
	meter  meter

	damage  atomic.Pointer[error]
	damaged chan struct{} // closed when damage is set
	behind  examining

	accounts    recordCache[policy.Account]
	tenants     recordCache[policy.Tenant]
	users       recordCache[policy.User]
	memberships recordCache[policy.Membership]
	subjects    subjectCache

	membershipFeeds feeds
	userFeeds       feeds
}

// Open opens the store in the file at path. It creates the file, readable by its owner only, and its folder when they do not exist.
// It returns store.ErrInUse, after a second, if another process has the file open, and store.ErrSchemaTooNew if a later version
// of the program wrote it.
//
// It examines all pages of the file, and the records that tokens depend on, and returns store.ErrDamaged if a part is missing or unsound;
// Check examines the rest. A backup loses its checksum when it is opened, because the store is going to change.
func Open(path string) (*Store, error) {
	return open(path, func(found state) bool { return found != empty })
}

func open(path string, examinesFirst func(state) bool) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	var db *bbolt.DB
	err := survive(func() error {
		found, err := stateOf(path)
		if err == nil && examinesFirst(found) {
			err = examine(path)
		}
		if err == nil {
			db, err = openFile(path, examinesFirst(found))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), db.Close())
	}
	//nolint:forbidigo // limits go by real time, as on Redis, and not by the server's clock, which may be shifted
	limits := store.NewMemoryLimits(time.Now)
	return &Store{
		db: db, path: path, file: file, queue: newQueue(), limits: limits, damaged: make(chan struct{}),
		membershipFeeds: newFeeds(), userFeeds: newFeeds(),
	}, nil
}

func openFile(path string, examines bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
	})
	if err != nil {
		return nil, openError(err)
	}
	err = prepareFile(db)
	if err == nil && examines {
		err = db.View(func(tx *bbolt.Tx) error {
			i := inspection{ctx: context.Background(), tx: tx, found: new(Contents)}
			return i.core()
		})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openError translates what bbolt says of a file that it can't open. What does not come from the system is about the content.
func openError(err error) error {
	var number syscall.Errno
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return store.ErrInUse
	case errors.As(err, &number), errors.Is(err, store.ErrDamaged):
		return err
	default:
		return damaged("%v", err)
	}
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(*bbolt.Tx) error { return nil })
}

// Confirm implements store.Replication. Every commit is synced, and there are no replicas.
func (s *Store) Confirm(ctx context.Context, _ string) error {
	return s.read(ctx, func(*bbolt.Tx) error { return nil })
}

// ForgetReplicas implements store.Replication. There are none.
func (*Store) ForgetReplicas(ctx context.Context) error { return ctx.Err() }

// Replaced returns store.ErrReplaced once the path leads to another file than the one that is open, or to none.
func (s *Store) Replaced() error {
	now, err := os.Stat(s.path)
	if err == nil && os.SameFile(s.file, now) || err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return store.ErrReplaced
}

// Warnings implements store.Store. It has none: every commit is synced.
func (s *Store) Warnings(context.Context) ([]string, error) { return nil, nil }

// Close implements store.Store. It waits for transactions under way, except in a damaged file, where one may never end; the file is then
// in use until the process ends.
func (s *Store) Close() error {
	if s.behind.cancel != nil {
		s.behind.cancel()
		select {
		case <-s.damaged:
		case <-s.behind.ended:
		}
	}
	select {
	case <-s.damaged:
		return nil
	default:
		return s.db.Close()
	}
}

// Backup writes a consistent copy of the file, with a checksum, while the store goes on serving. The copy can be opened as a store.
// It does not examine what it copies: see Check. After an error, what w has received is not a backup.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		sum := sha256.New()
		_, err := tx.WriteTo(cancelledWriter{ctx, io.MultiWriter(w, sum)})
		if err == nil {
			_, err = w.Write(seal(sum.Sum(nil)))
		}
		if err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("backup: %w", err))
		}
		return nil
	})
}

type cancelledWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c cancelledWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// read runs f in a read transaction. f must copy what it keeps: the bytes it sees are the mapped file.
func (s *Store) read(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	began := s.meter.began()
	err := s.guard(func() error { return s.db.View(f) })
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		err = unavailable(err)
	}
	s.meter.ended(store.Read, began, err)
	return err
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }
