package redisstore

import (
	"context"
	"time"

	"mintkey/store"
)

// keptAtLeast is how long Redis keeps a value by its own clock, whatever the server's clock says: a rehearsal sets that one back by months, and
// must not lose its sessions. Whoever reads a value judges by what the value says.
const keptAtLeast = 24 * time.Hour

// PutEphemeral is in the contract of package store. Redis forgets the value by itself, a day late.
func (s *Store) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return unavailable(ctx, err)
	}
	forget := expires.Add(keptAtLeast)
	if earliest := now.Add(keptAtLeast); forget.Before(earliest) {
		forget = earliest
	}
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.do("SET", ephemeralKey(key), value, "PXAT", forget.UnixMilli())
		return s.commit(ctx, c)
	})
}

// Ephemeral is in the contract of package store.
func (s *Store) Ephemeral(ctx context.Context, key string) ([]byte, error) {
	read, err := s.ephemeral(ctx, key)
	if err != nil {
		return nil, err
	}
	return []byte(read.value), nil
}

func (s *Store) ephemeral(ctx context.Context, key string) (snapshot, error) {
	read, err := s.get(ctx, ephemeralKey(key))
	if err == nil && !read.exists {
		err = store.ErrNotFound
	}
	return read, err
}

// TakeEphemeral is in the contract of package store. It is a change like any other, and no GETDEL: a failover must not bring back a link that
// is valid once.
func (s *Store) TakeEphemeral(ctx context.Context, key string) (value []byte, err error) {
	err = untilSaved(ctx, func() (bool, error) {
		read, err := s.ephemeral(ctx, key)
		if err != nil {
			return false, err
		}
		value = []byte(read.value)
		var c change
		c.remove(read)
		return s.commit(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// DeleteEphemeral is in the contract of package store.
func (s *Store) DeleteEphemeral(ctx context.Context, key string) error {
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.do("DEL", ephemeralKey(key))
		return s.commit(ctx, c)
	})
}

// ForgetEphemera is in the contract of package store. Redis does it by itself.
func (s *Store) ForgetEphemera(ctx context.Context, _ time.Time) error { return ctx.Err() }
