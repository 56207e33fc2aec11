package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// Ephemera expire by the clock of the server, which a rehearsal shifts by months, and not by that of Redis. So they have no time-to-live;
// a sorted set says when each may be deleted. All are in one slot, and each value begins with its expiry, so that one that was replaced
// meanwhile is not deleted by mistake.

const (
	ephemera        = slot("ephemera")
	ephemeraExpires = "expires"
)

func ephemeralKey(key string) string { return ephemera.key("value:" + key) }

// expiryScore need not be exact: each value that it finds is checked.
func expiryScore(t time.Time) float64 { return float64(t.UnixMicro()) }

// PutEphemeral implements store.Ephemera.
func (s *Store) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.keep(key, value, expires)
		return s.commit(ctx, c)
	})
}

// keep does not ask what the value was.
func (c *change) keep(key string, value []byte, expires time.Time) {
	c.do("SET", ephemeralKey(key), instant(expires)+" "+string(value))
	c.do("ZADD", ephemera.key(ephemeraExpires), expiryScore(expires), key)
}

// UpdateEphemeral implements store.Ephemera.
func (s *Store) UpdateEphemeral(ctx context.Context, key string, edit func([]byte) ([]byte, time.Time, error)) error {
	return untilSaved(ctx, func() (bool, error) {
		read, err := s.get(ctx, ephemeralKey(key))
		if err != nil {
			return false, err
		}
		var before []byte
		if _, text, ok := strings.Cut(read.value, " "); read.exists && ok {
			before = []byte(text)
		}
		after, expires, err := edit(before)
		if err != nil {
			return false, err
		}
		var c change
		c.expect(read)
		c.keep(key, after, expires)
		return s.commit(ctx, c)
	})
}

// Ephemeral implements store.Ephemera.
func (s *Store) Ephemeral(ctx context.Context, key string) ([]byte, error) {
	read, err := s.ephemeral(ctx, key)
	if err != nil {
		return nil, err
	}
	_, value, _ := strings.Cut(read.value, " ")
	return []byte(value), nil
}

func (s *Store) ephemeral(ctx context.Context, key string) (snapshot, error) {
	read, err := s.get(ctx, ephemeralKey(key))
	if err == nil && !read.exists {
		err = store.ErrNotFound
	}
	return read, err
}

// TakeEphemeral implements store.Ephemera. It is a change like any other and not GETDEL, because a failover must not bring back
// a link that works once.
func (s *Store) TakeEphemeral(ctx context.Context, key string) (value []byte, err error) {
	err = untilSaved(ctx, func() (bool, error) {
		read, err := s.ephemeral(ctx, key)
		if err != nil {
			return false, err
		}
		_, text, _ := strings.Cut(read.value, " ")
		value = []byte(text)
		var c change
		c.expect(read)
		c.forget(key)
		return s.commit(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// DeleteEphemeral implements store.Ephemera.
func (s *Store) DeleteEphemeral(ctx context.Context, key string) error {
	return untilSaved(ctx, func() (bool, error) {
		var c change
		c.forget(key)
		return s.commit(ctx, c)
	})
}

func (c *change) forget(key string) {
	c.drop(ephemeralKey(key))
	c.unindex(ephemera.key(ephemeraExpires), key)
}

// ForgetEphemera implements store.Ephemera.
func (s *Store) ForgetEphemera(ctx context.Context, now time.Time) error {
	for {
		old, err := s.expired(ctx, now)
		if err != nil || len(old) == 0 {
			return err
		}
		var c change
		for key, read := range old {
			c.expect(read)
			c.forget(key)
		}
		// If one of them was replaced meanwhile, nothing is deleted, and all are read again.
		if _, err := s.commit(ctx, c); err != nil {
			return err
		}
	}
}

// expired reads expired values by key, a batch at most.
func (s *Store) expired(ctx context.Context, now time.Time) (map[string]snapshot, error) {
	keys, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: ephemera.key(ephemeraExpires), Start: "-inf", Stop: expiryScore(now), ByScore: true, Count: batch,
	}).Result()
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = ephemeralKey(key)
	}
	values, err := s.getAll(ctx, names...)
	if err != nil {
		return nil, err
	}
	old := map[string]snapshot{}
	for i, read := range values {
		if expires, _, _ := strings.Cut(read.value, " "); read.exists && expires <= instant(now) {
			old[keys[i]] = read
		}
	}
	return old, nil
}
