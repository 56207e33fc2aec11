package redistest

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Quorum is a master and its replicas, watched by three Sentinels of which two must agree on a failover, as in production.
type Quorum struct {
	Master    *Server // the master at the start
	Replicas  []*Server
	sentinels []*Server
	t         testing.TB
}

const (
	sentinelsOfQuorum = 3
	agreeing          = 2
)

// StartQuorum starts everything and waits until each Sentinel knows the replicas and the others. The args are those of the master and the
// replicas, as in Start.
func StartQuorum(t testing.TB, replicas int, args ...string) *Quorum {
	t.Helper()
	q := &Quorum{t: t, Master: Start(t, args...)}
	for range replicas {
		q.Replicas = append(q.Replicas, StartReplica(t, q.Master, args...))
	}
	for range sentinelsOfQuorum {
		q.sentinels = append(q.sentinels, q.startSentinel())
	}
	known := "slaves=" + strconv.Itoa(replicas) + ",sentinels=" + strconv.Itoa(sentinelsOfQuorum)
	for _, sentinel := range q.sentinels {
		Eventually(t, "the Sentinel knows the replicas and the other Sentinels", func() bool {
			info, err := sentinel.try("INFO", "sentinel")
			return err == nil && strings.Contains(info, "status=ok") && strings.Contains(info, known)
		})
	}
	return q
}

func (q *Quorum) startSentinel() *Server {
	q.t.Helper()
	dir, port := q.t.TempDir(), freePort(q.t)
	config := filepath.Join(dir, "sentinel.conf")
	text := strings.Join([]string{
		"bind 127.0.0.1", "dir " + dir,
		"sentinel monitor " + MasterName + " 127.0.0.1 " + q.Master.port() + " " + strconv.Itoa(agreeing),
		"sentinel down-after-milliseconds " + MasterName + " 1500",
		"sentinel failover-timeout " + MasterName + " 6000",
	}, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		q.t.Fatal(err)
	}
	return start(q.t, "tcp", net.JoinHostPort("127.0.0.1", port), nil, []string{config, "--sentinel", "--port", port})
}

// URL is the URL by which clients find the present master.
func (q *Quorum) URL() string {
	addresses := make([]string, len(q.sentinels))
	for i, sentinel := range q.sentinels {
		addresses[i] = sentinel.Address()
	}
	return "redis-sentinel://" + strings.Join(addresses, ",") + "/" + MasterName
}

// AwaitFailover waits until one of the replicas has become the master, and returns it.
func (q *Quorum) AwaitFailover() (promoted *Server) {
	q.t.Helper()
	Eventually(q.t, "a replica is promoted", func() bool {
		for _, replica := range q.Replicas {
			if info, err := replica.try("INFO", "replication"); err == nil && strings.Contains(info, "role:master") {
				promoted = replica
			}
		}
		return promoted != nil
	})
	return promoted
}
