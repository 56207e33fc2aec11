package redistest

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Quorum is a master and its replicas, watched by three Sentinels of which two must agree on a failover, as in production.
type Quorum struct {
	Master    *Server // the master at the start
	Replicas  []*Server
	Sentinels []*Server
	t         testing.TB
	downAfter string            // milliseconds
	walls     map[*Server]*wall // in front of each server; nil without
	shut      atomic.Bool       // the walls
}

const (
	sentinelsOfQuorum = 3
	agreeing          = 2
)

// StartQuorum starts everything and waits until each Sentinel knows the replicas and the others. The args are those of the master and the
// replicas, as in Start.
func StartQuorum(t testing.TB, replicas int, args ...string) *Quorum {
	t.Helper()
	q := &Quorum{t: t, downAfter: "1500"}
	q.start(replicas, args)
	return q
}

func (q *Quorum) start(replicas int, args []string) {
	q.t.Helper()
	q.Master = q.announced(func(announce ...string) *Server { return Start(q.t, slices.Concat(args, announce)...) },
		"--replica-announce-ip", "127.0.0.1", "--replica-announce-port")
	for range replicas {
		q.Replicas = append(q.Replicas, q.announced(func(announce ...string) *Server {
			more := append(announce, "--replicaof", "127.0.0.1 "+portOf(q.addressOf(q.Master)))
			return StartReplica(q.t, q.Master, slices.Concat(args, more)...)
		}, "--replica-announce-ip", "127.0.0.1", "--replica-announce-port"))
	}
	for range sentinelsOfQuorum {
		q.Sentinels = append(q.Sentinels, q.announced(q.startSentinel, "sentinel announce-ip 127.0.0.1\nsentinel announce-port"))
	}
	known := "slaves=" + strconv.Itoa(replicas) + ",sentinels=" + strconv.Itoa(sentinelsOfQuorum)
	for _, sentinel := range q.Sentinels {
		Eventually(q.t, "the Sentinel knows the replicas and the other Sentinels", func() bool {
			info, err := sentinel.try("INFO", "sentinel")
			return err == nil && strings.Contains(info, "status=ok") && strings.Contains(info, known)
		})
	}
}

// announced starts a server. If the network can be cut, it is told to announce itself at its wall.
func (q *Quorum) announced(start func(announce ...string) *Server, words ...string) *Server {
	q.t.Helper()
	if q.walls == nil {
		return start()
	}
	wall := newWall(q.t, &q.shut)
	server := start(append(words, wall.port())...)
	wall.standBefore(server)
	q.walls[server] = wall
	return server
}

// addressOf is where others reach a server.
func (q *Quorum) addressOf(server *Server) string {
	if wall := q.walls[server]; wall != nil {
		return wall.address()
	}
	return server.address
}

func (q *Quorum) startSentinel(announce ...string) *Server {
	q.t.Helper()
	dir, port := q.t.TempDir(), freePort(q.t)
	config := filepath.Join(dir, "sentinel.conf")
	text := strings.Join([]string{
		"bind 127.0.0.1", "dir " + dir,
		"sentinel monitor " + MasterName + " 127.0.0.1 " + portOf(q.addressOf(q.Master)) + " " + strconv.Itoa(agreeing),
		"sentinel down-after-milliseconds " + MasterName + " " + q.downAfter,
		"sentinel failover-timeout " + MasterName + " 6000",
		strings.Join(announce, " "),
	}, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		q.t.Fatal(err)
	}
	return start(q.t, "tcp", net.JoinHostPort("127.0.0.1", port), nil, []string{config, "--sentinel", "--port", port})
}

// URL is the URL by which clients find the present master.
func (q *Quorum) URL() string {
	addresses := make([]string, len(q.Sentinels))
	for i, sentinel := range q.Sentinels {
		addresses[i] = q.addressOf(sentinel)
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
