package redisstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// leftAlone hangs all masters but one. It returns that one, and a document that it would have.
func leftAlone(t *testing.T, cluster *redistest.Cluster) (left *redistest.Server, document string) {
	t.Helper()
	for _, node := range cluster.Nodes[1:] {
		node.Pause()
		t.Cleanup(node.Resume)
	}
	for i := 0; cluster.MasterOf(t, "mintkey:document:"+document) != 0; i++ {
		document = fmt.Sprint(i)
	}
	return cluster.Nodes[0], document
}

// A master that is cut off from the majority answers no reads either, soon after cluster-node-timeout, so that nobody gets a token for what
// is revoked on the other side. That does not depend on cluster-require-full-coverage.
func TestMasterCutOffFromTheMajorityRefusesReads(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	for _, node := range cluster.Nodes {
		node.Do("CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	s := opened(t, cluster.URL())
	left, document := leftAlone(t, cluster)
	redistest.Eventually(t, "reads are refused", func() bool {
		_, err := s.Document(t.Context(), document)
		return errors.Is(err, store.ErrUnavailable)
	})
	if got := left.Do("PING"); got != "PONG" {
		t.Errorf("the master that refuses answers PING by %q", got)
	}
}

// With cluster-allow-reads-when-down it goes on answering, which the server warns of.
func TestMasterThatAllowsReadsWhenDownIsWarnedOf(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := opened(t, cluster.URL())
	for _, node := range cluster.Nodes {
		node.Do("CONFIG", "SET", "appendfsync", "always")
	}
	checkWarnings(t, s)
	for _, node := range cluster.Nodes {
		node.Do("CONFIG", "SET", "cluster-allow-reads-when-down", "yes")
	}
	checkWarnings(t, s, "cluster-allow-reads-when-down yes")
	_, document := leftAlone(t, cluster)
	redistest.Eventually(t, "changes are refused", func() bool {
		return errors.Is(s.UpdateDocument(t.Context(), document, increment), store.ErrUnavailable)
	})
	for range 20 {
		if _, err := s.Document(t.Context(), document); errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("a read that Redis was told to answer: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
