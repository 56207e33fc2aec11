package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"mintkey/store"
)

// One master of a Cluster can lose its data while the others keep theirs: it was restarted without persistence, or lost its volume. Its
// slots are empty then, and whatever is looked up there looks as if it had never been. So each master has a mark in one of its slots, and a
// process remembers those that it has seen. A mark moves with its slot.

// markPlaces is how many keys there are for marks. They fall on the slots by chance, so a master with very few slots may have none.
const markPlaces = 128

// marks are those that this process has seen and keeps looking at, by key.
type marks struct {
	keeping sync.Mutex // held while they are chosen, made and dropped
	seen    atomic.Pointer[map[string]string]
}

func (m *marks) all() map[string]string {
	if seen := m.seen.Load(); seen != nil {
		return *seen
	}
	return nil
}

// KeepMarks implements store.Parts. A mark counts once it is confirmed, so that a failover does not take it away.
func (s *Store) KeepMarks(ctx context.Context) error {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return nil
	}
	keys, err := markOfEachMaster(ctx, cluster)
	if err != nil {
		return unavailable(ctx, err)
	}
	s.marks.keeping.Lock()
	defer s.marks.keeping.Unlock()
	chosen := map[string]string{}
	var failures error
	for _, key := range keys {
		value, known := s.marks.all()[key]
		if !known {
			if value, err = s.mark(ctx, key); err != nil {
				failures = errors.Join(failures, err)
				continue
			}
		}
		chosen[key] = value
	}
	s.marks.seen.Store(&chosen)
	return failures
}

// mark returns the value of the mark, which is made if it is missing. It is written in either case, which confirms it.
func (s *Store) mark(ctx context.Context, key string) (value string, err error) {
	err = untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, key)
		if err != nil {
			return false, err
		}
		if value = old.value; !old.exists {
			value = rand.Text()
		}
		var c change
		c.put(old, value)
		return s.commit(ctx, c)
	})
	return value, err
}

// PartLost implements store.Parts. A mark that can't be read says nothing. If all are different, then it is not a part that was lost.
func (s *Store) PartLost(ctx context.Context) bool {
	seen := s.marks.all()
	if len(seen) < 2 {
		return false
	}
	pipe := s.client.Pipeline()
	replies := make(map[string]*redis.StringCmd, len(seen))
	for key := range seen {
		replies[key] = pipe.Get(ctx, key)
	}
	_, _ = pipe.Exec(ctx) // every reply holds its own error
	lost := 0
	for key, reply := range replies {
		value, err := reply.Result()
		if errors.Is(err, redis.Nil) || err == nil && value != seen[key] {
			lost++
		}
	}
	return 0 < lost && lost < len(seen)
}

var _ store.Parts = (*Store)(nil)

// dropMarks forgets the marks of a history that has ended.
func (s *Store) dropMarks() {
	s.marks.keeping.Lock()
	defer s.marks.keeping.Unlock()
	s.marks.seen.Store(nil)
}

// markOfEachMaster returns the first of the keys for marks on each master, which is the same for every server.
func markOfEachMaster(ctx context.Context, cluster *redis.ClusterClient) (keys []string, err error) {
	marked := map[string]bool{} // masters by address
	for place := range markPlaces {
		key := slot("mark:" + strconv.Itoa(place)).key("mark")
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return nil, err
		}
		if address := master.Options().Addr; !marked[address] {
			marked[address] = true
			keys = append(keys, key)
		}
	}
	return keys, nil
}
