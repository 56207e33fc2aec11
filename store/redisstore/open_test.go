package redisstore_test

import (
	"errors"
	"strings"
	"testing"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestOpenSaysWhatIsAllowed(t *testing.T) {
	for _, url := range []string{
		"", "redis", "http://:hunter2@localhost", "redis://:hunter2@localhost:6379/x", "redis://:hunter2@local host:6379",
		"redis://localhost?colour=red", "unix://",
		"redis-sentinel://:hunter2@localhost:26379", "redis-sentinel://localhost/mintkey", "redis-sentinel://localhost:26379/mintkey?db=x",
		"redis-sentinel://localhost:26379/mintkey?colour=red", "redis-sentinel://localhost:26379,/mintkey",
		"redis-cluster://localhost:1/0", "redis-cluster://", "redis-cluster://localhost:1?db=1", "redis-cluster://:hunter2@local host:1",
	} {
		_, err := redisstore.Open(t.Context(), url)
		if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "redis-cluster://host:port,host:port") {
			t.Errorf("open %q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("open %q shows the password: %v", url, err)
		}
	}
}

func TestOpenAuthenticates(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "hunter2")
	address := server.Address()
	opened(t, "redis://:hunter2@"+address+"/3")
	_, err := redisstore.Open(t.Context(), "redis://"+address)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("open without a password: %v", err)
	}
}

func TestOpenRefusesALaterSchema(t *testing.T) {
	server := redistest.Start(t)
	opened(t, server.URL())
	opened(t, server.URL())
	server.Do("SET", "mintkey:schema", "3")
	if _, err := redisstore.Open(t.Context(), server.URL()); !errors.Is(err, store.ErrSchemaTooNew) {
		t.Errorf("open a later schema: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	server := redistest.Start(t, "--appendfsync", "always")
	s := opened(t, server.URL())
	for _, step := range []struct{ setting, value, want string }{
		{"appendonly", "yes", ""},
		{"appendfsync", "everysec", "appendfsync everysec"},
		{"appendfsync", "always", ""},
		{"appendonly", "no", "in memory only"},
		{"save", `"60 1"`, "only now and then"},
		{"appendonly", "yes", ""},
		{"maxmemory-policy", "allkeys-lru", ""},
		{"maxmemory", "1gb", "maxmemory-policy allkeys-lru"},
		{"maxmemory-policy", "noeviction", ""},
	} {
		server.Do("CONFIG", "SET", step.setting, step.value)
		checkWarnings(t, s, step.want)
	}
	server.Do("ACL", "SETUSER", "default", "-config", "-role")
	checkWarnings(t, s, "does not tell its settings", "does not tell its replicas")
	if err := s.UpdateDocument(t.Context(), "keys", func([]byte) ([]byte, error) { return []byte("x"), nil }); err != nil {
		t.Errorf("a change without the right to ROLE: %v", err)
	}
}

func TestWarningsOfAClusterAreSaidOnce(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := opened(t, cluster.URL())
	for _, node := range cluster.Nodes {
		node.Do("CONFIG", "SET", "appendfsync", "always")
	}
	checkWarnings(t, s)
	for _, node := range cluster.Nodes {
		node.Do("CONFIG", "SET", "appendonly", "no")
	}
	checkWarnings(t, s, "in memory only")
}

func checkWarnings(t *testing.T, s store.Store, want ...string) {
	t.Helper()
	warnings, err := s.Warnings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 1 && want[0] == "" {
		want = nil
	}
	if len(warnings) != len(want) {
		t.Fatalf("warnings %q, want %q", warnings, want)
	}
	for i := range want {
		if !strings.Contains(warnings[i], want[i]) {
			t.Errorf("warning %q does not say %q", warnings[i], want[i])
		}
	}
}
