package chaos_test

import (
	"strings"
	"time"

	"mintkey/e2e/internal/e2etest"
	"mintkey/store/redistest"
)

// outage is how long most faults last.
const outage = 10 * time.Second

// struck notes the moment from which recovery is measured: when a machine died that will not come back.
func (r *run) struck() { r.from = time.Now() }

func killRedis(r *run) {
	for range 3 {
		r.redis.Kill()
		time.Sleep(300 * time.Millisecond)
		r.redis.Restart()
		r.struck()
		time.Sleep(2 * time.Second)
	}
}

func hangRedis(r *run) {
	r.redis.Pause()
	time.Sleep(outage)
	r.redis.Resume()
}

func blackHole(r *run) {
	for _, direction := range []string{"upstream", "downstream"} {
		r.link.poison(direction, "timeout", map[string]any{"timeout": 0})
	}
	time.Sleep(outage)
	r.link.heal()
}

func delay(r *run) {
	r.link.poison("upstream", "latency", map[string]any{"latency": 200})
	time.Sleep(outage)
	r.link.heal()
}

func cutReplies(r *run) {
	r.link.poison("downstream", "cut", map[string]any{"percent": 15})
	time.Sleep(outage)
	r.link.heal()
}

func flap(r *run) {
	for range 5 {
		r.link.down()
		time.Sleep(400 * time.Millisecond)
		r.link.up()
		r.struck()
		time.Sleep(1500 * time.Millisecond)
	}
}

func fillMemory(r *run) {
	r.redis.Do("CONFIG", "SET", "maxmemory", "1mb")
	time.Sleep(7 * time.Second)
	r.redis.Do("CONFIG", "SET", "maxmemory", "0")
}

// makeReadOnly makes the primary a replica of a port where nobody listens, so that it keeps its data.
func makeReadOnly(r *run) {
	r.redis.Do("REPLICAOF", "127.0.0.1", port(e2etest.FreeAddress(r.t)))
	time.Sleep(6 * time.Second)
	r.redis.Do("REPLICAOF", "NO", "ONE")
}

func killPrimary(r *run) {
	r.quorum.Master.Kill()
	r.struck()
	r.quorum.AwaitFailover()
}

func pausePrimary(r *run) {
	r.quorum.Master.Pause()
	r.struck()
	time.Sleep(11 * time.Second)
	r.quorum.Master.Resume()
}

// promoteStale hangs the only replica until the primary has dropped it and is alone, and then swaps the two. The old primary is started
// again as its supervisor would, for a primary without a replica takes no change.
func promoteStale(r *run) {
	replica := r.quorum.Replicas[0]
	r.redis.Do("CONFIG", "SET", "repl-timeout", "3")
	replica.Pause()
	redistest.Eventually(r.t, "the primary has dropped its replica", func() bool {
		return !strings.Contains(r.redis.Do("ROLE"), port(replica.Address()))
	})
	time.Sleep(4 * time.Second)
	r.redis.Kill()
	replica.Resume()
	r.struck()
	r.quorum.AwaitFailover()
	r.redis.Restart()
}

func hangReplica(r *run) {
	r.quorum.Replicas[0].Pause()
	time.Sleep(outage)
	r.quorum.Replicas[0].Resume()
}

// cutOff cuts one server off, together with the primary and a Sentinel, from everybody else. The other one has a new primary soon.
func cutOff(r *run) {
	r.quorum.Divide(r.servers[0].Running.Process.Pid, r.quorum.Sentinels[0].PID())
	r.quorum.AwaitFailover()
	time.Sleep(outage)
	r.quorum.Unite()
	r.struck()
}

func (d *deployment) hashTag() string { return "{t:" + d.first.TenantID + "}" }

// killMaster kills a master and, once its replica has taken its place, starts it again as its supervisor would: a master without a replica
// takes no change.
func killMaster(r *run) {
	master := r.cluster.MasterOf(r.t, r.hashTag())
	r.cluster.Nodes[master].Kill()
	r.struck()
	r.cluster.AwaitFailover(r.t, master)
	r.cluster.Nodes[master].Restart()
}

// moveSlot moves the slot of the tenant as a reshard does, slowly at first.
func moveSlot(r *run) {
	move := r.cluster.BeginMove(r.t, r.hashTag())
	time.Sleep(2 * time.Second)
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end) && move.Step(); {
		time.Sleep(5 * time.Millisecond)
	}
	move.Finish()
}
