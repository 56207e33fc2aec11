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
	quorum.AwaitFailover()
	promoted := time.Now() // the Sentinels tell of it up to a second later
	redistest.Eventually(t, "reads succeed again", func() bool { return l.goodAt.Load() > promoted.UnixNano() })
	redistest.Took(t, "following the failover", time.Unix(0, l.goodAt.Load()).Sub(promoted), longestAllowed)
	l.end()
	redistest.Eventually(t, "changes succeed", func() bool { return update(t.Context(), s, revoke("mk_one")) == nil })
	redistest.Eventually(t, "the store is up", func() bool { return s.Availability().Up })
	l.check(t)
	l.checkLongest(t)
}
