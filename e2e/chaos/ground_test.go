package chaos_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mintkey/store/bolttest"
	"mintkey/store/redistest"
)

// ground is the store that the servers of a row stand on. A fault reaches into the part that it breaks.
type ground struct {
	url     string
	redis   *redistest.Server // alone, or the primary at the start
	dir     string            // of a bolt store, or of the dump of a Redis
	link    *link             // between the servers and a Redis alone
	quorum  *redistest.Quorum
	cluster *redistest.Cluster
}

// encryptionKey encrypts the signing keys on Redis: base64 of 32 bytes.
const encryptionKey = "Y2hhb3MtZW5jcnlwdGlvbi1rZXktb2YtMzItYnl0ZXM="

func (g *ground) settings() []string {
	settings := []string{"MINTKEY_STORE=" + g.url}
	if g.dir == "" || g.redis != nil {
		settings = append(settings, "MINTKEY_SIGNING_KEYS_ENCRYPTION_KEY="+encryptionKey)
	}
	return settings
}

func onBolt(t *testing.T) *ground {
	t.Helper()
	dir := t.TempDir()
	return &ground{url: "bolt://" + filepath.Join(dir, "mintkey.db"), dir: dir}
}

// onSmallDisk is bolt on a file system of its own with 16 MB.
func onSmallDisk(t *testing.T) *ground {
	t.Helper()
	dir := bolttest.SmallDisk(t, 16<<20)
	return &ground{url: "bolt://" + filepath.Join(dir, "mintkey.db"), dir: dir}
}

// durable are the settings that docs/redis.md asks for; the other two are what it warns of.
var (
	durable   = []string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"}
	dumpsOnly = []string{"--appendonly", "no", "--save", "", "--maxmemory-policy", "noeviction"}
)

// onRedis is one Redis with these settings, behind a link.
func onRedis(settings []string) func(*testing.T) *ground {
	return func(t *testing.T) *ground {
		t.Helper()
		g := &ground{dir: t.TempDir()}
		g.redis = redistest.Start(t, append([]string{"--dir", g.dir}, settings...)...)
		g.link = newLink(t, g.redis.Address())
		g.url = "redis://" + g.link.address()
		return g
	}
}

// onSentinel is a primary with replicas and three Sentinels. strict stands for the min-replicas-to-write that docs/redis.md asks for.
func onSentinel(replicas int, strict bool) func(*testing.T) *ground {
	return onQuorum(redistest.StartQuorum, replicas, strict)
}

// onDivisible is onSentinel with a network that can be cut.
func onDivisible(replicas int) func(*testing.T) *ground {
	return onQuorum(redistest.StartDivisibleQuorum, replicas, true)
}

func onQuorum(start func(testing.TB, int, ...string) *redistest.Quorum, replicas int, strict bool) func(*testing.T) *ground {
	minimum := "0"
	if strict {
		minimum = "1"
	}
	return func(t *testing.T) *ground {
		t.Helper()
		settings := append([]string{
			"--min-replicas-to-write", minimum, "--min-replicas-max-lag", "2", "--repl-diskless-sync-delay", "0",
		}, durable...)
		q := start(t, replicas, settings...)
		return &ground{quorum: q, redis: q.Master, url: q.URL()}
	}
}

// onCluster is a Cluster of three masters with a replica each.
func onCluster(t *testing.T) *ground {
	t.Helper()
	c := redistest.StartReplicatedCluster(t, 3)
	return &ground{cluster: c, url: c.URL()}
}

// dump is the file that SAVE writes.
func (g *ground) dump() string { return filepath.Join(g.dir, "dump.rdb") }

// keep makes Redis write a dump, and returns it.
func (g *ground) keep(t *testing.T) []byte {
	t.Helper()
	g.redis.Do("SAVE")
	dump, err := os.ReadFile(g.dump())
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

// restore kills Redis and starts it with the dump; nil stands for none.
func (g *ground) restore(t *testing.T, dump []byte) {
	t.Helper()
	g.redis.Kill()
	err := os.Remove(g.dump())
	if dump != nil {
		err = os.WriteFile(g.dump(), dump, 0o600)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	g.redis.Restart()
}

// port is the last part of an address.
func port(address string) string { return address[strings.LastIndex(address, ":")+1:] }
