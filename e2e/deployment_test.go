package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
)

// deployment is a store with the servers that run on it, and what "mintkey init" made in it.
type deployment struct {
	program string // mintkey, as it was built
	t       *testing.T
	dir     string       // has the bolt file; empty with Redis
	redis   *redisServer // nil with bolt
	env     []string
	servers []*server
	first   firstKey
	admin   *caller // speaks to servers[0] as the owner of the first key
}

type server struct {
	*process
	url    string
	opsURL string
}

// firstKey is what "mintkey init -o json" prints.
type firstKey struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
	accessKey
}

// accessKey is a client ID and its secret.
type accessKey struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

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
	d.init()
	for i := range servers {
		d.addServer(i)
	}
	for _, s := range d.servers {
		s.start()
	}
	for _, s := range d.servers {
		s.awaitReady()
	}
	d.admin = d.signIn(d.first.accessKey, d.servers[0])
	return d
}

// eachStore runs the test on both stores, with one server on bolt and two on Redis.
func eachStore(t *testing.T, test func(t *testing.T, d *deployment)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) { test(t, deploy(t, "bolt", 1)) })
	t.Run("redis", func(t *testing.T) { test(t, deploy(t, "redis", 2)) })
}

func (d *deployment) init() {
	d.t.Helper()
	cmd := exec.Command(d.program, "init", "-o", "json", "--account", "acme", "--tenant", "load-tests", "--release", "24.3",
		"--name", "Ada Admin", "--email", "ada@example.com")
	cmd.Env = append(cleanEnviron(), d.env...)
	cmd.Dir = d.t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("mintkey init: %v\n%s%s", err, out, stderrOf(err))
	}
	if err := json.Unmarshal(out, &d.first); err != nil {
		d.t.Fatalf("mintkey init printed %s: %v", out, err)
	}
	if d.first.AccountID == "" || d.first.TenantID == "" || d.first.UserID == "" || d.first.ClientID == "" || d.first.ClientSecret == "" {
		d.t.Fatalf("mintkey init printed %s: something is missing", out)
	}
}

func (d *deployment) addServer(i int) {
	d.t.Helper()
	listen, ops := freeAddress(d.t), freeAddress(d.t)
	s := &server{url: "http://" + listen, opsURL: "http://" + ops}
	issuer := s.url
	if i > 0 {
		issuer = d.servers[0].url
	}
	s.process = newProcess(d.t, fmt.Sprintf("server%d", i), d.program, "serve", "--listen", listen, "--ops-listen", ops,
		"--issuer", issuer, "--log-level", "debug")
	s.env = d.env
	d.servers = append(d.servers, s)
}

func (s *server) awaitReady() {
	s.t.Helper()
	eventually(s.t, s.name+" ready", func() error {
		response, err := http.Get(s.opsURL + "/readyz")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", response.Status)
		}
		return nil
	})
}

func (d *deployment) issuer() string { return d.servers[0].url }

func stderrOf(err error) []byte {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Stderr
	}
	return nil
}
