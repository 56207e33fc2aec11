package redisstore_test

import (
	"testing"
	"time"

	"mintkey/store/redistest"
)

// A primary that hangs closes no connection, and answers nobody, not even that it is no primary any more. The new one must be found soon
// after the Sentinels have agreed on it, under load too.
func TestHungPrimaryIsReplacedBySentinel(t *testing.T) {
	quorum := redistest.StartQuorum(t, 2)
	s := withKey(t, quorum.URL())
	l := startLoad(t, s, 200)
	l.longest.Store(0)
	quorum.Master.Pause()
	t.Cleanup(quorum.Master.Resume)
	// Before the Sentinels agree: they take 1.5 s at least, and the time-out of a read is longer.
	paused := time.Now()
	redistest.Eventually(t, "the queue is sent away", func() bool { return l.failed.Load() > 100 && s.Availability().Waiting <= 64 })
	t.Logf("the queue was sent away after %v", time.Since(paused).Round(time.Millisecond))
	quorum.AwaitFailover()
	promoted := time.Now() // the Sentinels tell of it up to a second later
	redistest.Eventually(t, "reads succeed again", func() bool { return l.goodAt.Load() > promoted.UnixNano() })
	took := time.Unix(0, l.goodAt.Load()).Sub(promoted)
	t.Logf("the first read that the test saw succeed was %v after the promotion", took.Round(time.Millisecond))
	if took > longestAllowed {
		t.Errorf("the failover was followed after %v", took)
	}
	l.end()
	redistest.Eventually(t, "changes succeed", func() bool { return update(t.Context(), s, revoke("mk_one")) == nil })
	redistest.Eventually(t, "the store is up", func() bool { return s.Availability().Up })
	l.check(t)
	l.checkLongest(t)
}
