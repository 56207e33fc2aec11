package redisstore_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A Sentinel that is started anew on the island, with the settings that it had at first, as in a container, knows of no other Sentinel
// and of no replica. It must not pass for a majority of one, nor for proof that there is nothing to promote.
func TestSentinelWithoutItsStateIsNoMajority(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartQuorum(t, 1)
	s := withKey(t, quorum.URL())
	forgetful := quorum.Sentinels[2]
	quorum.Replicas[0].Kill()
	quorum.Sentinels[0].Kill()
	quorum.Sentinels[1].Kill()
	redistest.Eventually(t, "reads are refused", func() bool { return errors.Is(works(t, s, "mk_one"), store.ErrPrimaryInDoubt) })
	host, port, err := net.SplitHostPort(quorum.Master.Address())
	if err != nil {
		t.Fatal(err)
	}
	forgetful.Do("SENTINEL", "REMOVE", redistest.MasterName)
	forgetful.Do("SENTINEL", "MONITOR", redistest.MasterName, host, port, "2")
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err := works(t, s, "mk_one"); !errors.Is(err, store.ErrPrimaryInDoubt) {
			t.Fatalf("a read: %v", err)
		}
	}
	quorum.Sentinels[0].Restart()
	redistest.Eventually(t, "two of three Sentinels are a majority", func() bool { return works(t, s, "mk_one") == nil })
}
