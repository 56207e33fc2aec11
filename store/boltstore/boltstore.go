package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	queue  queue
	limits *store.MemoryLimits

	accounts    recordCache[policy.Account]
	tenants     recordCache[policy.Tenant]
	users       recordCache[policy.User]
	memberships recordCache[policy.Membership]

	membershipFeeds feeds
	userFeeds       feeds
}

// Open opens the store in the file at path. It creates the file, readable by its owner only, and its folder when they do not exist.
// It returns store.ErrInUse, after a second, if another process has the file open, and store.ErrSchemaTooNew if a later version
// of the program wrote it.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open store %s: %w", path, store.ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if err := db.Update(prepare); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), db.Close())
	}
	//nolint:forbidigo // limits go by real time, as on Redis, and not by the server's clock, which may be shifted
	limits := store.NewMemoryLimits(time.Now)
	return &Store{db: db, queue: newQueue(), limits: limits, membershipFeeds: newFeeds(), userFeeds: newFeeds()}, nil
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(*bbolt.Tx) error { return nil })
}

// Warnings implements store.Store. It has none: every commit is synced.
func (s *Store) Warnings(context.Context) ([]string, error) { return nil, nil }

// Close implements store.Store. It waits for transactions under way.
func (s *Store) Close() error { return s.db.Close() }

// Backup writes a consistent copy of the file while the store goes on serving. The copy can be opened as a store.
// After an error, what w has received is not a backup.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	return s.read(ctx, func(tx *bbolt.Tx) error {
		if _, err := tx.WriteTo(cancelledWriter{ctx, w}); err != nil {
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
	err := s.db.View(f)
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }
