package main_test

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	mintkey "mintkey/cmd/mintkey"
	"mintkey/e2e/freeport"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mintkey": mintkey.Main})
}

func TestScripts(t *testing.T) { runScripts(t, "testdata", nil) }

func TestScriptsOnRedis(t *testing.T) {
	certificates := redistest.NewCertificates(t)
	guarded, empty := redistest.Start(t, "--appendfsync", "always"), redistest.Start(t)
	for _, server := range []*redistest.Server{guarded, empty} {
		for user, more := range map[string][]string{"mintkey": nil, "maintenance": {"+scan"}} {
			server.Do(slices.Concat([]string{"ACL", "SETUSER", user, "on", ">hunter2"}, rightsInDocs(t), more)...)
		}
	}
	runScripts(t, "testdata/redis", map[string]string{
		"TLS_REDIS":    redistest.StartTLS(t, certificates).URL(),
		"TLS_CA":       certificates.CA,
		"TLS_CERT":     certificates.Cert,
		"TLS_KEY":      certificates.Key,
		"SAFE_REDIS":   redistest.Start(t, "--maxmemory-policy", "noeviction", "--appendfsync", "always").URL(),
		"UNSAFE_REDIS": redistest.Start(t, "--appendonly", "no").URL(),
		"V1_REDIS":     redisOfVersionOne(t),
		"LONELY_REDIS": redisWithoutItsReplica(t),
		"ACL_REDIS":    guarded.Address(),
		"ACL_EMPTY":    empty.Address(),
		"SENTINELS":    redistest.StartSentinel(t).URL(),
		"STRICT_REDIS": redistest.Start(t, "--min-replicas-to-write", "1").URL(),
	})
}

// rightsInDocs are those that docs/redis.md gives to the user of a server.
func rightsInDocs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "ACL SETUSER mintkey on >PASSWORD ")
	rights, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/redis.md has no ACL for the user mintkey")
	}
	return strings.Fields(rights)
}

// redisWithoutItsReplica has had a replica, which is gone.
func redisWithoutItsReplica(t *testing.T) string {
	t.Helper()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	opened, err := redisstore.Open(t.Context(), master.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Confirm(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	replica.Kill()
	redistest.Eventually(t, "the master has lost its replica", func() bool {
		return strings.Contains(master.Do("INFO", "replication"), "connected_slaves:0")
	})
	return master.URL()
}

func runScripts(t *testing.T, dir string, variables map[string]string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:      dir,
		Deadline: time.Now().Add(15 * patience), // a server that starts where it should refuse to would run for ever
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "ready": ready, "jsonenv": jsonenv, "mode": mode, "begin": begin, "finish": finish, "arrives": arrives, "gunzip": gunzip,
			"fetch": fetch, "forget": forget, "tamper": tamper, "tty": tty,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			for name, value := range variables {
				env.Setenv(name, value)
			}
			env.Values[begunKey{}] = new(net.Conn)
			env.Setenv("V1", versionOne(t))
			for _, name := range []string{"PORT", "ADMIN_PORT", "OPS_PORT"} {
				port, err := freeport.Port(t.Context())
				if err != nil {
					return err
				}
				env.Setenv(name, port)
			}
			return nil
		},
	})
}
