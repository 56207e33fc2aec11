package redisstore_test

import (
	"flag"
	"log/slog"
	"testing"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
	"mintkey/store/storetest"
)

// The failures that these tests provoke are not worth a line each. The tests that are parallel mostly wait, for Sentinels and nodes to
// agree, so more of them run at once than there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	redisstore.LogTo(slog.New(slog.DiscardHandler), slog.LevelInfo)
	m.Run()
}

func open(t *testing.T, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	return s
}

// opened is open for a test that does not close the store itself.
func opened(t *testing.T, url string) *redisstore.Store {
	t.Helper()
	s := open(t, url)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func conform(t *testing.T, url string, flush func()) {
	t.Helper()
	storetest.Run(t, func(*testing.T) storetest.Location {
		flush()
		return storetest.Location{Open: func(t *testing.T) store.Store { return open(t, url) }}
	})
}

func TestConformanceOverTCP(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	conform(t, server.URL(), func() { server.Do("FLUSHALL") })
}

func TestConformanceOverUnixSocket(t *testing.T) {
	t.Parallel()
	server := redistest.StartUnix(t)
	conform(t, server.URL(), func() { server.Do("FLUSHALL") })
}

func TestConformanceOnCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	conform(t, cluster.URL(), cluster.FlushAll)
}

func TestConformanceThroughSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t)
	conform(t, sentinel.URL(), func() { sentinel.Master.Do("FLUSHALL") })
}
