package redisstore_test

import (
	"testing"

	"mintkey/store/redistest"
)

// What a server under Sentinel needs, to know while it is cut off that it is, and while it is not, that it is not.
func TestWarningsAboutSentinels(t *testing.T) {
	t.Parallel()
	quorum := redistest.StartDivisibleQuorum(t, 1, "--appendfsync", "always", "--min-replicas-to-write", "1")
	s := opened(t, quorum.URL())
	checkWarnings(t, s)
	first := quorum.Sentinels[0]
	first.Do("SENTINEL", "SET", redistest.MasterName, "down-after-milliseconds", "1000")
	checkWarnings(t, s, "1s: sooner than a server that is cut off with it stops")
	first.Do("SENTINEL", "SET", redistest.MasterName, "down-after-milliseconds", "5000")
	first.Do("ACL", "SETUSER", "default", "-sentinel|master")
	checkWarnings(t, s, "does not tell of its master")
	first.Do("ACL", "SETUSER", "default", "+sentinel|master")
	quorum.Master.Do("ACL", "SETUSER", "default", "-info")
	checkWarnings(t, s, "may not use INFO")
}
