package redisstore

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// A primary that has lost its replica lists none, just like one that never had any. A note in the store tells them apart: a key that is
// there once a replica was seen. When a change finds the replicas gone, the key begins to expire, and when it has, the primary counts as
// one without replicas. That is a time-to-live and not a rule about records: as with limits, the clock of Redis is the right one.
//
// The note goes to the replicas with everything else, so that a new primary after a failover has it. Outside a Cluster it is read together
// with each change. In a Cluster each master has a note under its address, which may be on another master. It is written for the replicas
// at the same time, and read when there are none, and now and then.

// replicasForgotten is how long changes are refused after the last replica is gone.
const replicasForgotten = time.Hour

// What the time-to-live of a note says. Anything else: the replicas are gone, and that much is left.
const (
	noReplicas   = time.Duration(-2)
	replicasSeen = time.Duration(-1)
)

// noteEvery is after how many changes of a master, on average, its note in a Cluster is looked at again.
const noteEvery = 32

func (s *Store) isCluster() bool {
	_, is := s.client.(*redis.ClusterClient)
	return is
}

// withoutReplicas says whether a master that lists no replicas has none. If it has lost them, the time begins after which it has none.
func (s *Store) withoutReplicas(ctx context.Context, done ran) (bool, error) {
	key := replicasKey("")
	if s.isCluster() {
		key = replicasKey(done.master)
		s.noted.Delete(done.master)
		var err error
		if done.noted, err = s.client.PTTL(ctx, key).Result(); err != nil {
			return false, err
		}
	}
	if done.noted == replicasSeen {
		return false, s.client.ExpireNX(ctx, key, replicasForgotten).Err()
	}
	return done.noted == noReplicas, nil
}

// keepNoted makes the note of a master of a Cluster that has replicas. What fails here is done with a later change.
func (s *Store) keepNoted(ctx context.Context, master string) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return
	}
	if _, noted := s.noted.Load(master); noted && rand.N(noteEvery) > 0 { //nolint:gosec // spreads work, guards nothing
		return
	}
	for _, address := range shardOf(ctx, cluster, master) {
		if cluster.Set(ctx, replicasKey(address), "", 0).Err() != nil {
			return
		}
	}
	s.noted.Store(master, true)
}

// shardOf returns the addresses of a master of a Cluster and of its replicas.
func shardOf(ctx context.Context, cluster *redis.ClusterClient, master string) []string {
	addresses := []string{master}
	//nolint:staticcheck // unlike ClusterShards it has the addresses that the client itself uses
	ranges, _ := cluster.ClusterSlots(ctx).Result() // without it the note is for the master alone
	for _, slots := range ranges {
		if len(slots.Nodes) == 0 || slots.Nodes[0].Addr != master {
			continue
		}
		for _, node := range slots.Nodes[1:] {
			addresses = append(addresses, node.Addr)
		}
		break
	}
	return addresses
}

// ForgetReplicas implements store.Replication.
func (s *Store) ForgetReplicas(ctx context.Context) error {
	forget := []string{""}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		ranges, err := cluster.ClusterSlots(ctx).Result() //nolint:staticcheck // as in shardOf
		if err != nil {
			return unavailable(ctx, err)
		}
		forget = nil
		for _, slots := range ranges {
			for _, node := range slots.Nodes {
				forget = append(forget, node.Addr)
			}
		}
	}
	for _, address := range forget {
		if err := s.client.Del(ctx, replicasKey(address)).Err(); err != nil {
			return unavailable(ctx, err)
		}
	}
	return nil
}

// replicasIn returns the addresses of the replicas in the answer of a master to ROLE: its name, its offset, and those that are in step.
func replicasIn(role *redis.Cmd) (addresses []string) {
	parts, _ := role.Slice()
	if len(parts) != 3 {
		return nil
	}
	list, _ := parts[2].([]any)
	for _, each := range list {
		if words, _ := each.([]any); len(words) == 3 {
			host, _ := words[0].(string)
			port, _ := words[1].(string)
			if _, err := strconv.Atoi(port); err == nil {
				addresses = append(addresses, net.JoinHostPort(host, port))
			}
		}
	}
	return addresses
}
