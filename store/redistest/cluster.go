package redistest

import (
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const slots = 16384

// Cluster is a Redis Cluster.
type Cluster struct {
	Nodes    []*Server // the masters at the start
	Replicas []*Server
	tls      *Certificates // nil without TLS
}

// StartCluster starts that many nodes, assigns the slots and waits until every node reports the Cluster as complete.
func StartCluster(t testing.TB, nodes int) *Cluster {
	t.Helper()
	return StartTLSCluster(t, nil, nodes)
}

// StartTLSCluster is StartCluster with TLS between nodes and for clients.
func StartTLSCluster(t testing.TB, certificates *Certificates, nodes int) *Cluster {
	t.Helper()
	c := &Cluster{tls: certificates}
	for range nodes {
		c.Nodes = append(c.Nodes, c.start(t))
	}
	for i, node := range c.Nodes {
		node.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slots/nodes), strconv.Itoa((i+1)*slots/nodes-1))
		// With equal epochs the nodes would disagree about who owns which slot.
		node.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	first := c.Nodes[0]
	host, port, err := net.SplitHostPort(first.Address())
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Nodes[1:] {
		node.Do("CLUSTER", "MEET", host, port, clusterPort(first))
	}
	known := "cluster_known_nodes:" + strconv.Itoa(nodes)
	for _, node := range c.Nodes {
		Eventually(t, "the Cluster is whole", func() bool {
			info, err := node.try("CLUSTER", "INFO")
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, known) &&
				strings.Contains(info, "cluster_slots_ok:"+strconv.Itoa(slots))
		})
	}
	return c
}

func (c *Cluster) start(t testing.TB) *Server {
	t.Helper()
	return StartTLS(t, c.tls, "--cluster-enabled", "yes", "--cluster-port", freePort(t), "--cluster-node-timeout", "2000")
}

func clusterPort(s *Server) string {
	for i, arg := range s.args {
		if arg == "--cluster-port" {
			return s.args[i+1]
		}
	}
	return ""
}

// URL is the Cluster's URL for clients.
func (c *Cluster) URL() string {
	addresses := make([]string, len(c.Nodes))
	for i, node := range c.Nodes {
		addresses[i] = node.Address()
	}
	return c.tls.scheme("redis-cluster") + strings.Join(addresses, ",")
}

// FlushAll empties every node.
func (c *Cluster) FlushAll() {
	for _, node := range c.Nodes {
		node.Do("FLUSHALL")
	}
}

// StartReplicatedCluster is StartCluster with one replica for each master. Replicas[i] is that of Nodes[i].
func StartReplicatedCluster(t testing.TB, masters int) *Cluster {
	t.Helper()
	c := StartCluster(t, masters)
	host, port, err := net.SplitHostPort(c.Nodes[0].Address())
	if err != nil {
		t.Fatal(err)
	}
	for _, master := range c.Nodes {
		replica := c.start(t)
		replica.Do("CLUSTER", "MEET", host, port, clusterPort(c.Nodes[0]))
		id := master.Do("CLUSTER", "MYID")
		Eventually(t, "the replica knows its master", func() bool {
			_, err := replica.try("CLUSTER", "REPLICATE", id)
			return err == nil
		})
		c.Replicas = append(c.Replicas, replica)
	}
	for i, replica := range c.Replicas {
		master := c.Nodes[i]
		master.Do("CONFIG", "SET", "repl-diskless-sync-delay", "0")
		Eventually(t, "the replica is in step", func() bool {
			info, err := replica.try("INFO", "replication")
			return err == nil && strings.Contains(info, "master_link_status:up")
		})
		Eventually(t, "every node knows the replica", func() bool {
			return !slices.ContainsFunc(c.all(), func(node *Server) bool {
				nodes, err := node.try("CLUSTER", "SLOTS")
				return err != nil || !strings.Contains(nodes, replica.port())
			})
		})
	}
	return c
}

// AwaitFailover waits until all nodes but the master with this index agree that its replica has its slots.
func (c *Cluster) AwaitFailover(t testing.TB, master int) {
	t.Helper()
	id := c.Replicas[master].Do("CLUSTER", "MYID")
	first := strconv.Itoa(master * slots / len(c.Nodes))
	Eventually(t, "the nodes agree on the new master", func() bool {
		return !slices.ContainsFunc(c.all(), func(node *Server) bool {
			if node == c.Nodes[master] {
				return false
			}
			nodes, err := node.try("CLUSTER", "NODES")
			info, infoErr := node.try("CLUSTER", "INFO")
			return err != nil || infoErr != nil || !strings.Contains(info, "cluster_state:ok") ||
				!regexp.MustCompile(`(?m)^`+id+` .* connected `+first+`-`).MatchString(nodes)
		})
	})
}

// MasterOf is the index of the master of a key, unless slots were moved.
func (c *Cluster) MasterOf(t testing.TB, key string) int {
	t.Helper()
	slot, err := strconv.Atoi(c.Nodes[0].Do("CLUSTER", "KEYSLOT", key))
	if err != nil {
		t.Fatalf("slot of %s: %v", key, err)
	}
	owner := 0
	for slot >= (owner+1)*slots/len(c.Nodes) {
		owner++
	}
	return owner
}

func (c *Cluster) all() []*Server { return slices.Concat(c.Nodes, c.Replicas) }
