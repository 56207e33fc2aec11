package redistest

import (
	"net"
	"os"
	"slices"
	"testing"
)

// downAfterOnIsland is the down-after-milliseconds of a quorum that can be divided. It is the least that docs/redis.md allows.
const downAfterOnIsland = "5000"

// StartDivisibleQuorum is StartQuorum with a network that Divide can cut.
func StartDivisibleQuorum(t testing.TB, replicas int, args ...string) *Quorum {
	t.Helper()
	q := &Quorum{t: t, walls: map[*Server]*wall{}, downAfter: downAfterOnIsland}
	q.start(replicas, args)
	return q
}

// Divide cuts the network: on an island are the master from the start, this process and others, by their IDs. Everybody else, and so a
// majority of the Sentinels, is on the mainland.
func (q *Quorum) Divide(processes ...int) {
	q.t.Helper()
	island := append([]int{os.Getpid(), q.Master.PID()}, processes...)
	for server, wall := range q.walls {
		onIsland := slices.Contains(island, server.PID())
		wall.keepOut(func(program net.Conn) bool { return belongsTo(program, island) != onIsland })
	}
	q.shut.Store(true)
}

// Unite ends Divide.
func (q *Quorum) Unite() {
	q.shut.Store(false)
	for _, wall := range q.walls {
		wall.hangUp()
	}
}

// PID is the process ID of the server.
func (s *Server) PID() int { return s.process.Process.Pid }
