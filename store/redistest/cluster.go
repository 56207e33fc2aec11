package redistest

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

const slots = 16384

// Cluster is a Redis Cluster of masters without replicas.
type Cluster struct {
	Nodes []*Server
}

// StartCluster starts that many nodes, assigns the slots and waits until every node reports the Cluster as complete.
func StartCluster(t testing.TB, nodes int) *Cluster {
	t.Helper()
	c := &Cluster{}
	for range nodes {
		c.Nodes = append(c.Nodes, Start(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t), "--cluster-node-timeout", "2000"))
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
	return "redis-cluster://" + strings.Join(addresses, ",")
}

// FlushAll empties every node.
func (c *Cluster) FlushAll() {
	for _, node := range c.Nodes {
		node.Do("FLUSHALL")
	}
}
