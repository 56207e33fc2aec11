package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// cutOff cuts the test off together with the primary, lets the mainland revoke mk_one, and checks that it is not read any more then.
func cutOff(t *testing.T, quorum *redistest.Quorum, s store.Store, processes ...int) {
	t.Helper()
	quorum.Divide(processes...)
	cut := time.Now()
	redistest.Eventually(t, "reads are refused", func() bool { return errors.Is(works(t, s, "mk_one"), store.ErrPrimaryInDoubt) })
	t.Logf("reads were refused %v after the cut", time.Since(cut).Round(time.Millisecond))
	promoted := quorum.AwaitFailover()
	t.Logf("a replica was promoted %v after the cut", time.Since(cut).Round(time.Millisecond))
	mainland := opened(t, promoted.URL())
	redistest.Eventually(t, "the key is revoked on the mainland", func() bool {
		_ = update(t.Context(), mainland, revoke("mk_one")) // first unconfirmed, until the other replica has found the new primary
		return errors.Is(works(t, mainland, "mk_one"), store.ErrNotFound)
	})
	for range 40 {
		if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrPrimaryInDoubt) {
			t.Fatalf("a read of a key that was revoked on the mainland: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	for what, err := range map[string]error{"ping": s.Ping(t.Context()), "change": update(t.Context(), s, addKey("mk_two"))} {
		if !errors.Is(err, store.ErrPrimaryInDoubt) || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	quorum.Unite()
	redistest.Eventually(t, "the new primary is read", func() bool { return errors.Is(works(t, s, "mk_one"), store.ErrNotFound) })
}

// A store that is cut off together with the old primary must not answer from it, when the other side may have promoted a replica.
func TestCutOffWithTheOldPrimary(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartDivisibleQuorum(t, 2)
	s := withKey(t, quorum.URL())
	cutOff(t, quorum, s)
}

// A Sentinel on the island goes on naming the old primary: it hears no majority.
func TestCutOffWithTheOldPrimaryAndASentinel(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartDivisibleQuorum(t, 2)
	s := withKey(t, quorum.URL())
	cutOff(t, quorum, s, quorum.Sentinels[0].PID())
}

// Two of three copies, and one of three Sentinels, make no majority either. The old primary confirms changes by its replica.
func TestCutOffWithTheOldPrimaryAndAReplica(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartDivisibleQuorum(t, 2)
	s := withKey(t, quorum.URL())
	cutOff(t, quorum, s, quorum.Sentinels[0].PID(), quorum.Replicas[0].PID())
}

// Who is started on the island must not answer either.
func TestOpenOnTheIsland(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartDivisibleQuorum(t, 1)
	opened(t, quorum.URL())
	quorum.Divide(quorum.Sentinels[0].PID())
	quorum.AwaitFailover()
	if _, err := redisstore.Open(t.Context(), quorum.URL()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("open: %v", err)
	}
}

// stays checks that reads succeed for longer than a proof lasts.
func stays(t *testing.T, s store.Store) {
	t.Helper()
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err := works(t, s, "mk_one"); err != nil {
			t.Fatalf("a read: %v", err)
		}
	}
}

func killSentinels(quorum *redistest.Quorum) {
	for _, sentinel := range quorum.Sentinels {
		sentinel.Kill()
	}
}

// An outage of the Sentinels alone stops nothing, nor does one of the replicas alone. Of both it does.
func TestNeitherSentinelsNorReplicasAloneAreNeeded(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartQuorum(t, 2)
	s := withKey(t, quorum.URL())
	quorum.Replicas[0].Pause()
	t.Cleanup(quorum.Replicas[0].Resume)
	stays(t, s)
	quorum.Replicas[0].Resume()
	redistest.Eventually(t, "the replica is in step", func() bool { return s.UpdateDocument(t.Context(), "count", increment) == nil })
	killSentinels(quorum)
	stays(t, s)
	l := startLoad(t, s, 40) // which needs new connections
	time.Sleep(time.Second)
	l.end()
	if l.check(t); l.failed.Load() > 0 {
		t.Errorf("%d reads failed for want of a Sentinel", l.failed.Load())
	}
	quorum.Replicas[0].Pause()
	redistest.Eventually(t, "reads are refused", func() bool { return errors.Is(works(t, s, "mk_one"), store.ErrPrimaryInDoubt) })
	quorum.Replicas[0].Resume()
	redistest.Eventually(t, "reads succeed again", func() bool { return works(t, s, "mk_one") == nil })
	stays(t, s)
	quorum.Replicas[1].Pause()
	redistest.Eventually(t, "reads are refused", func() bool { return errors.Is(works(t, s, "mk_one"), store.ErrPrimaryInDoubt) })
	t.Cleanup(quorum.Replicas[1].Resume)
	quorum.Sentinels[0].Restart()
	quorum.Sentinels[1].Restart()
	redistest.Eventually(t, "reads succeed again", func() bool { return works(t, s, "mk_one") == nil })
}

// Where there never was a replica, nothing can be promoted, and the Sentinels may be away.
func TestPrimaryWithoutReplicasNeedsNoSentinels(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartQuorum(t, 0)
	s := withKey(t, quorum.URL())
	killSentinels(quorum)
	stays(t, s)
}
