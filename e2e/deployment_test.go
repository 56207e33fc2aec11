package e2e_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// deployment is a store with the servers that run on it, and what "mintkey init" made in it.
type deployment struct {
	program string // mintkey, as it was built
	t       *testing.T
	dir     string       // has the bolt file; empty with Redis
	redis   *redisServer // nil with bolt
	env     []string
	servers []*e2etest.Server
	first   e2etest.FirstKey
	admin   *caller // speaks to servers[0] as the owner of the first key
}

// accessKey is a client ID and its secret.
type accessKey = e2etest.AccessKey

// The key that encrypts the signing keys on Redis: base64 of 32 bytes that no other part of a test has.
const encryptionKey = "ZTJlLWVuY3J5cHRpb24ta2V5LTMyLWJ5dGVzLWxvbmc="

// deploy starts servers on a new store: one on "bolt", any number on "redis". env has more settings, as variables.
func deploy(t *testing.T, store string, servers int, env ...string) *deployment {
	t.Helper()
	return deployProgram(t, mintkey, store, servers, env...)
}

// deployProgram is deploy with a program of one's own.
func deployProgram(t *testing.T, program, store string, servers int, env ...string) *deployment {
	t.Helper()
	d := &deployment{t: t, program: program}
	switch store {
	case "bolt":
		d.dir = t.TempDir()
		d.env = []string{"MINTKEY_STORE=bolt://" + filepath.Join(d.dir, "mintkey.db")}
	case "redis":
		d.redis = startRedis(t)
		d.env = []string{"MINTKEY_STORE=" + d.redis.url(), "MINTKEY_SIGNING_KEYS_ENCRYPTION_KEY=" + encryptionKey}
	default:
		t.Fatalf("no such store: %s", store)
	}
	d.env = append(d.env, env...)
	d.first = e2etest.Init(t, program, "load-tests", d.env...)
	for i := range servers {
		d.addServer(i)
	}
	for _, s := range d.servers {
		s.Start()
	}
	for _, s := range d.servers {
		s.AwaitReady()
	}
	d.admin = d.signIn(d.first.AccessKey, d.servers[0])
	return d
}

// eachStore runs the test on both stores, with one server on bolt and two on Redis.
func eachStore(t *testing.T, test func(t *testing.T, d *deployment)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) { test(t, deploy(t, "bolt", 1)) })
	t.Run("redis", func(t *testing.T) { test(t, deploy(t, "redis", 2)) })
}

func (d *deployment) addServer(i int) {
	d.t.Helper()
	issuer := ""
	if i > 0 {
		issuer = d.issuer()
	}
	s := e2etest.NewServer(d.t, fmt.Sprintf("server%d", i), d.program, issuer, "--log-level", "debug")
	s.Env = d.env
	d.servers = append(d.servers, s)
}

func (d *deployment) issuer() string { return d.servers[0].URL }
