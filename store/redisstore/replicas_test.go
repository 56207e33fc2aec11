package redisstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A primary that has lost its replica lists none, like one that never had any. It must not acknowledge what a failover would undo.
func TestPrimaryThatLostItsReplicaDoesNotAcknowledge(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	s := opened(t, master.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	replica.Kill()
	redistest.Eventually(t, "the primary lists no replica", func() bool { return len(replicasOf(master)) == 0 })
	another := opened(t, master.URL()) // which has seen no replica itself
	if err := update(t.Context(), another, revoke("mk_one")); !errors.Is(err, store.ErrUnconfirmed) {
		t.Errorf("a revocation: %v, want ErrUnconfirmed", err)
	}
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the key that was revoked: %v, want ErrNotFound", err)
	}
	if err := another.Confirm(t.Context(), "build"); !errors.Is(err, store.ErrUnconfirmed) {
		t.Errorf("Confirm: %v, want ErrUnconfirmed", err)
	}
	for _, after := range []struct {
		what string
		do   func() error
	}{
		{"an hour", func() error { master.Do("PEXPIRE", "mintkey:replicas:", "1"); return nil }},
		{"the command", func() error { return another.ForgetReplicas(t.Context()) }},
	} {
		if err := another.UpdateDocument(t.Context(), "count", increment); !errors.Is(err, store.ErrUnconfirmed) {
			t.Errorf("before %s: %v, want ErrUnconfirmed", after.what, err)
		}
		if err := after.do(); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, "changes are accepted after "+after.what, func() bool {
			return another.UpdateDocument(t.Context(), "count", increment) == nil
		})
		replica.Restart()
		redistest.Eventually(t, "the replica is back", func() bool { return len(replicasOf(master)) > 0 })
		redistest.Eventually(t, "changes are confirmed", func() bool {
			return another.UpdateDocument(t.Context(), "count", increment) == nil
		})
		replica.Kill()
		redistest.Eventually(t, "the primary lists no replica", func() bool { return len(replicasOf(master)) == 0 })
	}
}

// replicasOf returns the replicas that a master lists as in step.
func replicasOf(master *redistest.Server) []string {
	lines := slices.DeleteFunc(strings.Split(master.Do("ROLE"), "\n"), func(line string) bool { return line == "" })
	return lines[min(len(lines), 2):]
}

// Each master of a Cluster counts for itself: one that never had a replica goes on, one that lost it does not.
func TestMastersOfAClusterAreConfirmedEachByItself(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartReplicatedCluster(t, 3)
	s := opened(t, cluster.URL())
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if err := s.UpdateDocument(t.Context(), id, increment); err != nil {
			t.Fatal(err)
		}
	}
	lost := cluster.MasterOf(t, "mintkey:document:a")
	cluster.Replicas[lost].Kill()
	redistest.Eventually(t, "the master lists no replica", func() bool { return len(replicasOf(cluster.Nodes[lost])) == 0 })
	another := opened(t, cluster.URL())
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		want := error(nil)
		if cluster.MasterOf(t, "mintkey:document:"+id) == lost {
			want = store.ErrUnconfirmed
		}
		if err := another.UpdateDocument(t.Context(), id, increment); !errors.Is(err, want) {
			t.Errorf("document %s: %v, want %v", id, err, want)
		}
	}
	if err := another.ForgetReplicas(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := another.UpdateDocument(t.Context(), "a", increment); err != nil {
		t.Errorf("after the replicas were forgotten: %v", err)
	}
}

// A revocation takes effect while the only replica hangs, whatever else the operation writes.
func TestRevocationTakesEffectWhileTheReplicaHangs(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	s := opened(t, master.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	replica.Pause()
	defer replica.Resume()
	if err := update(t.Context(), s, revokeAnnounced("one")); !errors.Is(err, store.ErrUnconfirmed) {
		t.Errorf("the revocation: %v, want ErrUnconfirmed", err)
	}
	if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the revoked key: %v, want ErrNotFound", err)
	}
	if got := master.Do("ZCARD", "mintkey:{t:build}:outbox"); got != "1" {
		t.Errorf("%s entries are in the outbox, want 1", got)
	}
}

// The answer to a lease is lost: the entry is due again within seconds, and not after the whole lease.
func TestLeaseWhoseAnswerWasLostIsShort(t *testing.T) {
	server := redistest.Start(t)
	proxy := newProxy(t, server.Address())
	s := opened(t, "redis://"+proxy.address)
	seed(t, s)
	if err := announce(t.Context(), s, announced()); err != nil {
		t.Fatal(err)
	}
	proxy.loseAnswers.Store(true)
	if got, err := s.ClaimOutbox(t.Context(), epoch, epoch.Add(10*time.Minute), 10); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("claimed %v, %v; want ErrUnavailable", got, err)
	}
	proxy.loseAnswers.Store(false)
	if got := claim(t, s, epoch.Add(15*time.Second)); len(got) != 1 {
		t.Errorf("claimed %v 15 s later, want the entry", got)
	}
	if got := claim(t, s, epoch.Add(30*time.Second)); len(got) != 0 {
		t.Errorf("claimed %v, which is leased", got)
	}
}
