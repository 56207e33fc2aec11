package redistest

import (
	"net"
	"strings"
	"testing"
)

// Move is a slot of a Cluster on its way from one master to another, as in every reshard.
type Move struct {
	t        testing.TB
	slot     string
	from, to *Server
	toID     string
	others   []*Server
}

// BeginMove makes the slot of the key begin to move to another master. No key is moved yet.
func (c *Cluster) BeginMove(t testing.TB, key string) *Move {
	t.Helper()
	slot := c.Nodes[0].Do("CLUSTER", "KEYSLOT", key)
	owner := c.MasterOf(t, key)
	m := &Move{t: t, slot: slot, from: c.Nodes[owner], to: c.Nodes[(owner+1)%len(c.Nodes)], others: c.Nodes}
	m.toID = m.to.Do("CLUSTER", "MYID")
	m.to.Do("CLUSTER", "SETSLOT", slot, "IMPORTING", m.from.Do("CLUSTER", "MYID"))
	m.from.Do("CLUSTER", "SETSLOT", slot, "MIGRATING", m.toID)
	return m
}

// Step moves one key. It returns false when none is left.
func (m *Move) Step() bool {
	m.t.Helper()
	key := m.from.Do("CLUSTER", "GETKEYSINSLOT", m.slot, "1")
	if key == "" {
		return false
	}
	host, port, err := net.SplitHostPort(m.to.Address())
	if err != nil {
		m.t.Fatal(err)
	}
	m.from.Do("MIGRATE", host, port, `""`, "0", "5000", "KEYS", strings.TrimSpace(key))
	return true
}

// Finish moves the keys that are left and gives the slot to its new owner.
func (m *Move) Finish() {
	m.t.Helper()
	for m.Step() {
	}
	for _, node := range append([]*Server{m.to, m.from}, m.others...) {
		node.Do("CLUSTER", "SETSLOT", m.slot, "NODE", m.toID)
	}
}
