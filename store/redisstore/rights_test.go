package redisstore_test

import (
	"strings"
	"testing"

	"mintkey/store/redistest"
)

// minimalACL is the line of docs/redis.md.
const minimalACL = "~mintkey:* +get +mget +set +setnx +del +incr +persist +expire +pttl +zadd +zincrby +zmscore +zrange +zrevrange " +
	"+zrem +zscan +zscore +zlexcount +zremrangebylex +hgetall +hincrby +lrange +lrem +ltrim +rpush +sadd +smembers +srem " +
	"+xadd +xdel +xrange +xrevrange +eval +evalsha +time +role +wait +config|get"

// With the documented ACL the store has nothing to complain of, and each right that is taken away is named.
func TestRights(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendfsync", "always")
	server.Do(append([]string{"ACL", "SETUSER", "mintkey", "on", ">hunter2"}, strings.Fields(minimalACL)...)...)
	s := opened(t, "redis://mintkey:hunter2@"+server.Address())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	mustUpdate(t, s, revokeAnnounced("one"))
	checkWarnings(t, s)
	for _, right := range strings.Fields(minimalACL)[1:] {
		name := strings.TrimPrefix(right, "+")
		t.Run(name, func(t *testing.T) {
			server.Do("ACL", "SETUSER", "mintkey", "-"+name)
			defer server.Do("ACL", "SETUSER", "mintkey", right)
			want := strings.ToUpper(name)
			switch name {
			case "get":
				return // Ping needs it, and says so
			case "eval":
				want = "scripts"
			case "role":
				want = "replicas"
			case "config|get":
				want = "settings"
			}
			checkWarnings(t, s, want)
		})
	}
	server.Do("ACL", "SETUSER", "mintkey", "resetkeys", "~mintkey:{*", "~mintkey:schema")
	checkWarnings(t, s, "mintkey:client:x")
}

// The settings that count when there are replicas, and those of the replicas themselves.
func TestWarningsAboutReplicas(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, "--appendfsync", "always")
	s := opened(t, master.URL())
	checkWarnings(t, s) // without replicas nothing about them
	replica := redistest.StartReplica(t, master)
	checkWarnings(t, s, "min-replicas-to-write 0")
	master.Do("CONFIG", "SET", "min-replicas-to-write", "1")
	checkWarnings(t, s)
	master.Do("CONFIG", "SET", "min-replicas-max-lag", "0")
	checkWarnings(t, s, "min-replicas-max-lag 0")
	master.Do("CONFIG", "SET", "min-replicas-max-lag", "10")
	replica.Do("CONFIG", "SET", "appendonly", "no")
	checkWarnings(t, s, replica.Address()+" keeps no append-only file")
	replica.Pause()
	checkWarnings(t, s, replica.Address()+" does not tell its settings")
	replica.Resume()
}
