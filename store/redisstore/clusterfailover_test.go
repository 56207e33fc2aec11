package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// The master of the tenant's slot dies and stays dead. Reads, too, must find the new one soon after the nodes agree on it, and the store
// must not call itself ready meanwhile.
func TestClusterFailoverIsFollowed(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartReplicatedCluster(t, 3)
	s := opened(t, cluster.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	dead := cluster.MasterOf(t, "{t:build}")
	cluster.Nodes[dead].Kill()
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a read from the dead master: %v", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ping while the tenant's master is dead: %v", err)
	}
	cluster.AwaitFailover(t, dead)
	agreed := time.Now()
	redistest.Eventually(t, "reads find the new master", func() bool { return works(t, s, "mk_one") == nil })
	redistest.Eventually(t, "the store is ready", func() bool { return s.Ping(t.Context()) == nil })
	redistest.Eventually(t, "changes find the new master", func() bool {
		return errors.Is(update(t.Context(), s, revoke("mk_one")), store.ErrUnconfirmed) // which has no replica
	})
	redistest.Took(t, "following the failover", time.Since(agreed), 2*time.Second)
}

// A node is asked even if it has none of the store's own records: the next tenant's may be there.
func TestPingAsksEveryMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	for i, node := range cluster.Nodes {
		s := opened(t, cluster.URL())
		node.Pause()
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ping with node %d paused: %v", i, err)
		}
		node.Resume()
		redistest.Eventually(t, "the store is ready", func() bool { return s.Ping(t.Context()) == nil })
	}
}
