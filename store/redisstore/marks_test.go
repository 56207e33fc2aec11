package redisstore_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// watched returns a watch over a store that has an account, and that it has seen.
func watched(t *testing.T, s *redisstore.Store) *store.Watch {
	t.Helper()
	now := time.Now()
	if err := store.BeginHistory(t.Context(), s, time.Minute, now); err != nil {
		t.Fatal(err)
	}
	w := store.NewWatch(s, store.NewGate(s), slog.New(slog.DiscardHandler))
	w.OnChange(s.DropCaches)
	for _, err := range []error{w.Check(t.Context(), now), w.Advance(t.Context(), now)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// One master of a Cluster loses its data, whichever it is. Whoever is refused because of that would give up, so nobody is; a server
// that has just started, and knows of nothing, does not change that.
func TestEmptiedMasterIsALostStore(t *testing.T) {
	for i := range 3 {
		cluster := redistest.StartCluster(t, 3)
		s := opened(t, cluster.URL())
		seed(t, s)
		w := watched(t, s)
		cluster.Nodes[i].Do("FLUSHALL")
		if err := w.Confirm(t.Context(), time.Now()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("node %d was emptied: %v, want that the store is lost", i, err)
		}
		other := opened(t, cluster.URL())
		if err := store.BeginHistory(t.Context(), other, time.Minute, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := other.KeepMarks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.Check(t.Context(), time.Now()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("node %d was emptied and another server has started: %v, want that the store is lost", i, err)
		}
		// The way out without a backup of the node: all data is put back.
		cluster.FlushAll()
		seed(t, s)
		if err := store.BeginHistory(t.Context(), s, time.Minute, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := w.Check(t.Context(), time.Now()); err != nil {
			t.Errorf("node %d was emptied, and then everything was put back: %v", i, err)
		}
	}
}

// Each master has one mark, and all servers have chosen the same.
func TestEachMasterHasAMark(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 5)
	s, other := opened(t, cluster.URL()), opened(t, cluster.URL())
	for _, one := range []*redisstore.Store{s, other} {
		if err := one.KeepMarks(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i, node := range cluster.Nodes {
		if found := node.Do("KEYS", "*mark*"); len(strings.Fields(found)) != 1 || !slices.Contains(redisstore.Marks(s), found) {
			t.Errorf("node %d has the marks %q", i, found)
		}
	}
}

// The marks of masters go where their slots go.
func TestMarksFollowTheirSlots(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := opened(t, cluster.URL())
	seed(t, s)
	w := watched(t, s)
	for _, key := range redisstore.Marks(s) {
		move := cluster.BeginMove(t, key)
		if err := w.Check(t.Context(), time.Now()); err != nil {
			t.Errorf("while the slot of %s moves: %v", key, err)
		}
		for move.Step() {
			if err := w.Check(t.Context(), time.Now()); err != nil {
				t.Errorf("while the slot of %s moves: %v", key, err)
			}
		}
		move.Finish()
		if err := w.Check(t.Context(), time.Now()); err != nil {
			t.Errorf("after the slot of %s has moved: %v", key, err)
		}
	}
}

func TestMarksSurviveAFailover(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartReplicatedCluster(t, 3)
	s := opened(t, cluster.URL())
	seed(t, s)
	w := watched(t, s)
	cluster.Nodes[1].Kill()
	cluster.AwaitFailover(t, 1)
	redistest.Eventually(t, "the new master is used", func() bool { return s.Ping(t.Context()) == nil })
	if err := w.Check(t.Context(), time.Now()); err != nil {
		t.Errorf("after a failover: %v", err)
	}
}
