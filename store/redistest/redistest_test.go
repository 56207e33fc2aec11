package redistest_test

import (
	"strings"
	"testing"

	"mintkey/store/redistest"
)

func TestServerKeepsItsDataAcrossKill(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *redistest.Server{
		"tcp": redistest.Start, "unix": redistest.StartUnix,
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Do("SET", "key", "value")
			server.Kill()
			server.Restart()
			if got := server.Do("GET", "key"); got != "value" {
				t.Errorf("GET after a restart = %q", got)
			}
		})
	}
}

func TestClusterServesEverySlot(t *testing.T) {
	cluster := redistest.StartCluster(t, 3)
	if got := strings.Count(cluster.URL(), ","); got != 2 {
		t.Errorf("%d commas in %s", got, cluster.URL())
	}
}

func TestSentinelPromotesTheReplica(t *testing.T) {
	sentinel := redistest.StartSentinel(t)
	sentinel.Master.Do("SET", "key", "value")
	redistest.Eventually(t, "the replica has the write", func() bool { return sentinel.Replica.Do("GET", "key") == "value" })
	sentinel.Master.Kill()
	sentinel.AwaitFailover()
	if got := sentinel.Replica.Do("GET", "key"); got != "value" {
		t.Errorf("GET on the promoted replica = %q", got)
	}
}
