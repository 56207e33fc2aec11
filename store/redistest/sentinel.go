package redistest

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// MasterName is the name under which Sentinel knows the master.
const MasterName = "mintkey"

// Sentinel is a master and its replica, watched by one Sentinel that alone decides on a failover.
type Sentinel struct {
	Master   *Server // the master at the start
	Replica  *Server // its replica at the start
	Sentinel *Server
}

// StartSentinel starts all three and waits until the replica is in sync and the Sentinel knows it.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	return StartTLSSentinel(t, nil)
}

// StartTLSSentinel is StartSentinel with TLS between all three and for clients.
func StartTLSSentinel(t testing.TB, certificates *Certificates) *Sentinel {
	t.Helper()
	s := &Sentinel{Master: StartTLS(t, certificates)}
	s.Replica = StartReplica(t, s.Master)
	host, port, err := net.SplitHostPort(s.Master.Address())
	if err != nil {
		t.Fatal(err)
	}
	dir, sentinelPort := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "sentinel.conf")
	args := append([]string{config, "--sentinel", "--port", sentinelPort}, certificates.args(sentinelPort)...)
	text := strings.Join([]string{
		"bind 127.0.0.1", "dir " + dir,
		"sentinel monitor " + MasterName + " " + host + " " + port + " 1",
		"sentinel down-after-milliseconds " + MasterName + " 500",
		"sentinel failover-timeout " + MasterName + " 3000",
	}, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Sentinel = start(t, "tcp", net.JoinHostPort("127.0.0.1", sentinelPort), certificates, args)
	Eventually(t, "the Sentinel knows the replica", func() bool {
		info, err := s.Sentinel.try("INFO", "sentinel")
		return err == nil && strings.Contains(info, "status=ok") && strings.Contains(info, "slaves=1")
	})
	return s
}

var acknowledged = regexp.MustCompile(`state=online,offset=[1-9]`)

// StartReplica starts a replica of the master and waits until it is in sync. The args are as in Start.
func StartReplica(t testing.TB, master *Server, args ...string) *Server {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Address())
	if err != nil {
		t.Fatal(err)
	}
	master.Do("CONFIG", "SET", "repl-diskless-sync-delay", "0")
	replica := StartTLS(t, master.tls, append([]string{"--replicaof", host + " " + port}, args...)...)
	// The master calls a replica online up to a second before it acknowledges its first write.
	Eventually(t, "the replica is in step", func() bool {
		if _, err := master.try("SET", "redistest", "any"); err != nil {
			return false // min-replicas-to-write, until the replica is there
		}
		info, err := master.try("INFO", "replication")
		return err == nil && acknowledged.MatchString(info)
	})
	Eventually(t, "a write is taken", func() bool { _, err := master.try("DEL", "redistest"); return err == nil })
	return replica
}

// URL is the URL by which clients find the present master.
func (s *Sentinel) URL() string {
	return s.Sentinel.tls.scheme("redis-sentinel") + s.Sentinel.Address() + "/" + MasterName
}

// AwaitFailover waits until the replica has become the master.
func (s *Sentinel) AwaitFailover() {
	s.Replica.t.Helper()
	Eventually(s.Replica.t, "the replica is promoted", func() bool {
		info, err := s.Replica.try("INFO", "replication")
		return err == nil && strings.Contains(info, "role:master")
	})
}
